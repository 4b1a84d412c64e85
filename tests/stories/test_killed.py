"""Killed at any moment and started again: nothing is lost, nothing is applied twice."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples import pictures
from examples.story.backstage import Backstage, wait_until
from examples.story.people import Notifier
from examples.story.siege import PATIENCE_SECONDS, Killer, Siege
from heed.instance import crew
from heed.instance.place import ROOT
from tests.stories.conftest import LiveStage

pytestmark = pytest.mark.processes
BY_ADDRESS = "file-read"  # reached only for files that nobody named but by their address
# The siege shares no codes, undoes no key, and is over before any words are.
ELSEWHERE = {BY_ADDRESS, "page-taken", "rolled-back", "words-forgotten"}
NAMED = re.findall(
    r'reached\("([a-z-]+)"\)',
    "".join(path.read_text() for path in sorted((ROOT / "src/heed/flows").glob("*.py"))),
)


@pytest.fixture(scope="module", autouse=True)
def _soon_back() -> Iterator[None]:
    """Who dies again and again is started with ever longer pauses, and dies here thirty times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "SLOWEST_RESTART_SECONDS", crew.FIRST_RESTART_SECONDS)
        yield


@pytest.fixture
def siege(live: LiveStage, behind: Backstage) -> Iterator[Siege]:
    siege = Siege(live[0], behind)
    yield siege
    siege.close()


def test_killed_three_times_at_random_nothing_is_lost(siege: Siege) -> None:
    killer = Killer(siege.behind, seed=7, kills=3, each_seconds=3)
    killer.start()
    siege.round()
    killer.join()
    siege.behind.wait_calm()
    assert killer.killed == {"web": 1, "worker": 1, "database": 1}
    assert siege.losses() == []


def test_killed_while_a_file_is_read_it_is_read_again(
    live: LiveStage, siege: Siege, failpoints: Path
) -> None:
    post = siege.town.post("uri", "look", pictures.picture(3_000))
    siege.town.wait_registered()
    (failpoints / BY_ADDRESS).touch()
    gil = Notifier(live[0].heed_url, PATIENCE_SECONDS)
    gil.give_notice(post.url.replace("/p/", "/f/") + "/0?size=large", "my-child")
    gil.browser.close()
    assert wait_until(lambda: not any(failpoints.iterdir()), 60)
    siege.behind.wait_calm()
    assert siege.town.status_of(post.url) == 404
    assert siege.losses() == []


def test_killed_at_each_named_step_nothing_is_lost(siege: Siege, failpoints: Path) -> None:
    steps = [name for name in NAMED if name not in ELSEWHERE]
    assert len(steps) >= 9
    for name in steps:
        (failpoints / name).touch()
    siege.round()
    assert list(failpoints.iterdir()) == []  # every step was reached, and was the end of somebody
    siege.behind.wait_calm()
    assert siege.losses() == []
