"""preserve, and what the vault's copies are for: kept from the first hide, opened for a purpose."""

import errno
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from examples import pictures
from heed.cases.models import Appeal, Case
from heed.filings import queries as filings
from heed.filings.models import KeyWrapping, SealedObject
from heed.flows import retain_evidence, wiring
from heed.flows.check_upload import check_bytes
from heed.flows.decide_appeal import decide_appeal
from heed.flows.decide_case import decide
from heed.flows.fetch_files import fetch_files
from heed.flows.hand_over import NobodyAsks, hand_over
from heed.flows.judge_copy import settle_upload
from heed.flows.open_appeal import appeal_as_notifier
from heed.flows.preserve import preserve, preserve_in_turn
from heed.flows.shared.evidence import NotPreserved, bytes_for_filing
from heed.flows.view_file import view_file
from heed.integrations.vault.sealing import AgeSeals
from heed.integrations.vault.viewer import ViewerClient, ViewerServer
from heed.ledger.models import EntryBody
from heed.media import banks
from heed.media.banks import SignalIn
from heed.media.models import Item, Upload
from heed.media.services import FileIn
from heed.outbox.models import StateTelling
from heed.outbox.services import claim_states
from heed.people.models import Role
from heed.ports import Purpose
from heed.rules.decisions import AppealOutcome, Ruling, Scope
from tests.flows.stage import Stage, entries, waiting
from tests.flows.stand_in_platform import StandInPlatform
from tests.people import gil

PICTURE = pictures.picture(7)


@pytest.fixture(autouse=True)
def vault(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A vault of this test's own, opened as the worker opens it."""
    settings.HEED_VAULT_DIR = tmp_path / "vault"
    monkeypatch.setattr(wiring, "seals", lambda: AgeSeals(opens=[Purpose.FILING]))
    wiring.vault.cache_clear()
    yield settings.HEED_VAULT_DIR
    wiring.vault.cache_clear()


@pytest.fixture
def case(square: Stage, platform: StandInPlatform, decoder: None) -> Case:
    """A child's picture, hidden, and fetched by nobody yet."""
    platform.bytes["a.0"] = PICTURE
    square.post("a", FileIn(url=square.url("files/a.0")))
    fetch_files(now=square.now)
    square.hear(gil(square.url("a")), then_work=False)
    return Case.objects.get()


def sealed(case: Case, copy: str) -> SealedObject:
    return SealedObject.objects.exclude(state="destroyed").get(case_id=case.id, copy=copy)


def flipped(body: bytes) -> bytes:
    """One bit of the last byte turned over: a byte of our choice may be the one that is there."""
    return body[:-1] + bytes([body[-1] ^ 1])


def read(case: Case, square: Stage, **more: Any) -> bytes:
    assert case.file_id
    said = {"purpose": "cybertip", **more}
    return bytes_for_filing(case_id=case.id, file_id=case.file_id, now=square.now, **said).body


def test_the_first_hide_asks_for_preservation_and_waits_for_none_of_it(
    case: Case, square: Stage, platform: StandInPlatform
) -> None:
    assert square.seen("a") == ["hidden"] and "preserve" in waiting()
    assert SealedObject.objects.count() == 0
    assert preserve(case_id=case.id, now=square.now)
    assert {one.copy: one.state for one in SealedObject.objects.all()} == {
        "context": "kept", "evidence": "kept", "review": "kept",
    }  # fmt: skip
    assert read(case, square) == PICTURE
    told = EntryBody.objects.get(event="evidence.read").body
    assert '"why":"cybertip"' in told and entries("evidence.kept") == 3
    assert preserve(case_id=case.id, now=square.now) and entries("evidence.kept") == 3


def test_what_lies_in_the_vault_is_noise_and_each_copy_is_for_its_own_purpose(
    case: Case, square: Stage, vault: Path
) -> None:
    preserve(case_id=case.id, now=square.now)
    for path in vault.rglob("*.age"):
        assert PICTURE[:64] not in path.read_bytes() and b"13" not in path.read_bytes()[:20]
    held = KeyWrapping.objects.values_list("sealed__copy", "purpose").order_by("purpose")
    assert set(held) == {
        ("review", "review"), ("evidence", "filing"), ("evidence", "seal"),
        ("context", "filing"), ("context", "seal"),
    }  # fmt: skip


def test_the_context_holds_what_was_said_and_where(case: Case, square: Stage) -> None:
    preserve(case_id=case.id, now=square.now)
    one = sealed(case, "context")
    body = AgeSeals(opens=[Purpose.FILING]).open(
        wiring.vault().get(one.name),
        next(iter(_wrappings(one))),
    )
    assert square.url("a").encode() in body and case.number.encode() in body


def _wrappings(one: SealedObject) -> list[Any]:
    from heed.filings import vault as rows

    return [rows.wrapping(one, Purpose.FILING)]


def test_what_the_platform_does_not_give_is_marked_and_kept_when_it_does(
    case: Case, square: Stage, platform: StandInPlatform
) -> None:
    del platform.bytes["a.0"]
    assert not preserve(case_id=case.id, now=square.now)
    one = sealed(case, "evidence")
    assert one.state == "missed" and "answered 404" in one.reason
    assert entries("evidence.missed") == 1
    with pytest.raises(NotPreserved, match="answered 404"):
        read(case, square)
    platform.bytes["a.0"] = PICTURE
    square.later(timedelta(hours=1))
    preserve_in_turn(now=square.now)
    assert read(case, square) == PICTURE


def test_a_platform_without_an_evidence_address_hands_the_bytes_over_itself(
    case: Case, square: Stage, platform: StandInPlatform
) -> None:
    del platform.bytes["a.0"]
    preserve(case_id=case.id, now=square.now)
    with pytest.raises(NobodyAsks):
        hand_over(platform_id=square.platform_id, data=PICTURE + b"?", now=square.now)
    numbers = hand_over(platform_id=square.platform_id, data=PICTURE, now=square.now)
    assert numbers == [case.number] and read(case, square) == PICTURE
    assert hand_over(platform_id=square.platform_id, data=PICTURE, now=square.now) == numbers
    assert sealed(case, "evidence").source == "handed" and entries("evidence.kept") == 3


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda path: path.unlink(), "not in the vault any more"),
        (lambda path: path.write_bytes(flipped(path.read_bytes())), "altered"),
    ],
)
def test_a_missing_object_or_a_flipped_bit_is_found_named_and_fetched_again(
    case: Case, square: Stage, vault: Path, harm: Any, says: str
) -> None:
    preserve(case_id=case.id, now=square.now)
    harm(vault / sealed(case, "evidence").name)
    with pytest.raises(NotPreserved, match=says):
        read(case, square)
    assert sealed(case, "evidence").state == "damaged" and entries("evidence.damaged") == 1
    preserve_in_turn(now=square.now)
    assert read(case, square) == PICTURE


def test_what_another_process_opens_is_not_called_lost(
    case: Case, square: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    preserve(case_id=case.id, now=square.now)
    ours = wiring.seals
    monkeypatch.setattr(wiring, "seals", lambda: AgeSeals(opens=[]))  # as in the web process
    with pytest.raises(NotPreserved, match="this process may not open"):
        read(case, square)
    assert sealed(case, "evidence").reason == ""
    monkeypatch.setattr(wiring, "seals", ours)
    assert read(case, square) == PICTURE


def test_a_lost_key_is_named_and_is_no_damage_to_the_object(
    case: Case, square: Stage, tmp_path: Path, settings: Settings
) -> None:
    preserve(case_id=case.id, now=square.now)
    shutil.copytree(django_settings.HEED_VAULT_KEYS, tmp_path / "keys")
    settings.HEED_VAULT_KEYS = tmp_path / "keys"
    (tmp_path / "keys" / "filer.key").unlink()
    with pytest.raises(NotPreserved, match=r"filer\.key can't be read"):
        read(case, square)
    one = sealed(case, "evidence")
    assert one.state == "kept" and "the key is lost" in one.reason  # the case says so
    shutil.copy(django_settings.HEED_VAR / "keys" / "vault" / "filer.key", tmp_path / "keys")
    assert read(case, square) == PICTURE and sealed(case, "evidence").reason == ""


@pytest.mark.parametrize("given", [True, False])
def test_a_removal_waits_for_the_evidence_that_is_being_sealed_and_never_for_long(
    case: Case, square: Stage, platform: StandInPlatform, given: bool
) -> None:
    rae = square.staff("Rae")
    Item.objects.filter(ref="a").update(acknowledged="hidden")
    square.looks(rae, case)
    decided = {"ruling": Ruling.REMOVE, "scope": Scope.FILE, "clause": "child-sexual"}
    decide(case_id=case.id, reasons="We looked.", by=rae.id, now=square.now, **decided)
    told = StateTelling.objects.in_bulk()
    due = {one.item_ref: one.due_at - square.now for one in told.values() if one.due_at}
    assert square.seen("a") == ["removed"] and due["a"] == timedelta(minutes=10)
    assert not claim_states(square.platform_id, now=square.now)
    if not given:
        del platform.bytes["a.0"]
    assert preserve(case_id=case.id, now=square.now) == given
    assert claim_states(square.platform_id, now=square.now) is not None


def test_a_full_disk_is_found_named_and_the_evidence_kept_when_there_is_room(
    case: Case, square: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("heed.integrations.vault.directory.os.fsync", full)
        assert not preserve(case_id=case.id, now=square.now)
    one = sealed(case, "evidence")
    assert one.state == "missed" and "No space left" in one.reason
    assert [lost.reason for lost in filings.not_kept(case.id)] == [one.reason] * 2  # file, context
    assert square.seen("a") == ["hidden"] and entries("evidence.missed") == 2
    square.later(timedelta(hours=1))
    preserve_in_turn(now=square.now)
    assert read(case, square) == PICTURE


def test_where_bytes_may_not_be_held_only_the_context_is(
    case: Case, square: Stage, settings: Settings
) -> None:
    settings.HEED_JURISDICTION = "EU"
    assert preserve(case_id=case.id, now=square.now)  # nothing is missing
    assert sealed(case, "context").state == "kept"
    assert sealed(case, "evidence").state == "forbidden"
    with pytest.raises(NotPreserved, match="may not be held here"):
        read(case, square)


def test_the_decision_destroys_what_was_there_to_look_at_and_nothing_else(
    case: Case, square: Stage, vault: Path
) -> None:
    preserve(case_id=case.id, now=square.now)
    looked_at = vault / sealed(case, "review").name
    square.remove(case, square.staff("Rae"))
    preserve_in_turn(now=square.now)
    assert not looked_at.exists()
    assert not KeyWrapping.objects.filter(purpose="review").exists()
    assert read(case, square) == PICTURE


def test_a_held_upload_can_be_looked_at_and_is_gone_when_it_is_let_in(
    case: Case, square: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = pictures.altered(PICTURE, "quality")
    answer = check_bytes(platform_id=square.platform_id, data=near, now=square.now)
    assert answer.verdict == "hold"
    upload = Upload.objects.get()
    rae = square.staff("Rae")
    with ViewerServer(tmp_path / "viewer" / "socket", django_settings.HEED_VAULT_KEYS) as server:
        serving = _in_a_thread(server)
        monkeypatch.setattr(wiring, "viewer", lambda: ViewerClient(tmp_path / "viewer" / "socket"))
        look = {"case_id": case.id, "file_id": upload.file_id, "by": rae.id, "now": square.now}
        assert view_file(variant="full", **look).body[:2] == b"\xff\xd8"
        assert view_file(variant="blurred", **look).body[8:12] == b"WEBP"
        server.shutdown()
        serving.join()
    assert entries("file.viewed") == 2
    settle_upload(upload_id=upload.id, release=True, by=rae.id, now=square.now)
    assert {one.state for one in SealedObject.objects.filter(upload_id=upload.id)} == {"destroyed"}


def test_what_was_kept_of_an_upload_goes_to_the_case_that_holds_it_next(
    case: Case, square: Stage
) -> None:
    near = pictures.altered(PICTURE, "quality")
    check_bytes(platform_id=square.platform_id, data=near, now=square.now)
    upload = Upload.objects.get()
    _list_what(upload, square)
    square.keep(case, square.staff("Rae"), square.staff("Sam"))
    upload.refresh_from_db()
    kept = SealedObject.objects.filter(upload_id=upload.id)
    assert upload.state == Upload.State.HELD and upload.case_id != case.id
    assert {(one.copy, one.state, one.case_id) for one in kept} == {
        ("review", "kept", upload.case_id), ("evidence", "kept", upload.case_id),
    }  # fmt: skip


def test_what_a_hold_keeps_with_an_old_case_is_there_for_the_one_that_refuses_it(
    case: Case, square: Stage
) -> None:
    check_bytes(
        platform_id=square.platform_id, data=pictures.altered(PICTURE, "quality"), now=square.now
    )
    upload, ola = Upload.objects.get(), square.staff("Ola", Role.LIAISON)
    _list_what(upload, square)
    placed = retain_evidence.hold(case_id=case.id, reason="order 77", by=ola.id, now=square.now)
    rae = square.staff("Rae")
    square.keep(case, rae, square.staff("Sam"))
    upload.refresh_from_db()
    kept = SealedObject.objects.get(upload_id=upload.id, copy="evidence")
    assert upload.case_id != case.id and kept.case_id == case.id, "the hold is on all of its case"
    assert upload.case_id is not None
    found = filings.evidence_of(upload.case_id, upload.file_id)
    assert found == kept
    settle_upload(upload_id=upload.id, release=False, by=rae.id, now=square.now)
    square.remove(Case.objects.get(id=upload.case_id), rae)
    retain_evidence.lift(hold_id=placed.id, by=ola.id, now=square.now)
    square.later(timedelta(days=150))
    new = Case.objects.get(id=upload.case_id)
    Case.objects.filter(id=new.id).update(decided_at=square.now)  # its own time is not over
    square.later(timedelta(days=60))
    retain_evidence.retain_evidence(now=square.now)
    kept.refresh_from_db()
    assert (kept.state, kept.case_id) == ("kept", new.id)
    assert not SealedObject.objects.filter(case_id=case.id).exclude(state="destroyed").exists()


def _list_what(upload: Upload, square: Stage) -> None:
    """A list of nobody's case holds what this upload looks like."""
    pdq = upload.file.signals.get(type="pdq", id=upload.file.signals.earliest("id").id)
    bank = banks.make(
        "LIST", square.platform_id, made_by="test", now=square.now, action="hold", enabled=True,
        category="minor_sexual",
    )  # fmt: skip
    banks.add(bank, [SignalIn("pdq", bytes(pdq.value), 100)], source="test", now=square.now)


def test_what_is_let_in_stays_in_the_vault_while_a_legal_hold_is_on_its_case(
    case: Case, square: Stage
) -> None:
    near = pictures.altered(PICTURE, "quality")
    check_bytes(platform_id=square.platform_id, data=near, now=square.now)
    upload, ola = Upload.objects.get(), square.staff("Olga", Role.LIAISON)
    retain_evidence.hold(case_id=case.id, reason="court order 77", by=ola.id, now=square.now)
    settle_upload(upload_id=upload.id, release=True, by=square.staff("Rae").id, now=square.now)
    kept = SealedObject.objects.filter(upload_id=upload.id)
    assert {one.copy: one.state for one in kept} == {"review": "destroyed", "evidence": "kept"}


def test_whoever_answers_an_appeal_can_look_when_the_platform_has_destroyed_the_file(
    case: Case, square: Stage, platform: StandInPlatform
) -> None:
    """Else nobody could say of a removed picture that it is another one."""
    preserve(case_id=case.id, now=square.now)
    square.remove(case, square.staff("Rae"))
    platform.bytes.clear()
    heard = case.joins.get().notice_id
    assert appeal_as_notifier(notice_id=heard, text="It is not him.", now=square.now)
    sam = square.staff("Sam")
    preserve(case_id=case.id, now=square.now)  # as the viewer asks when there is nothing to show
    assert sealed(case, "review").state == "kept"
    decide_appeal(
        appeal_id=Appeal.objects.get().id, outcome=AppealOutcome.STANDS, reasons="It is him.",
        by=sam.id, now=square.now,
    )  # fmt: skip
    assert not KeyWrapping.objects.filter(purpose="review").exists()


def _in_a_thread(server: ViewerServer) -> Any:
    import threading

    serving = threading.Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    return serving
