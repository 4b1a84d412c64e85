"""A platform that is down, slow, half-deaf, lying, late or behind: said in words, right in the end.

Live: what is hidden is asked of Townsquare as a visitor, what Heed says of it is read by Rae on the
case page.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

import httpx2
import pytest
from standardwebhooks import Webhook

from examples import pictures
from examples.story.backstage import Backstage, disagreements, out_of_order, wait_until
from examples.story.people import Notifier, Reviewer
from examples.story.play import Stage
from examples.story.town import Json, Town
from tests.stories.conftest import LiveStage

pytestmark = pytest.mark.processes
NOT_YET = "not acknowledged yet"
STILL_SHOWN = "the platform says applied, but the address still shows it"
GIVEN_UP = "given up on after many tries"
_SEEDS = count(40)


@dataclass
class Cast:
    """Everybody whom these stories need."""

    stage: Stage
    behind: Backstage
    town: Town
    dana: Notifier
    rae: Reviewer
    sam: Reviewer

    def publish(self, copies: int = 3) -> list[str]:
        """A new picture, posted by several accounts; returns the addresses."""
        drawn = pictures.picture(next(_SEEDS))
        posts = self.town.post_many([(f"uri{n}", "look", drawn) for n in range(copies)])
        self.town.wait_registered()
        refs = [post.id for post in posts]
        seen = "SELECT count(*) FROM media_item WHERE ref = ANY(%s) AND seen_before"
        assert wait_until(lambda: self.behind.rows(seen, refs)[0][0] == copies, 60)
        return [post.url for post in posts]

    def tell(self, url: str) -> str:
        """Dana gives notice of it; returns the number of the case that it opened."""
        before = set(self.rae.queue())
        self.dana.give_notice(url, "me-child")
        (number,) = set(self.rae.queue()) - before
        return number

    def says(self, number: str, words: str) -> bool:
        """Whether the case page says this."""
        page = html.unescape(re.sub(r"<[^>]+>", " ", self.rae.case(number)))
        return words in " ".join(page.split())

    def gone(self, urls: list[str]) -> bool:
        """Whether no visitor would see any of them. None is sent: a view would wake the site."""
        served = [item["serves"] for item in self.town.facts()["items"] if _in(item, urls)]
        return len(served) == len(urls) and set(served) <= {404, 410}

    def state(self, url: str) -> Json:
        """The item behind an address, from inside Townsquare."""
        (item,) = (item for item in self.town.facts()["items"] if _in(item, [url]))
        return dict(item)

    def well_again(self) -> None:
        """The platform behaves again, and what waited for its next try has waited long enough."""
        self.town.pretend("well")
        self.behind.wait_calm()

    def is_as_it_should_be(self, number: str, urls: list[str]) -> bool:
        """Gone, seen to be gone by Heed itself, and no trouble left on the case page."""
        return (
            wait_until(lambda: self.gone(urls))
            and wait_until(lambda: self.says(number, f"seen gone: {len(urls) - 1}"), 60)
            and not self.says(number, "Not as it should be")
        )


@pytest.fixture(scope="module")
def players(live: LiveStage, behind: Backstage) -> Iterator[Cast]:
    stage = live[0]
    rae, sam = Reviewer(stage.heed_url, stage.rae), Reviewer(stage.heed_url, stage.sam)
    cast = Cast(stage, behind, Town(stage.town_url), Notifier(stage.heed_url), rae, sam)
    yield cast
    cast.town.close()
    for one in (cast.dana, rae, sam):
        one.browser.close()


@pytest.fixture
def cast(players: Cast) -> Iterator[Cast]:
    """The same for all; after each story nothing is left over, and nothing was applied twice."""
    yield players
    players.well_again()
    assert disagreements(players.behind, players.town) == []
    assert out_of_order(players.town.facts()) == []


def test_a_platform_that_is_down_hides_when_it_is_back(cast: Cast) -> None:
    urls = cast.publish()
    cast.town.pretend("down")
    number = cast.tell(urls[0])
    assert wait_until(lambda: cast.says(number, NOT_YET))
    cast.well_again()
    assert cast.is_as_it_should_be(number, urls)


def test_a_slow_platform_never_makes_the_notifier_wait(cast: Cast) -> None:
    urls = cast.publish()
    cast.town.pretend("slow", seconds=25, only="/heed/callback")  # Heed waits for thirty
    number = cast.tell(urls[0])  # answered while the platform still thinks
    assert cast.says(number, NOT_YET)
    assert not cast.gone(urls[:1])
    cast.town.pretend("well")  # it has thought
    assert wait_until(lambda: cast.gone(urls))
    cast.well_again()
    assert cast.is_as_it_should_be(number, urls)


def test_a_platform_that_answers_half_is_told_the_other_half_again(cast: Cast) -> None:
    urls = cast.publish(5)
    cast.town.pretend("half")
    number = cast.tell(urls[0])
    assert wait_until(lambda: cast.gone(urls[:1]))
    assert wait_until(lambda: cast.says(number, NOT_YET))
    assert not cast.gone(urls)
    cast.well_again()
    assert cast.is_as_it_should_be(number, urls)


def test_a_platform_that_lies_is_found_out_and_told_again(cast: Cast) -> None:
    urls = cast.publish()
    cast.town.pretend("lying")
    number = cast.tell(urls[0])
    assert wait_until(lambda: cast.says(number, STILL_SHOWN), 60)
    assert not cast.gone(urls[:1])
    cast.well_again()
    assert cast.is_as_it_should_be(number, urls)


def test_a_platform_that_answers_later_is_waited_for(cast: Cast) -> None:
    urls = cast.publish()
    cast.town.pretend("late", seconds=50)  # Heed asks again after a minute
    number = cast.tell(urls[0])
    assert cast.says(number, NOT_YET)
    cast.town.pretend("well")
    assert cast.is_as_it_should_be(number, urls)  # by its own call: nobody told it twice


def test_a_hide_that_arrives_after_the_restore_hides_nothing(cast: Cast) -> None:
    (url,) = cast.publish(1)
    number = cast.tell(url)
    assert wait_until(lambda: cast.gone([url]))
    hide = cast.state(url)
    _let_stand(cast, number)
    assert wait_until(lambda: cast.town.status_of(url) == 200)
    answer = _call_back(cast, hide["id"], "hidden", hide["revision"])
    assert answer["results"][0]["revision"] > hide["revision"]
    assert cast.town.status_of(url) == 200


def test_a_platform_that_was_deaf_during_hide_and_restore_is_told_the_newest_only(
    cast: Cast,
) -> None:
    (url,) = cast.publish(1)
    cast.town.pretend("down", only="/heed/callback")  # the reviewers can still see the file
    number = cast.tell(url)
    _let_stand(cast, number)
    cast.well_again()
    applied = [row for row in cast.town.facts()["applied"] if url.endswith(row["item"])]
    assert [row["visibility"] for row in applied] == ["visible"]
    assert cast.town.status_of(url) == 200


def test_what_was_given_up_on_stays_in_sight_until_somebody_has_it_tried_again(cast: Cast) -> None:
    urls = cast.publish()
    cast.town.pretend("down")
    number = cast.tell(urls[0])
    failed = "SELECT count(*) FROM outbox_statetelling WHERE due_at IS NOT NULL AND attempts > 0"
    assert wait_until(lambda: cast.behind.rows(failed)[0][0] == len(urls))
    cast.behind.two_days_go_by()
    assert wait_until(lambda: cast.says(number, f"{len(urls)}: {GIVEN_UP}"))
    assert "Given up on" in cast.rae.browser.get("/console/outbox")
    cast.town.pretend("well")
    assert not cast.gone(urls)  # by itself it is not tried again
    cast.sam.browser.send(cast.sam.case(number), f"/console/c/{number}/retry", {})
    assert cast.is_as_it_should_be(number, urls)


def _in(item: Json, urls: list[str]) -> bool:
    return any(url.endswith(f"/{item['id']}") for url in urls)


def _let_stand(cast: Cast, number: str) -> None:
    """Both have seen it, and agree that it breaks no rule."""
    cast.rae.look(number)
    cast.rae.decide(number, "keep", "none", "It is a landscape.")
    cast.sam.look(number)
    cast.sam.second(number, True, "It is a landscape.")


def _call_back(cast: Cast, ref: str, visibility: str, revision: int) -> Json:
    """A callback as Heed signs it, which had been on its way for long."""
    secret = cast.behind.rows("SELECT callback_secret FROM media_platform")[0][0]
    state = {"item": ref, "visibility": visibility, "revision": revision, "reason": "child-safety"}
    body, at = json.dumps({"type": "states.desired", "states": [state]}), datetime.now(UTC)
    headers = {
        "webhook-id": "late",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("late", at, body),
    }
    answer = httpx2.post(f"{cast.stage.town_url}/heed/callback", content=body, headers=headers)
    return dict(answer.raise_for_status().json())
