"""A machine burns down. What was in the backup is back, and nothing is told that is not so."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import transaction
from pyrage import x25519
from pytest_django import Settings

from heed.filings import forgotten
from heed.filings.models import KeyWrapping, SealedObject, Tip
from heed.flows import continue_log, go_live, take_up_restored, wiring
from heed.flows.note_backup import note_backup
from heed.flows.shared import evidence
from heed.ids import mint
from heed.instance import database
from heed.instance.addresses import Urls
from heed.instance.backup import dump, examining, make, recovery, rota, scratch, shelves
from heed.instance.backup.archive import Part, WrongIdentity
from heed.instance.backup.contents import Progress
from heed.instance.backup.manifest import Manifest
from heed.instance.backup.restore import NotEmpty, restore
from heed.instance.backup.scratch import NotRestorable
from heed.instance.backup.unpacking import Unpacked
from heed.instance.place import Place
from heed.ledger import outside, queries
from heed.ledger import services as ledger
from heed.ledger.signing import RestoredUntold, check_now
from heed.media.models import Item
from heed.outbox.models import StateTelling
from heed.rules.visibility import Visibility
from heed.worker import run
from heed.worker.sweeps import SWEEPS
from tests.flows.stage import Stage
from tests.flows.stage import picture as drawn
from tests.people import gil

NOW = datetime.now(UTC)
KEPT = timedelta(days=35)
PICTURE = drawn("holiday")


@pytest.fixture
def here(settings: Settings) -> Iterator[Place]:
    """This instance, with a vault of its own."""
    wiring.vault.cache_clear()
    yield Place(Path(settings.HEED_VAR))
    shutil.rmtree(settings.HEED_VAULT_DIR, ignore_errors=True)
    wiring.vault.cache_clear()


@pytest.fixture
def elsewhere() -> Iterator[Place]:
    """Another machine, which has nothing."""
    directory = Path(tempfile.mkdtemp(dir=os.environ["HEED_TEST_RUN"]))
    directory.chmod(0o755)
    yield Place(directory / "var")
    shutil.rmtree(directory)


def town() -> Stage:
    """A child's picture is hidden, its context is sealed, and a tip is on its way."""
    stage = Stage()
    stage.post("a", PICTURE)
    stage.post("b")
    stage.hear(gil(stage.url("a")), then_work=False)
    case = stage.case(PICTURE)
    assert evidence.keep_context(case, lambda: {"drawn": "only"}, now=NOW)
    Tip.objects.create(
        platform_id=stage.platform_id, case_id=case.id, authority="ncmec", document={},
        state=Tip.State.READY, prepared_by=mint(), prepared_at=NOW, due_at=NOW,
    )  # fmt: skip
    ledger.sequence(now=NOW)
    return stage


def destroy_the_context() -> SealedObject:
    sealed = SealedObject.objects.get(copy="context")
    with transaction.atomic():
        evidence.destroy([sealed], why="nothing asks for it any more", now=NOW)
    return sealed


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_what_burnt_is_back_on_another_machine_and_what_was_destroyed_is_not(
    here: Place, elsewhere: Place, database_url: str, tmp_path: Path
) -> None:
    town()
    secret, shelf = recovery.make(here), shelves.Directory(tmp_path / "disk")
    urls, said = Urls(owner=database_url, app=database_url), list[str]()
    made = make.make(
        here, urls, shelf, checked=True, vault_apart=False, kept_within=KEPT,
        progress=Progress(said.append), now=NOW,
    )  # fmt: skip
    assert made.note.found.startswith("restored; Log 127.0.0.1:8000/log: as it was signed")
    assert "1 objects of the vault are there" in made.note.found
    assert not (here.var / "scratch").exists() and len(said) >= 4
    sealed = destroy_the_context()  # after the backup
    ledger.sequence(now=NOW)
    (lying,) = shelf.all()
    assert lying.note == made.note and not made.left_out and not made.missing

    with pytest.raises(WrongIdentity):
        restore(
            shelf.root / made.name, [x25519.Identity.generate()], elsewhere,
            checkpoints=None, progress=Progress(),
        )  # fmt: skip
    database.check_whole(elsewhere)  # as empty as before
    done = restore(
        shelf.root / made.name, [x25519.Identity.from_str(secret)], elsewhere,
        checkpoints=here.var / "checkpoints", progress=Progress(),
    )  # fmt: skip
    assert done.taken_up["lost"] == 1 and done.taken_up["destroyed"] == 1
    assert done.taken_up["tips"] == 1
    same = ("log.key", "vault/filer.key", "vault/seal-a.pub", "recovery.pub")
    assert all((elsewhere.keys / n).read_bytes() == (here.keys / n).read_bytes() for n in same)
    assert not (elsewhere.keys / "vault" / "seal-a.key").exists()
    with database.own(elsewhere, at_least=15) as there, psycopg.connect(there.owner) as asked:
        wrapped = asked.execute("SELECT count(*) FROM filings_keywrapping").fetchone()
        assert wrapped == (0,) and KeyWrapping.objects.filter(sealed=sealed).count() == 0
        assert asked.execute("SELECT desired FROM media_item WHERE ref = 'a'").fetchone() == (
            "hidden",
        )
        assert asked.execute("SELECT count(*) FROM django_session").fetchone() == (0,)
    with pytest.raises(NotEmpty, match="--into"):
        restore(shelf.root / made.name, [], elsewhere, checkpoints=None, progress=Progress())


@pytest.mark.django_db(transaction=True)
def test_a_restored_instance_signs_nothing_and_tells_nobody_until_it_is_told_to(
    here: Place,
) -> None:
    stage = town()
    forgotten.note([destroy_the_context().id], at=NOW)
    told_before = stage.item("a").revision
    found = take_up_restored.take_up_restored(backup_made_at=NOW, now=NOW)
    assert (found.lost, found.known, found.tips) == (0, False, 1)
    tip = Tip.objects.get()
    assert tip.state == Tip.State.STALLED and "ask the authority" in tip.trouble
    assert queries.is_quiet()
    with pytest.raises(RestoredUntold, match="heed log go-on"):
        check_now()
    with pytest.raises(RestoredUntold):
        ledger.sequence(now=NOW)
    before = queries.published_size()
    assert continue_log.go_on(now=NOW) == queries.published_size() > before
    check_now()
    assert queries.is_quiet()  # to sign is one thing, to speak another
    assert go_live.go_live(now=NOW) == 1
    telling = StateTelling.objects.get()
    assert telling.visibility == Visibility.HIDDEN and telling.due_at
    assert telling.revision == stage.item("a").revision > told_before + 1_000_000
    assert not queries.is_quiet() and stage.item("b").revision == 0
    with pytest.raises(go_live.NothingHeldBack):
        go_live.go_live(now=NOW)
    stage.hear(gil(stage.url("b"), words="b too"), then_work=False)
    assert stage.item("b").revision > 1_000_000  # never below what was told and is forgotten


@pytest.mark.django_db(transaction=True)
def test_a_vault_that_is_not_what_the_database_says_makes_no_backup(
    here: Place, database_url: str, tmp_path: Path
) -> None:
    town()
    with dump.moment(database_url) as facts:
        (name,) = facts.objects
    parts = {f"vault/{name}": Part(1, "00")}
    said = Manifest(
        instance="", heed="", made_at=NOW, server_major=15, dumped_by=15, database_bytes=0,
        migrations=(), log_size=0, checkpoint="", vault_apart=False, objects=facts.objects,
        missing=(), left_out=(), parts=parts,
    )  # fmt: skip
    with pytest.raises(NotRestorable, match="not what the database says"):
        scratch._objects(database_url, Unpacked(tmp_path, said))
    parts.clear()
    with pytest.raises(NotRestorable, match="the backup has it not"):
        scratch._objects(database_url, Unpacked(tmp_path, said))
    assert scratch._objects(database_url, Unpacked(tmp_path, replace(said, vault_apart=True))) == 0


def test_what_is_quiet_speaks_to_nobody() -> None:
    quiet = {sweep.run.__name__ for sweep in SWEEPS if sweep.quiet}
    assert quiet == {
        "seal_ledger", "tend_index", "sweep_in_turn", "sweep_banks", "take_up_jobs",
        "learn_what_shows",
    }  # fmt: skip
    assert [queues for queues, _ in run.QUIET] == [["work"], ["behind"]]


def test_a_backup_is_made_when_one_is_due_and_not_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEED_BACKUP_TO", str(tmp_path / "disk"))
    monkeypatch.setattr(rota, "LOOK_EVERY_SECONDS", 0.01)
    made, twice = list[str](), threading.Event()

    def makes(*_: object) -> bool:
        made.append(name := make.backups.name_of(datetime.now(UTC)))
        shelves.Directory(tmp_path / "disk").writing(name).rename(tmp_path / "disk" / name)
        twice.set()
        return True

    monkeypatch.setattr(rota, "_made", makes)
    monkeypatch.setattr(shelves.Directory, "writing", lambda self, name: _touched(self.root, name))
    with rota.beside(Place(tmp_path), {}, lambda *_: None):
        assert twice.wait(60)
        threading.Event().wait(0.1)  # it looks some times more
    assert len(made) == 1
    monkeypatch.setenv("HEED_BACKUP_AT", "half past three")
    with pytest.raises(rota.NoSuchHour, match="03:30"), rota.beside(Place(tmp_path), {}, print):
        pass


def _touched(root: Path, name: str) -> Path:
    root.mkdir(exist_ok=True)
    (root / f".{name}").touch()
    return root / f".{name}"


@pytest.mark.django_db(transaction=True)
def test_a_release_that_was_not_delivered_waits_for_a_person(here: Place) -> None:
    stage = town()
    StateTelling.objects.update(visibility="visible")
    Item.objects.update(desired="visible")
    take_up_restored.take_up_restored(backup_made_at=NOW, now=NOW)
    assert go_live.go_live(now=NOW) == 0
    telling = StateTelling.objects.get()
    assert telling.due_at is None and telling.dead_at and telling.last_error == "restored"
    assert stage.item("a").desired == "visible"


@pytest.mark.django_db(transaction=True)
def test_a_newer_checkpoint_from_elsewhere_makes_the_log_begin_anew(here: Place) -> None:
    town()
    take_up_restored.take_up_restored(backup_made_at=NOW, now=NOW)
    backup = (here.var / "checkpoints").rename(here.var / "kept-elsewhere")
    continue_log.go_on(now=NOW)
    newest = queries.latest_note()
    shutil.rmtree(here.var / "checkpoints")
    backup.rename(here.var / "checkpoints")
    assert newest is not None
    # The same database as before those entries, as a backup would have it.
    with transaction.atomic():
        from heed.ledger.models import Checkpoint, Entry, EntryBody, Restoration
        from heed.ledger.models import Place as Spot

        size = outside.newest()[queries.DatabaseLog().vkeys().popitem()[0]].size
        lost = list(Spot.objects.filter(index__gte=size).values_list("entry_id", flat=True))
        Checkpoint.objects.filter(size__gt=size).delete()
        Spot.objects.filter(index__gte=size).delete()
        EntryBody.objects.filter(entry_id__in=lost).delete()
        Entry.objects.filter(id__in=lost).delete()
        Restoration.objects.update(may_sign_at=None)
    with pytest.raises(continue_log.NotACheckpoint):
        forged = newest.replace(newest.split("\n")[2], "A" * 43 + "=")  # another root
        continue_log.take_in(checkpoints=[forged], now=NOW)
    assert continue_log.take_in(checkpoints=[newest], now=NOW) == size + len(lost)
    with pytest.raises(continue_log.MoreWasSigned, match="begin-anew"):
        continue_log.go_on(now=NOW)
    assert continue_log.begin_anew(name="town.example/log-2", now=NOW) == len(lost)
    check_now()
    with pytest.raises(continue_log.NothingToSay):
        continue_log.go_on(now=NOW)


@pytest.mark.django_db(transaction=True)
def test_what_no_backup_can_bring_back_any_more_is_not_remembered(here: Place) -> None:
    old, young = mint(), mint()
    forgotten.note([old], at=NOW - timedelta(days=40))
    forgotten.note([young], at=NOW)
    note_backup(sha256="00", size_bytes=1, checked=True, kept_within=KEPT, now=NOW)
    assert list(forgotten.known()) == [young]
    assert ledger.sequence(now=NOW) == 1


def test_the_doctor_says_how_old_the_backup_is_and_that_nobody_tried_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path / "var")
    monkeypatch.delenv("HEED_BACKUP_TO", raising=False)

    def said() -> str:
        return "\n".join(
            f"{one.says} -> {one.remedy}" for one in examining.examine(place, NOW, real=True)
        )

    assert "heed backup key" in said()
    recovery.make(place)
    assert "there is none -> heed backup" in said() and "HEED_BACKUP_TO" in said()
    monkeypatch.setenv("HEED_BACKUP_TO", str(tmp_path / "disk"))
    shelf = shelves.named("", place)
    for days in (3, 40):
        half = shelf.writing(name := make.backups.name_of(NOW - timedelta(days=days)))
        half.write_bytes(b"sealed")
        shelf.put(half, name, shelves.Note(made_at="", bytes=6, sha256=""))
    assert "your backup is 3 days old" in said() and "was never restored" in said()
    assert "1 are older than 35 days" in said()
