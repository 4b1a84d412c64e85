"""`heed integrate check` finds each fault that a callback can have, and none in a good one."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from heed.instance.integrate_command import app
from heed.integrations.contract.caller import Caller, Times
from heed.integrations.contract.check import Finding, Outcome, check
from heed.integrations.contract.faults import FAULTS
from heed.integrations.contract.stage import Evidence, Stage
from tests.integrations.wrong_callbacks import ITEM, SECRET, SLOW_SECONDS, TOKEN, Serve, Site

# A machine that stalls for a second finds no fault that is not there.
TIMES = Times(within_seconds=30.0, slow_seconds=20.0, settle_seconds=0.0, pause_seconds=0.05)
TIMES_OF = {
    "slow": replace(TIMES, slow_seconds=SLOW_SECONDS / 2),
    "too-slow": replace(TIMES, within_seconds=SLOW_SECONDS / 2),
    "half-heard": replace(TIMES, pause_seconds=2.0),  # it has to have acted on its half by then
}


@pytest.fixture
def serve() -> Iterator[Serve]:
    sites: list[Site] = []

    def start(wrong: str = "") -> Site:
        sites.append(Site(wrong))
        return sites[-1]

    yield start
    for site in sites:
        site.close()


def played(site: Site, *, look: bool = True, item: str = ITEM) -> list[Finding]:
    return list(playing(site, look=look, item=item))


def playing(site: Site, *, look: bool = True, item: str = ITEM) -> Iterator[Finding]:
    times = TIMES_OF.get(site.wrong, TIMES)
    stage = Stage(caller=Caller(site.url, secret=SECRET, times=times), item=item)
    if look:
        stage.looks = [f"{site.url}/p/81"]
        stage.evidence = Evidence(url=f"{site.url}/evidence", token=TOKEN)
    with contextlib.closing(stage.caller):
        yield from check(stage)


def faults(found: list[Finding]) -> set[str]:
    return {one.fault for one in found if one.fault}


def test_a_good_callback_passes_and_its_post_is_left_as_it_was(serve: Serve) -> None:
    site = serve("")
    found = played(site)
    assert {one.outcome for one in found} == {Outcome.HELD}, found
    assert site.visibility == "visible"
    unseen = played(site, look=False)
    assert {one.outcome for one in unseen} == {Outcome.HELD}
    assert "by its own word" in next(one.words for one in unseen if one.play == "late-restore")


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_found_by_its_name(serve: Serve, fault: str) -> None:
    found = next(one for one in playing(serve(fault)) if one.fault == fault)
    assert found.outcome is (Outcome.WRONG if FAULTS[fault].wrong else Outcome.MIND)


@pytest.mark.parametrize("fault", ["goes-back", "shows-unknown", "one-stops-all"])
def test_what_can_be_told_from_answers_alone_is_found_without_a_look(
    serve: Serve, fault: str
) -> None:
    assert any(one.fault == fault for one in playing(serve(fault), look=False))


def test_without_a_test_post_nothing_that_is_there_is_touched(serve: Serve) -> None:
    site = serve("")
    found = played(site, look=False, item="")
    assert faults(found) == set()
    assert (site.visibility, site.revision) == ("visible", 0)
    assert {one.play for one in found if one.outcome is Outcome.NOT_PLAYED} > {"hide", "restore"}


def test_after_a_first_message_that_fails_nothing_more_is_played(serve: Serve) -> None:
    found = played(serve("refuses-heed"))
    assert [one.outcome for one in found][:2] == [Outcome.WRONG, Outcome.NOT_PLAYED]
    assert "first" in found[1].words


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["check", *words])


def test_the_command_says_what_is_wrong_and_how_to_mend_it(serve: Serve) -> None:
    about = ["--secret", SECRET, "--item", ITEM, "--settle", "0"]
    site = serve("goes-back")
    said = run(site.url, *about, "--item-url", f"{site.url}/p/81")
    assert said.exit_code == 1
    assert "WRONG  an older restore after a newer hide" in said.output
    assert "Mend: Keep one revision beside each item" in said.output
    good = run(serve("").url, *about, "--json")
    assert good.exit_code == 0
    assert json.loads(good.output)["held"] is True
    nobody = run("http://127.0.0.1:9", *about)
    assert (nobody.exit_code, "can't be reached" in nobody.output) == (2, True)
    for wrong in (["callback"], [site.url, "--item-url", "x"], [site.url, "--secret", ""]):
        assert run(*[*wrong, *([] if "--secret" in wrong else ["--secret", SECRET])]).exit_code == 2
