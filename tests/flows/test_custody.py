"""unseal, retain_evidence, rotate_keys, check_vault: opened by two, kept as long as it must be."""

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from heed.cases.models import Case
from heed.cases.services import deadlines
from heed.filings import custody
from heed.filings.holding import NotWaiting
from heed.filings.models import KeyWrapping, SealedObject
from heed.flows import wiring
from heed.flows.check_vault import check_vault, drill, vault_state
from heed.flows.decide_case import MayNotDecide
from heed.flows.fetch_files import fetch_files
from heed.flows.preserve import erase_destroyed, preserve
from heed.flows.retain_evidence import MayNotHold, hold, lift, retain_evidence
from heed.flows.rotate_keys import rotate_keys
from heed.flows.shared import clocks
from heed.flows.shared.evidence import NotPreserved, bytes_for_filing
from heed.flows.unseal import MayNotUnseal, answer, ask, open_seals
from heed.integrations.vault.sealing import AgeSeals
from heed.ledger.models import EntryBody
from heed.media.services import FileIn
from heed.people.models import Role
from heed.ports import KeyLost, Purpose
from heed.rules.clocks import Event
from tests.flows.stage import Stage, entries
from tests.flows.stand_in_platform import StandInPlatform
from tests.flows.test_preserving import PICTURE
from tests.people import gil

YEAR = timedelta(days=366)


@pytest.fixture
def keys(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A vault and keys of this test's own."""
    shutil.copytree(django_settings.HEED_VAULT_KEYS, tmp_path / "keys")
    settings.HEED_VAULT_KEYS = tmp_path / "keys"
    settings.HEED_VAULT_DIR = tmp_path / "vault"
    monkeypatch.setattr(wiring, "seals", lambda: AgeSeals(opens=list(Purpose)))
    wiring.vault.cache_clear()
    yield settings.HEED_VAULT_KEYS
    wiring.vault.cache_clear()


@pytest.fixture
def case(keys: Path, square: Stage, platform: StandInPlatform, decoder: None) -> Case:
    """A preserved case about a child."""
    platform.bytes["a.0"] = PICTURE
    square.post("a", FileIn(url=square.url("files/a.0")))
    fetch_files(now=square.now)
    square.hear(gil(square.url("a")))
    case = Case.objects.get()
    preserve(case_id=case.id, now=square.now)
    return case


def evidence(case: Case) -> SealedObject:
    return SealedObject.objects.get(case_id=case.id, copy="evidence")


def halves(keys: Path) -> list[str]:
    return [(keys / f"seal-{one}.key").read_text() for one in "ab"]


def test_a_sealed_copy_is_opened_by_two_people_for_a_stated_purpose_and_once(
    case: Case, square: Stage, keys: Path
) -> None:
    ola, sam = square.staff("Olga", Role.LIAISON), square.staff("Sam", Role.SENIOR)
    rae = square.staff("Rae")
    reader = pyrage.x25519.Identity.generate()
    wish = {"case_id": case.id, "what": "open", "recipient": str(reader.to_public())}
    with pytest.raises(MayNotUnseal, match="liaison or a senior"):
        ask(**wish, purpose="to look at it again", by=rae.id, now=square.now)
    with pytest.raises(MayNotUnseal, match="State the purpose"):
        ask(**wish, purpose="why not", by=ola.id, now=square.now)
    asked = ask(**wish, purpose="for the court, 2026-77", by=ola.id, now=square.now)
    with pytest.raises(MayNotUnseal, match="A different person"):
        answer(unsealing_id=asked.id, agrees=True, by=ola.id, now=square.now)
    with pytest.raises(MayNotUnseal, match="waits for a second"):
        open_seals(unsealing_id=asked.id, halves=halves(keys), now=square.now)
    answer(unsealing_id=asked.id, agrees=True, by=sam.id, now=square.now)
    with pytest.raises(KeyLost, match="1 of the 2 halves"):
        open_seals(unsealing_id=asked.id, halves=halves(keys)[:1], now=square.now)
    opened = open_seals(unsealing_id=asked.id, halves=halves(keys), now=square.now)
    assert opened.count == 2 and not opened.failed and PICTURE[:50] not in opened.package
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(opened.package, [reader]))) as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
        (name,) = (one["name"] for one in manifest["files"] if one["copy"] == "evidence")
        assert tar.extractfile(name).read() == PICTURE  # type: ignore[union-attr]
    assert manifest["purpose"] == "for the court, 2026-77" and manifest["ledger"]
    told = EntryBody.objects.filter(event="evidence.read").values_list("body", flat=True)
    assert len(told) == 2 and all('"for":"seal"' in one for one in told)
    with pytest.raises((MayNotUnseal, NotWaiting)):
        open_seals(unsealing_id=asked.id, halves=halves(keys), now=square.now)


def test_evidence_stays_as_long_as_anything_asks_for_it_and_no_longer(
    case: Case, square: Stage, keys: Path
) -> None:
    assert custody.retention_of(case).until is None  # not decided
    square.remove(case, square.staff("Rae"))
    case.refresh_from_db()
    assert custody.retention_of(case).until is None  # a CyberTip is owed
    deadlines.set_clocks(case, _floor(case, square), now=square.now)
    case.deadlines.exclude(stops="time_passed").update(met_at=square.now)
    square.later(timedelta(days=200))
    assert retain_evidence(now=square.now) == 0  # past the dispute, inside the year
    ola = square.staff("Olga", Role.LIAISON)
    placed = hold(case_id=case.id, reason="court order 77", by=ola.id, now=square.now)
    square.later(YEAR)
    assert retain_evidence(now=square.now) == 0  # held
    with pytest.raises(MayNotHold):
        lift(hold_id=placed.id, by=square.staff("Uri").id, now=square.now)
    lift(hold_id=placed.id, by=ola.id, now=square.now)
    name = evidence(case).name
    assert retain_evidence(now=square.now) == 2  # file and context; the review copy went before
    assert retain_evidence(now=square.now) == 0
    assert not KeyWrapping.objects.exists() and evidence(case).state == "destroyed"
    assert name in wiring.vault().names()
    erase_destroyed(now=square.now)
    assert name not in wiring.vault().names()
    with pytest.raises(NotPreserved):
        read(case, square)


def _floor(case: Case, square: Stage) -> list[clocks.Clock]:
    return [
        one
        for one in clocks.of_case(
            case, event=Event.CYBERTIP_FINISHED, cause="filing:1", at=square.now
        )
        if one.id == "us.2258a.preserve"
    ]


def read(case: Case, square: Stage) -> bytes:
    assert case.file_id
    found = bytes_for_filing(case_id=case.id, file_id=case.file_id, purpose="test", now=square.now)
    return found.body


def test_a_lawful_request_to_destroy_needs_two_people_and_no_hold(
    case: Case, square: Stage, keys: Path
) -> None:
    ola, sam = square.staff("Olga", Role.LIAISON), square.staff("Sam", Role.SENIOR)
    placed = hold(case_id=case.id, reason="a letter", by=ola.id, now=square.now)
    purpose = "asked by the agency, 18 U.S.C. 2258B(c)(2)"
    asked = ask(case_id=case.id, what="destroy", purpose=purpose, by=ola.id, now=square.now)
    with pytest.raises(MayNotUnseal, match="legal hold"):
        answer(unsealing_id=asked.id, agrees=True, by=sam.id, now=square.now)
    lift(hold_id=placed.id, by=ola.id, now=square.now)
    answer(unsealing_id=asked.id, agrees=True, by=sam.id, now=square.now)
    assert not KeyWrapping.objects.exists() and entries("evidence.destroyed") == 3


def test_rotation_moves_everything_and_a_lost_key_of_the_filer_is_made_up_by_two_people(
    case: Case, square: Stage, keys: Path
) -> None:
    old = (keys / "filer.key").read_text()
    done = rotate_keys(purpose=Purpose.FILING, now=square.now)
    assert (done.moved, done.forgotten, done.failed) == (2, 1, ())
    assert old not in (keys / "filer.key").read_text() and read(case, square) == PICTURE
    (keys / "filer.key").unlink()
    with pytest.raises(KeyLost, match=r"filer\.key"):
        rotate_keys(purpose=Purpose.FILING, now=square.now)
    with pytest.raises(NotPreserved, match="key is lost"):
        read(case, square)
    before = halves(keys)
    rotate_keys(purpose=Purpose.FILING, halves=before, now=square.now)
    assert read(case, square) == PICTURE
    assert rotate_keys(purpose=Purpose.SEAL, halves=before, now=square.now).moved == 2
    assert halves(keys) != before
    found = drill(at_most=10, halves=halves(keys), now=square.now)
    assert (found.opened, found.by_seal, found.failed) == (2, 2, ())
    assert entries("vault.rotated") == 3 and entries("vault.drilled") == 1


def test_the_drill_and_the_sweep_name_what_is_wrong(case: Case, square: Stage, keys: Path) -> None:
    path = Path(django_settings.HEED_VAULT_DIR) / evidence(case).name
    whole = path.read_bytes()
    path.write_bytes(whole[:50] + bytes([whole[50] ^ 1]) + whole[51:])
    assert check_vault(now=square.now) == 0  # seen whole a moment ago
    square.later(timedelta(days=8))
    assert check_vault(now=square.now) == 1
    state = vault_state(now=square.now)
    assert [one.reason for one in state.trouble] == ["the sealed bytes were altered"]
    assert state.keys == {"review": True, "filing": True, "seal": True} and not state.unknown
    wiring.vault().put("evidence/zz/stray.age", b"?")
    assert vault_state(now=square.now).unknown == ("evidence/zz/stray.age",)


def test_removal_without_evidence_is_a_decision(
    keys: Path, square: Stage, platform: StandInPlatform, decoder: None
) -> None:
    from tests.flows.stage import picture

    square.post("b", one := picture("b"))
    square.hear(gil(square.url("b")))
    case = square.case(one)
    preserve(case_id=case.id, now=square.now)  # the platform has no such file
    rae = square.staff("Rae")
    with pytest.raises(MayNotDecide, match="evidence could not be kept"):
        square.remove(case, rae)
    assert square.seen("b") == ["hidden"]
    square.remove(case, rae, without_evidence=True)
    assert square.seen("b") == ["removed"]
