"""meet_banks, manage_banks: what a bank's match does, and what it does not do."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from heed.cases.models import Case, Deadline, Restriction
from heed.filings.models import StatementOfReasons
from heed.flows import meet_banks
from heed.flows.check_upload import check_signals
from heed.flows.manage_banks import (
    NotTried,
    Policy,
    change_bank,
    dry_run,
    export_signals,
    find_bank,
    import_signals,
    make_bank,
    switch_bank,
    take_out,
)
from heed.flows.shared.bank_files import Unreadable
from heed.flows.view_file import MayNotView, view_file
from heed.media import banks, meeting
from heed.media.models import Bank, BankSignal, File, Item, Match, Upload, Watermark
from heed.media.services import FileIn
from heed.outbox.models import StateTelling
from heed.people.models import Role
from heed.rules.gate import Verdict
from tests.flows.stage import HOUR, Stage, entries, facts_now, picture
from tests.people import gil

ONE, OTHER = picture("one"), picture("other")
NEAR = picture("near", like=ONE, bits=9)
HIDES = Policy(category="minor_sexual", on_upload="hold", on_registered="hide")


def rows(*files: FileIn) -> str:
    values = [("sha256", one.sha256) for one in files] + [("pdq", one.pdq) for one in files]
    return json.dumps([{"type": kind, "value": (value or b"").hex()} for kind, value in values])


def filled(town: Stage, *files: FileIn, policy: Policy = HIDES, name: str = "LIST") -> Bank:
    bank = make_bank(name=name, platform_slug="town", policy=policy, by="test", now=town.now)
    import_signals(bank_id=bank.id, text=rows(*files), kind="json", by="list", now=town.now)
    return bank


def live(town: Stage, *files: FileIn, policy: Policy = HIDES) -> Bank:
    bank = filled(town, *files, policy=policy)
    dry_run(bank_id=bank.id, by="test", now=town.now)
    switch_bank(bank_id=bank.id, on=True, by="test", now=town.now)
    return bank


@pytest.fixture(autouse=True)
def one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test is one transaction that has not ended; here the sweep takes it as if it had."""
    monkeypatch.setattr(meet_banks.writing, "oldest_running", lambda: 2**62)


def asked(town: Stage, file: FileIn, **more: str) -> Verdict:
    return check_signals(platform_id=town.platform_id, signals=file, now=town.now, **more).verdict


# ------------------------------------------------------------------ what is registered


def test_a_bank_that_hides_is_tried_first_and_hides_what_is_there_and_what_comes(
    town: Stage,
) -> None:
    town.post("old", ONE)
    town.post("near", NEAR)
    town.post("else", OTHER)
    bank = filled(town, ONE)
    with pytest.raises(NotTried, match="dry-run"):
        switch_bank(bank_id=bank.id, on=True, by="test", now=town.now)
    (would,) = dry_run(bank_id=bank.id, by="test", now=town.now)
    assert (would.platform, would.items, would.visible, would.would) == ("town", 2, 2, "hide")
    assert would.sample == ["near", "old"]
    assert town.seen("old", "near") == ["visible", "visible"]
    assert switch_bank(bank_id=bank.id, on=True, by="test", now=town.now)
    assert meet_banks.sweep_banks(now=town.now) == 2
    town.post("new", ONE)
    town.reshare("shared", "new")
    assert town.seen("old", "near", "new", "else") == ["hidden", "hidden", "hidden", "visible"]
    case = town.case(ONE)
    assert (case.because, case.about_child) == (["bank-marked-hide"], True)
    assert StateTelling.objects.filter(item_ref="old").get().reason == "match"
    before = facts_now()
    Watermark.objects.all().delete()
    meet_banks.sweep_banks(now=town.now)
    meet_banks.meet_banks(item_ids=[town.item("old").id], now=town.now)
    assert facts_now() == before


def test_without_the_index_the_database_is_asked_in_portions_and_says_the_same(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ref, file in (("else", OTHER), ("old", ONE), ("near", NEAR)):
        town.post(ref, file)
    bank = filled(town, ONE)
    ids = list(bank.signals.filter(type="pdq").values_list("id", flat=True))
    indexed = meeting.files_that_meet(ids)
    monkeypatch.setattr(meeting.matching, "current", lambda _: None)
    monkeypatch.setattr(meeting, "COMPARED_AT_ONCE", 1)
    compared = meeting.files_that_meet(ids)
    of = {one.id: bytes(one.sha256) for one in File.objects.all()}
    assert {(of[one.file_id], one.distance_bits) for one in compared} == {
        (ONE.sha256, 0), (NEAR.sha256, 9)
    }  # fmt: skip
    assert set(compared) == set(indexed)


def test_an_uploader_is_told_of_no_notice_where_nobody_gave_one(town: Stage) -> None:
    town.post("old", ONE)
    live(town, ONE, policy=replace(HIDES, category="doxxing"))
    meet_banks.sweep_banks(now=town.now)
    town.work()
    (told,) = StatementOfReasons.objects.all()
    assert told.body["Facts"].endswith("Nobody told us about it.")


def test_older_lists_are_met_by_sha1_whatever_came_first(town: Stage) -> None:
    old = replace(picture("old"), sha1=hashlib.sha1(b"old").digest(), pdq=None)
    new = replace(picture("new"), sha1=hashlib.sha1(b"new").digest(), pdq=None)
    town.post("old", old)
    bank = make_bank(name="LIST", platform_slug="town", policy=HIDES, by="test", now=town.now)
    text = json.dumps([{"type": "SHA-1", "value": (one.sha1 or b"").hex()} for one in (old, new)])
    import_signals(bank_id=bank.id, text=text, kind="json", by="list", now=town.now)
    dry_run(bank_id=bank.id, by="test", now=town.now)
    switch_bank(bank_id=bank.id, on=True, by="test", now=town.now)
    meet_banks.sweep_banks(now=town.now)
    town.post("new", new)
    assert town.seen("old", "new") == ["hidden", "hidden"]
    assert asked(town, new) is Verdict.HOLD


def test_what_only_looks_like_a_banked_picture_hides_nothing_that_looks_like_it(
    town: Stage,
) -> None:
    def off(name: str, bits: int) -> FileIn:  # so many bits from NEAR, and 9 more from ONE
        number = int.from_bytes(NEAR.pdq or b"", "big") ^ (((1 << bits) - 1) << 100)
        return replace(picture(name), pdq=number.to_bytes(32, "big"))

    town.post("near", NEAR)
    town.post("far", off("far", 30))
    live(town, ONE)
    meet_banks.sweep_banks(now=town.now)
    town.work()
    town.post("later", off("later", 25))
    town.work()
    assert town.seen("near", "far", "later") == ["hidden", "visible", "visible"]
    town.hear(gil(town.url("near")))  # now somebody speaks of it
    town.work()
    assert town.seen("near", "far", "later") == ["hidden", "hidden", "hidden"]


def test_a_bank_that_asks_for_a_person_hides_nothing_and_somebody_is_due(town: Stage) -> None:
    live(town, ONE, policy=Policy(category="intimate_image", on_registered="person"))
    town.post("post", ONE)
    assert town.seen("post") == ["visible"]
    case = town.case(ONE)
    assert case.because == ["bank-asks-for-a-person"]
    assert case.deadlines.filter(cause__startswith="match:").count() == 1


def test_what_people_call_wrong_is_not_hidden_or_held_by_that_match_again(town: Stage) -> None:
    live(town, ONE)
    town.post("post", NEAR)
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.keep(town.case(NEAR), rae, sam)
    assert {one.word for one in Match.objects.all()} == {"wrong"}
    town.later(HOUR)
    town.post("again", NEAR)
    assert town.seen("post", "again") == ["visible", "visible"]
    assert asked(town, NEAR) is Verdict.ALLOW
    assert asked(town, ONE) is Verdict.HOLD
    assert entries("match.judged") == 1


def test_a_case_of_a_bank_and_a_notice_on_the_same_file_are_one(town: Stage) -> None:
    live(town, ONE)
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    case = Case.objects.get()
    assert case.because == ["bank-marked-hide", "child-shown"]
    town.remove(case, town.staff("Rae"))
    assert town.seen("post") == ["removed"]
    assert {one.word for one in Match.objects.all()} == {"right"}


def test_a_bank_of_one_platform_touches_no_other(town: Stage) -> None:
    other = Stage("other", "https://other.example")
    live(town, ONE)
    other.post("post", ONE)
    assert other.seen("post") == ["visible"]
    assert not Restriction.objects.exists()


def test_what_meets_no_bank_costs_no_statement_of_its_own(town: Stage) -> None:
    """Nearly everything that is registered is a stranger to all banks; a site has many banks."""
    live(town, ONE)

    def statements(*files: FileIn) -> tuple[int, int]:
        town.register(*(town.row(f"{one.sha256!r:.30}", one) for one in files))
        named = {one.sha256 for one in files}
        items = Item.objects.filter(files__file__sha256__in=named)
        ids = list(items.values_list("id", flat=True))
        with CaptureQueriesContext(connection) as asked:
            found = meet_banks.meet_banks(item_ids=ids, now=town.now)
        return found, len(asked)

    few, many = [picture(f"s{n}") for n in range(2)], [picture(f"t{n}") for n in range(30)]
    assert statements(*few) == statements(*many)
    found, _ = statements(*few, NEAR, replace(ONE, pdq=None))
    assert found == 2
    with mock.patch.object(meeting.matching, "current", lambda _: None):  # no index: all are asked
        assert statements(*many)[0] == 0 and statements(NEAR)[0] == 1


def test_a_share_of_nothing_lets_everything_through(town: Stage) -> None:
    policy = Policy(on_upload="block", on_registered="hide", enabled_share=0.0)
    live(town, ONE, policy=policy)
    town.post("post", ONE)
    assert (town.seen("post"), asked(town, ONE)) == (["visible"], Verdict.ALLOW)


# ------------------------------------------------------------------ at the door


def test_every_match_is_written_down_and_what_is_held_has_somebody_due(town: Stage) -> None:
    live(town, ONE)
    assert asked(town, NEAR, upload_ref="u") is Verdict.HOLD
    upload = Upload.objects.get()
    assert upload.case_id == town.case(NEAR).id
    assert town.case(NEAR).level == "visible"  # nothing of it is registered
    bank = find_bank(name="LIST", platform_slug="town")
    change_bank(bank_id=bank.id, policy=Policy(on_upload="nothing"), by="test", now=town.now)
    assert asked(town, ONE) is Verdict.ALLOW
    assert Match.objects.filter(file__sha256=ONE.sha256).count() == 2


def test_what_only_looks_like_what_a_bank_blocks_has_somebody_due(town: Stage) -> None:
    policy = Policy(category="minor_sexual", on_upload="block", on_registered="nothing")
    live(town, ONE, policy=policy)
    assert asked(town, ONE, upload_ref="same") is Verdict.BLOCK
    assert not Case.objects.exists()  # turned away: nobody has to look
    assert asked(town, NEAR, upload_ref="near") is Verdict.HOLD
    upload = Upload.objects.get(state=Upload.State.HELD)
    assert upload.case_id == town.case(NEAR).id
    assert Deadline.objects.filter(cause=f"upload:{upload.id}", met_at=None).exists()
    town.keep(town.case(NEAR), town.staff("Rae"), town.staff("Sam"))
    upload.refresh_from_db()
    assert upload.state == Upload.State.RELEASED
    assert asked(town, NEAR) is Verdict.ALLOW


def test_a_file_of_a_child_that_a_trusted_bank_knows_is_not_opened(town: Stage) -> None:
    live(town, ONE, policy=Policy(category="minor_sexual", on_registered="hide", trusted=True))
    town.post("post", ONE)
    case, rae = town.case(ONE), town.staff("Rae", Role.CHILD_SAFETY)
    assert case.file_id is not None
    with pytest.raises(MayNotView, match="unopened"):
        view_file(case_id=case.id, file_id=case.file_id, variant="full", by=rae.id, now=town.now)


# ------------------------------------------------------------------ in and out


def test_bad_rows_are_named_and_the_good_ones_go_in(town: Stage) -> None:
    bank = filled(town)
    value = ONE.pdq.hex() if ONE.pdq else ""
    text = (
        "\ufefftype,value,quality,note,ref\n"
        f"pdq,{value.upper()},80,first,r1\n"
        f"PDQ,{value[:-1]},80,,\n"
        f"photodna,{value},80,,\n"
        f"pdq,{value},101,,\n"
        f"md5,{'ab' * 16},,,\n"
    )
    done = import_signals(bank_id=bank.id, text=text, kind="csv", by="list", now=town.now)
    assert (done.added, done.known) == (2, 0)
    assert [(row.number, row.remedy.split(":")[0]) for row in done.refused] == [
        (2, "value"), (3, "type"), (4, "quality"),
    ]  # fmt: skip
    again = import_signals(bank_id=bank.id, text=text, kind="csv", by="list", now=town.now)
    assert (again.added, again.known) == (0, 2)
    for kind in ("csv", "json"):
        copy = make_bank(name=kind, platform_slug="", policy=Policy(), by="test", now=town.now)
        told = "".join(export_signals(bank_id=bank.id, kind=kind))
        back = import_signals(bank_id=copy.id, text=told, kind=kind, by="list", now=town.now)
        assert (back.added, back.refused) == (2, ())
    kept = BankSignal.objects.get(bank=bank, type="pdq")
    assert (kept.note, kept.source_ref, kept.quality) == ("first", "r1", 80)
    for nonsense in ("", "type|value\n", "a,b\n1,2\n", "x" * 200_000):
        with pytest.raises(Unreadable):
            import_signals(bank_id=bank.id, text=nonsense, kind="csv", by="list", now=town.now)
    with pytest.raises(Unreadable):
        import_signals(bank_id=bank.id, text="<xml>", kind="json", by="list", now=town.now)


def test_a_signal_that_was_taken_out_matches_nothing(town: Stage) -> None:
    bank = live(town, ONE)
    values = [value.hex() for value in (ONE.sha256, ONE.pdq) if value]
    assert take_out(bank_id=bank.id, values=values, by="test", now=town.now) == 2
    assert asked(town, ONE) is Verdict.ALLOW
    for kind in ("csv", "json"):
        told = "".join(export_signals(bank_id=bank.id, kind=kind, withdrawn_too=True))
        back = import_signals(bank_id=bank.id, text=told, kind=kind, by="test", now=town.now)
        assert back.added == 0 and len(back.refused) == 2  # it does not come to life by that
        assert all(row.remedy.startswith("status: withdrawn") for row in back.refused)


def test_what_a_person_took_out_stays_out_when_its_exchange_tells_of_it_anew(
    town: Stage,
) -> None:
    bank = live(town, OTHER)
    assert ONE.sha256 is not None
    given = {"1": [banks.SignalIn("sha256", ONE.sha256, None, "", "1")]}
    banks.refresh(bank, "exchange:x", given, now=town.now)
    assert asked(town, ONE) is Verdict.HOLD
    take_out(bank_id=bank.id, values=[ONE.sha256.hex()], by="rae", now=town.now)
    banks.refresh(bank, "exchange:x", {"1": []}, now=town.now)  # withdrawn, and given again
    banks.refresh(bank, "exchange:x", given, now=town.now)
    assert asked(town, ONE) is Verdict.ALLOW
    banks.turn(bank, bank.signals.get(source="exchange:x").id, off_until=None)
    assert asked(town, ONE) is Verdict.HOLD  # until a person says so


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_a_row_says_survives_a_file_and_calculates_in_no_spreadsheet(
    town: Stage, kind: str
) -> None:
    bank = filled(town)
    notes = ['=HYPERLINK("http://x.example")', "+1", "-1", "@SUM(A1)", "'quoted", 'two\nlines, "x"']
    rows = [{"type": "md5", "value": f"{n:02x}" * 16, "note": note} for n, note in enumerate(notes)]
    text = json.dumps([*rows, {"type": "md5", "value": "ff" * 16, "note": "half \ud800"}])
    for one in (text, f"\ufeff{text}"):
        import_signals(bank_id=bank.id, text=one, kind="json", by="list", now=town.now)
    told = "".join(export_signals(bank_id=bank.id, kind=kind))
    if kind == "csv":
        cells = [cell for row in csv.reader(io.StringIO(told)) for cell in row]
        assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]
    copy = make_bank(name="copy", platform_slug="", policy=Policy(), by="test", now=town.now)
    back = import_signals(bank_id=copy.id, text=told, kind=kind, by="list", now=town.now)
    assert (back.added, back.refused) == (7, ())
    kept = BankSignal.objects.filter(bank=copy).order_by("id").values_list("note", flat=True)
    assert list(kept) == [*notes, "half ?"]


def test_a_list_of_a_spreadsheet_or_one_made_to_hurt_is_read_or_named(town: Stage) -> None:
    bank = filled(town)
    text = f"type;value\nmd5;{'ab' * 16}\n"
    done = import_signals(bank_id=bank.id, text=text, kind="csv", by="list", now=town.now)
    assert (done.added, done.refused) == (1, ())
    for deep in ("[" * 100_000, '{"a":' * 100_000):
        with pytest.raises(Unreadable):
            import_signals(bank_id=bank.id, text=deep, kind="json", by="list", now=town.now)


def test_a_bank_that_would_do_more_is_off_until_it_was_tried_again(town: Stage) -> None:
    bank = live(town, ONE, policy=Policy(on_upload="hold"))
    town.later(HOUR)
    change_bank(bank_id=bank.id, policy=Policy(threshold_bits=20), by="test", now=town.now)
    assert Bank.objects.get(id=bank.id).enabled
    changed = change_bank(
        bank_id=bank.id, policy=Policy(on_upload="block"), by="test", now=town.now
    )
    assert not changed.enabled
    with pytest.raises(NotTried):
        switch_bank(bank_id=bank.id, on=True, by="test", now=town.now)
