"""roll_back: what was done automatically is undone by two people, and what people did stays."""

from datetime import timedelta

import pytest

from heed.cases.models import Case, Notice, Rollback
from heed.filings import custody
from heed.flows.check_upload import check_signals
from heed.flows.manage_banks import find_bank, switch_bank, take_out
from heed.flows.manage_platforms import add_key
from heed.flows.meet_banks import sweep_banks
from heed.flows.roll_back import (
    MayNotRollBack,
    Named,
    NothingToRollBack,
    confirm,
    name_it,
    propose,
    roll_back,
    would_undo,
)
from heed.media import keys
from heed.media.models import Bank, Match, Upload
from heed.outbox.models import Letter
from heed.people.models import Role
from heed.rules.gate import Verdict
from heed.rules.version import VERSION
from tests.flows.stage import HOUR, Stage, entries, picture
from tests.flows.stand_in_platform import StandInPlatform
from tests.flows.test_flows_banks import live
from tests.killed import Killed, die
from tests.people import gil

ONE, TWO = picture("one"), picture("two")


def undo(town: Stage, named: Named) -> dict[str, int]:
    """Rae proposes, Sam confirms, the worker does it."""
    rae, sam = town.staff("Rae", Role.SENIOR), town.staff("Sam", Role.ADMINISTRATOR)
    made = propose(named=named, why="It was a mistake.", by=rae.id, now=town.now)
    with pytest.raises(MayNotRollBack, match="another"):
        confirm(rollback_id=made.id, agrees=True, by=rae.id, now=town.now)
    with pytest.raises(MayNotRollBack, match="senior"):
        confirm(rollback_id=made.id, agrees=True, by=town.staff("Zed").id, now=town.now)
    assert confirm(rollback_id=made.id, agrees=True, by=sam.id, now=town.now)
    undid = roll_back(rollback_id=made.id, now=town.now)
    assert roll_back(rollback_id=made.id, now=town.now) == undid  # again: nothing more
    return undid


def test_all_that_a_bank_caused_is_lifted_and_the_platform_is_told(
    square: Stage, platform: StandInPlatform
) -> None:
    from heed.flows.deliver_states import deliver_letters, deliver_states

    live_bank(square)
    square.post("a", ONE)
    square.post("b", picture("near", like=ONE, bits=4))
    square.post("decided", TWO)
    assert square.seen("a", "b", "decided") == ["hidden"] * 3
    check_signals(
        platform_id=square.platform_id, signals=picture("up", like=ONE, bits=3), upload_ref="u",
        now=square.now,
    )  # fmt: skip
    square.remove(square.case(TWO), square.staff("Gus"))
    named = name_it(what="bank", value="LIST")
    found = would_undo(named=named, now=square.now)
    assert (found["items"] >= 2, found["uploads"]) == (True, 1)
    assert square.seen("a", "b") == ["hidden", "hidden"]
    undid = undo(square, named)
    assert (undid["items"], undid["uploads"]) == (2, 1)
    assert square.seen("a", "b", "decided") == ["visible", "visible", "removed"]
    deliver_states(platform_id=square.platform_id, now=square.now, clock=lambda: square.now)
    deliver_letters(platform_id=square.platform_id, now=square.now)
    assert [platform.visibility(ref) for ref in ("a", "b", "decided")] == [
        "visible", "visible", "removed",
    ]  # fmt: skip
    assert Upload.objects.get().state == Upload.State.RELEASED
    assert Letter.objects.filter(kind="upload.released").exists()
    assert not Bank.objects.get(name="LIST").enabled
    assert not Case.objects.exclude(state=Case.State.DECIDED).exists()
    assert (entries("rollback.proposed"), entries("rollback.confirmed")) == (1, 1)
    square.later(HOUR)
    sweep_banks(now=square.now)
    square.post("c", ONE)
    assert square.seen("a", "c") == ["visible", "visible"]


def test_what_was_sealed_for_a_list_that_was_wrong_is_not_kept_for_ever(town: Stage) -> None:
    live(town, ONE)
    town.post("a", ONE)
    sweep_banks(now=town.now)
    case = town.case(ONE)
    assert custody.retention_of(case).until is None  # a person is due
    undo(town, name_it(what="bank", value="LIST"))
    case.refresh_from_db()
    kept = custody.retention_of(case)
    assert not kept.over(town.now) and kept.over(town.now + timedelta(days=190))


def test_what_a_person_took_out_of_a_list_speaks_for_no_case(town: Stage) -> None:
    bank = live(town, ONE)
    bank.signals.update(source="exchange:x")
    town.post("a", ONE)
    sweep_banks(now=town.now)
    town.hear(gil(town.url("a")), source="203.0.113.9")
    values = [bytes(one.value).hex() for one in bank.signals.all()]
    take_out(bank_id=bank.id, values=values, by="rae", now=town.now)
    undo(town, name_it(what="source", value="203.0.113.9"))
    assert town.seen("a") == ["visible"]


def live_bank(stage: Stage) -> Bank:
    """The bank of this stage, live, with two pictures in it."""
    from heed.flows import manage_banks
    from tests.flows.test_flows_banks import HIDES, rows

    bank = manage_banks.make_bank(
        name="LIST", platform_slug=stage.platform.slug, policy=HIDES, by="test", now=stage.now
    )
    manage_banks.import_signals(
        bank_id=bank.id, text=rows(ONE, TWO), kind="json", by="list", now=stage.now
    )
    manage_banks.dry_run(bank_id=bank.id, by="test", now=stage.now)
    switch_bank(bank_id=bank.id, on=True, by="test", now=stage.now)
    return bank


def test_what_a_notice_says_too_stays_hidden_when_the_bank_is_rolled_back(town: Stage) -> None:
    live(town, ONE)
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    assert undo(town, name_it(what="bank", value="LIST"))["items"] == 0
    assert town.seen("post") == ["hidden"]
    assert Case.objects.get().because == ["child-shown"]
    bank = find_bank(name="LIST", platform_slug="town")
    switch_bank(bank_id=bank.id, on=True, by="test", now=town.now)  # it was right after all
    town.post("again", ONE)
    assert Match.objects.filter(word="").exists()


def test_notices_of_a_stolen_key_hide_nothing_more_and_a_person_looks(town: Stage) -> None:
    key = add_key(platform_slug="town", name="lost", scopes=["notices"], now=town.now)
    caller = keys.caller_with(key, now=town.now)
    assert caller is not None
    for ref, file in (("a", ONE), ("b", TWO)):
        town.post(ref, file)
        town.hear(gil(town.url(ref)), key_prefix=caller.prefix if ref == "a" else "")
    check_signals(platform_id=town.platform_id, signals=ONE, upload_ref="u", now=town.now)
    undo(town, name_it(what="key", value=key))
    assert town.seen("a", "b") == ["visible", "hidden"]
    assert Upload.objects.get().state == Upload.State.RELEASED
    case = town.case(ONE)
    assert (case.state, case.because) == ("open", ["rolled-back"])
    assert keys.caller_with(key, now=town.now) is None
    town.work()  # jobs of the notice that come late hide nothing again
    from heed.flows.protect_target import protect

    for notice in Notice.objects.all():
        protect(notice_id=notice.id, now=town.now)
    assert town.seen("a", "b") == ["visible", "hidden"]
    checked = check_signals(platform_id=town.platform_id, signals=ONE, now=town.now)
    assert checked.verdict is Verdict.ALLOW


def test_a_source_that_flooded_us_is_undone_by_its_name_alone(town: Stage) -> None:
    town.post("a", ONE)
    town.hear(gil(town.url("a")), source="203.0.113.9")
    named = name_it(what="source", value="203.0.113.9")
    assert would_undo(named=named, now=town.now)["items"] == 1
    undo(town, named)
    assert town.seen("a") == ["visible"]


def test_killed_between_two_cases_it_goes_on_with_the_next(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ref, file in (("a", ONE), ("b", TWO)):
        town.post(ref, file)
        town.hear(gil(town.url(ref)), source="203.0.113.9")
    monkeypatch.setattr("heed.flows.roll_back.reached", die)
    named = name_it(what="source", value="203.0.113.9")
    with pytest.raises(Killed):
        undo(town, named)
    assert sorted(town.seen("a", "b")) == ["hidden", "visible"]
    monkeypatch.undo()
    roll_back(rollback_id=Rollback.objects.get().id, now=town.now)
    assert town.seen("a", "b") == ["visible", "visible"]


def test_cases_of_one_version_of_the_rules_are_judged_by_those_that_run_now(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heed.cases.services import cases

    monkeypatch.setattr(cases, "VERSION", "0")
    town.post("a", ONE)
    town.hear(gil(town.url("a")))
    Case.objects.update(level="removed")  # what the old rules are supposed to have asked for
    undo(town, name_it(what="rules", value="0"))
    assert Case.objects.get().level == "hidden"
    rae = town.staff("Gus", Role.SENIOR)
    with pytest.raises(NothingToRollBack):
        propose(named=name_it(what="rules", value="0"), why="", by=rae.id, now=town.now)
    assert VERSION != "0"


def test_where_nobody_else_is_there_one_person_confirms_after_a_day_in_the_open(
    town: Stage,
) -> None:
    live(town, ONE)
    town.post("post", ONE)
    rae = town.staff("Rae", Role.SENIOR)
    made = propose(named=name_it(what="bank", value="LIST"), why="", by=rae.id, now=town.now)
    town.later(25 * HOUR)
    assert confirm(rollback_id=made.id, agrees=True, by=rae.id, now=town.now)
    assert Rollback.objects.get().unseconded
    town.work()
