"""One of many that fails never keeps the others waiting, and is seen."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from heed.cases.models import Case, Decision, Notice, Rollback
from heed.filings.models import Answer
from heed.flows import (
    answer_notifiers,
    forget_passing,
    meet_banks,
    meet_cases,
    meet_deadlines,
    protect_target,
    refresh_schema,
    retain_evidence,
    roll_back,
    sweep_late_copies,
)
from heed.flows import observe_states as looking
from heed.flows import preserve as preserving
from heed.flows.manage_platforms import add_key
from heed.flows.shared.one_by_one import each
from heed.media import keys
from heed.media.models import File, Item
from heed.media.services import watermark
from heed.people.models import Role
from tests.flows.stage import HOUR, Stage, entries, picture
from tests.people import dana, gil


class Broken(Exception):
    """A defect that nobody thought of."""


def breaks_for(poisoned: Callable[..., bool], real: Callable[..., Any]) -> Callable[..., Any]:
    """As it is, but for one of them."""

    def run(*args: Any, **more: Any) -> Any:
        if poisoned(*args, **more):
            raise Broken
        return real(*args, **more)

    return run


def test_all_others_have_their_turn_and_the_log_names_the_one_by_its_id(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    ones, done = [uuid4(), uuid4(), uuid4()], list[UUID]()
    with pytest.raises(Broken), caplog.at_level(logging.ERROR):
        each(ones, breaks_for(lambda one: one == ones[0], done.append), what="case")
    assert done == ones[1:]
    assert [getattr(one, "case", "") for one in caplog.records] == [str(ones[0])]


def test_what_fails_is_never_logged_by_what_it_says(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ZeroDivisionError), caplog.at_level(logging.ERROR):
        each([{"words": "my son is 13"}], lambda _: 1 // 0, what="report")
    assert [getattr(one, "report", "") for one in caplog.records] == ["dict"]


def test_one_complete_request_that_fails_never_keeps_the_others_visible(
    town: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    town.post("first", picture("one"))
    town.post("second", picture("two"))
    first = town.hear(dana(town.url("first")))
    town.hear(dana(town.url("second")))
    assert town.seen("first", "second") == ["limited", "limited"]
    real = meet_deadlines.claims.about_case
    monkeypatch.setattr(
        meet_deadlines.claims, "about_case",
        breaks_for(lambda notice, *_, **__: notice.id == first.notice_id, real),
    )  # fmt: skip
    town.later(timedelta(hours=37))
    meet_deadlines.meet_deadlines(now=town.now)
    assert town.seen("first", "second") == ["limited", "hidden"]
    assert any(hasattr(one, "join") for one in caplog.records)


def test_notices_that_can_never_be_protected_take_nobodys_turn(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meet_deadlines, "_TAKEN_UP", 1)
    town.post("post", picture("one"))
    with monkeypatch.context() as broken:
        broken.setattr("heed.flows.protect_target.protect", lambda **_: 1 / 0)
        poisoned = town.hear(gil(town.url("other")), then_work=False)
        town.hear(gil(town.url("post")), then_work=False)
    stuck = breaks_for(lambda **said: said["notice_id"] == poisoned.notice_id,
                       meet_deadlines.protect)  # fmt: skip
    monkeypatch.setattr(meet_deadlines, "protect", stuck)
    town.later(timedelta(seconds=21))
    meet_deadlines.meet_deadlines(now=town.now)
    assert town.seen("post") == ["hidden"]


def test_a_breach_that_can_not_be_entered_never_keeps_a_request_visible(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("post", picture("one"))
    town.hear(dana(town.url("post")))
    monkeypatch.setattr(meet_deadlines.deadlines, "breach", lambda **_: 1 / 0)
    town.later(timedelta(hours=37))
    meet_deadlines.meet_deadlines(now=town.now)
    assert town.seen("post") == ["hidden"]


@pytest.mark.parametrize("name", ["one", "two"])
def test_a_case_that_fails_never_keeps_late_copies_of_the_others_up(
    town: Stage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    one, two = picture("one"), picture("two")
    town.post("first", one)
    town.post("second", two)
    town.hear(gil(town.url("first")))
    town.hear(gil(town.url("second")))
    stuck = town.case(picture(name)).id
    with monkeypatch.context() as unheard:  # they come late: registration meets nothing
        unheard.setattr("heed.flows.register_items.meet_cases", lambda **_: 0)
        town.post("copy-of-first", one)
        town.post("copy-of-second", two)
    monkeypatch.setattr(sweep_late_copies.media, "oldest_running", lambda: 2**62)
    mark = watermark(sweep_late_copies.NAME)
    real = meet_cases.add
    monkeypatch.setattr(meet_cases, "add", breaks_for(lambda case, *_, **__: case == stuck, real))
    with pytest.raises(Broken):
        sweep_late_copies.sweep_late_copies(now=town.now)
    assert sorted(town.seen("copy-of-first", "copy-of-second")) == ["hidden", "visible"]
    assert watermark(sweep_late_copies.NAME) == mark  # so it is met again
    monkeypatch.setattr(meet_cases, "add", real)
    assert sweep_late_copies.sweep_late_copies(now=town.now)
    assert town.seen("copy-of-first", "copy-of-second") == ["hidden"] * 2


def test_an_address_that_breaks_the_fetcher_never_keeps_the_others_from_being_looked_at(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("first", picture("one"))
    town.post("second", picture("two"))
    Item.objects.update(observe_due_at=town.now)

    def fetch(url: str, **_: Any) -> Any:
        raise Broken if url == town.url("first") else looking.NotFetched

    monkeypatch.setattr(looking.wiring, "fetcher", lambda: type("F", (), {"fetch": fetch}))
    assert looking.observe_states(now=town.now) == 2
    assert not Item.objects.filter(observed="").exists()


def test_an_item_whose_sight_can_not_be_noted_takes_nothing_from_the_others(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("first", picture("one"))
    town.post("second", picture("two"))
    Item.objects.update(observe_due_at=town.now)
    monkeypatch.setattr(looking, "_ask", lambda item: [looking.Answer(status=200)])
    stuck = breaks_for(lambda item, *_: item.ref == "first", looking._note)
    monkeypatch.setattr(looking, "_note", stuck)
    looking.observe_states(now=town.now)
    assert town.item("second").observed == "seen"


def test_a_case_whose_evidence_can_not_be_weighed_never_keeps_that_of_the_others(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        town.post(name, picture(name))
        town.hear(gil(town.url(name)))
    ids = sorted([town.case(picture("one")).id, town.case(picture("two")).id])
    seen = list[UUID]()
    pages = {None: ids[:1], ids[0]: ids[1:], ids[1]: []}
    monkeypatch.setattr(
        retain_evidence.custody, "with_live_evidence", lambda after, _: pages[after]
    )
    looked = breaks_for(lambda case, _: case.id == ids[0], lambda case, _: seen.append(case.id))
    monkeypatch.setattr(retain_evidence, "_looked_at", looked)
    with pytest.raises(Broken):
        retain_evidence.retain_evidence(now=town.now)
    assert seen == ids[1:]


def test_banks_meet_every_file_but_the_one_that_fails(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = town.post("first", picture("one")), town.post("second", picture("two"))
    files = [item.files.get().file for item in (one, two)]
    monkeypatch.setattr(meet_banks.meeting, "may_meet", lambda named: named)
    met = list[UUID]()
    real = breaks_for(lambda _, file, __: file == files[0], lambda _, file, __: met.append(file.id))
    monkeypatch.setattr(meet_banks, "_meet_one", real)
    with pytest.raises(Broken):
        meet_banks._meet([(town.platform_id, file.id) for file in files if file], town.now)
    assert met == [files[1].id if files[1] else None]


@pytest.mark.parametrize("step", ["_take_in", "_find"])
def test_a_place_that_fails_never_keeps_the_others_of_its_notice_up(
    town: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    for name in ("one", "two"):
        town.post(name, picture(name))
    url, stuck = town.url("one"), picture("one").sha256
    poisoned = {
        "_take_in": lambda _, subject, *__, **___: bytes(subject.file.sha256) == stuck,
        "_find": lambda _, target, __: target.url == url,
    }
    with monkeypatch.context() as broken:
        real = getattr(protect_target, step)
        broken.setattr(protect_target, step, breaks_for(poisoned[step], real))
        heard = town.hear(gil(url, town.url("two")), then_work=False)
        with pytest.raises(Broken):
            protect_target.protect(notice_id=heard.notice_id, now=town.now)
        assert town.seen("one", "two") == ["visible", "hidden"]
        assert Notice.objects.get().protected_at is None
    town.later(HOUR)
    town.work()
    assert town.seen("one", "two") == ["hidden", "hidden"]
    assert Notice.objects.get().protected_at == town.now


def test_a_deadline_that_can_not_be_entered_keeps_no_other_from_being_told(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ref in ("one", "two"):
        town.post(ref, picture(ref))
        town.hear(gil(town.url(ref)))
    town.later(timedelta(hours=5))
    stuck, *others = meet_deadlines.deadlines.breach(now=town.now)
    real = meet_deadlines.deadlines.note_breach
    broken = breaks_for(lambda one, **_: one == stuck, real)
    monkeypatch.setattr(meet_deadlines.deadlines, "note_breach", broken)
    meet_deadlines.meet_deadlines(now=town.now)
    assert others and entries("deadline.breached") == len(others)
    assert meet_deadlines.deadlines.breach(now=town.now) == [stuck], "and it comes again"
    monkeypatch.setattr(meet_deadlines.deadlines, "note_breach", real)
    assert meet_deadlines.meet_deadlines(now=town.now) == 1


@pytest.mark.parametrize("stuck", [0, 1])
def test_one_answer_that_can_not_be_written_keeps_nobody_else_waiting(
    town: Stage, monkeypatch: pytest.MonkeyPatch, stuck: int
) -> None:
    town.post("post", picture("one"))
    heard = [town.hear(gil(town.url("post"))), town.hear(dana(town.url("post")))]
    real = answer_notifiers.filings.keep_answer
    broken = breaks_for(lambda notice_id, *_, **__: notice_id == heard[stuck].notice_id, real)
    monkeypatch.setattr(answer_notifiers.filings, "keep_answer", broken)
    with pytest.raises(Broken):
        town.remove(town.case(picture("one")), town.staff("Rae"))
    assert Answer.objects.get().notice_id == heard[1 - stuck].notice_id
    monkeypatch.setattr(answer_notifiers.filings, "keep_answer", real)
    made = Decision.objects.get()
    assert answer_notifiers.answer_notifiers(decision_id=made.id, now=town.now) == 1


def test_what_is_kept_for_a_while_goes_although_another_kind_can_not(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[str] = []
    monkeypatch.setattr(forget_passing.people, "forget_sessions", lambda **_: 1 / 0)
    monkeypatch.setattr(forget_passing.remembering, "forget_old", lambda **_: went.append("a") or 1)
    monkeypatch.setattr(forget_passing.guesses, "forget_old", lambda **_: went.append("b") or 1)
    with pytest.raises(ZeroDivisionError):
        forget_passing.forget_passing(now=town.now)
    assert went == ["a", "b"]


def test_one_place_without_a_schema_keeps_no_other_from_being_asked(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refresh(where: str, slug: str, now: datetime) -> bool:
        asked.append(where)
        if where == "first":
            raise refresh_schema.NoSchema("out of reach")
        return True

    asked: list[str] = []
    places = {"first": "a", "second": "b"}
    monkeypatch.setattr(refresh_schema.tipline, "environments", lambda: places)
    monkeypatch.setattr(refresh_schema, "_refresh", refresh)
    with pytest.raises(refresh_schema.NoSchema, match="out of reach"):
        refresh_schema.refresh_schema(now=town.now)
    assert asked == ["first", "second"]


@pytest.mark.parametrize("broken", ["_keep_context", "a file"])
def test_what_can_not_be_preserved_of_a_case_keeps_nothing_else_of_it(
    town: Stage, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    one, near = picture("one"), picture("near", like=picture("one"), bits=4)
    town.post("post", one)
    town.post("near", near)
    town.hear(gil(town.url("post")))
    tried: list[bytes] = []

    def keep(case: Case, file: File, *, now: datetime) -> bool:
        tried.append(bytes(file.sha256))
        if len(tried) == 1 and broken == "a file":
            raise Broken
        return True

    monkeypatch.setattr(preserving.evidence, "keep_file", keep)
    if broken == "_keep_context":
        monkeypatch.setattr(preserving, broken, lambda *_: 1 / 0)
    with pytest.raises((Broken, ZeroDivisionError)):
        preserving.preserve(case_id=town.case(one).id, now=town.now)
    assert set(tried) == {one.sha256, near.sha256}


def test_a_case_that_can_not_be_rolled_back_keeps_no_other_hidden(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    undone: list[UUID] = []
    key = add_key(platform_slug="town", name="lost", scopes=["notices"], now=town.now)
    caller = keys.caller_with(key, now=town.now)
    assert caller is not None
    for ref in ("one", "two"):
        town.post(ref, picture(ref))
        town.hear(gil(town.url(ref)), key_prefix=caller.prefix)
    rae, sam = town.staff("Rae", Role.SENIOR), town.staff("Sam", Role.SENIOR)
    meant = roll_back.name_it(what="key", value=key)
    named = roll_back.propose(named=meant, why="Stolen.", by=rae.id, now=town.now)
    stuck = town.case(picture("one")).id
    real = roll_back._undo

    def undo(rollback: Rollback, case_id: UUID, now: datetime) -> dict[str, int]:
        undone.append(case_id)
        if case_id == stuck:
            raise Broken
        return real(rollback, case_id, now)

    monkeypatch.setattr(roll_back, "_undo", undo)
    roll_back.confirm(rollback_id=named.id, agrees=True, by=sam.id, now=town.now)
    with pytest.raises(Broken):
        roll_back.roll_back(rollback_id=named.id, now=town.now)
    assert len(undone) == 2
    assert town.seen("one", "two") == ["hidden", "visible"]
    monkeypatch.setattr(roll_back, "_undo", real)
    roll_back.roll_back(rollback_id=named.id, now=town.now)
    assert town.seen("one", "two") == ["visible", "visible"]
