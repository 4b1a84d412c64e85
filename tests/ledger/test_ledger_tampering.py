"""One changed byte anywhere in the stored log is found, and the place is named."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heed.ledger import outside, queries, services
from heed.ledger.audit import Finding, verify_log
from heed.ledger.export import NothingToExport, export_log
from heed.ledger.exported import ExportedLog, ExportUnreadable
from heed.ledger.models import (
    BatchItems,
    Checkpoint,
    Entry,
    EntryBody,
    Origin,
    Place,
    Tile,
    Waiting,
)

pytestmark = pytest.mark.django_db
SIZE = 300

tries = settings(
    max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.fixture
def log(now: datetime, db: None) -> None:
    """300 entries under three checkpoints, one full tile; some batches, some bodies erased."""
    for start, end in ((0, 100), (100, 260), (260, SIZE)):
        with transaction.atomic():
            for number in range(start, end):
                enter_one(number, now)
        services.sequence(now=now + timedelta(seconds=end))


def enter_one(number: int, now: datetime) -> None:
    batch = [f"item {n}" for n in range(5)] if number % 50 == 49 else None
    body = {"n": number, "text": "\u00e9\n"}
    entry_id = services.enter(
        "copies.found", subject=f"case:{number}", body=body, at=now, batch=batch
    )
    if number % 20 == 0:
        services.erase([entry_id])


def findings() -> list[Finding]:
    return verify_log(queries.DatabaseLog()).findings


def flip_bytes(value: bytes, data: st.DataObject) -> bytes:
    at, by = data.draw(st.integers(0, len(value) - 1)), data.draw(st.integers(1, 255))
    return value[:at] + bytes([value[at] ^ by]) + value[at + 1 :]


def flip_text(value: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.characters(codec="utf-8", exclude_characters=value[at] + "\0"))
    return value[:at] + letter + value[at + 1 :]


def other_time(value: datetime, data: st.DataObject) -> datetime:
    return value + timedelta(microseconds=data.draw(st.integers(1, 10**9)))


def flipped(value: object, data: st.DataObject) -> object:
    match value:
        case bytes() | memoryview():
            return flip_bytes(bytes(value), data)
        case str():
            return flip_text(value, data)
        case datetime():
            return other_time(value, data)
        case int():
            return value + data.draw(st.integers(SIZE, 2**30))  # where no other row can be
    raise AssertionError(value)


def entry_of(row: models.Model) -> str:
    entry_id = row.pk if isinstance(row, Entry) else getattr(row, "entry_id")  # noqa: B009
    return f"entry {Place.objects.get(entry_id=entry_id).index}"


def tile_of(row: models.Model) -> str:
    assert isinstance(row, Tile)
    return f"tile {row.level}/{row.index}"


def seal_of(row: models.Model) -> str:
    assert isinstance(row, Checkpoint)
    return f"checkpoint of {row.size} entries"


COLUMNS: list[tuple[type[models.Model], str, Callable[[models.Model], str]]] = [
    (Entry, "leaf", entry_of),
    (EntryBody, "event", entry_of),
    (EntryBody, "subject", entry_of),
    (EntryBody, "body", entry_of),
    (EntryBody, "salt", entry_of),
    (EntryBody, "at", entry_of),
    (BatchItems, "items", entry_of),
    (BatchItems, "salt", entry_of),
    (Place, "index", entry_of),
    (Place, "leaf_hash", entry_of),
    (Tile, "hashes", tile_of),
    (Tile, "root", tile_of),
    (Tile, "level", tile_of),
    (Tile, "index", tile_of),
    (Checkpoint, "root", seal_of),
    (Checkpoint, "note", seal_of),
    (Checkpoint, "made_at", seal_of),
]


def change(model: type[models.Model], column: str, data: st.DataObject) -> models.Model:
    rows = list(model._default_manager.order_by("pk"))
    row = data.draw(st.sampled_from(rows))
    value = flipped(getattr(row, column), data)
    if column == "level":
        value = 1 + int(str(value)) % 60
    model._default_manager.filter(pk=row.pk).update(**{column: value})
    return row


def test_one_changed_byte_is_found_and_its_place_is_named(log: None) -> None:
    for model, column, place in COLUMNS:
        _changed_in(model, column, {row.pk: place(row) for row in model._default_manager.all()})


def _changed_in(model: type[models.Model], column: str, before: dict[Any, str]) -> None:
    @settings(tries, max_examples=4)
    @given(data=st.data())
    def found(data: st.DataObject) -> None:
        with transaction.atomic():
            row = change(model, column, data)
            named = {finding.where for finding in findings()}
            assert before[row.pk] in named, f"{model.__name__}.{column}"
            transaction.set_rollback(True)

    found()


def test_an_unchanged_log_has_no_findings(log: None) -> None:
    verdict = verify_log(queries.DatabaseLog(), queries.vkeys()[0])
    assert verdict.findings == []
    assert (verdict.entries, verdict.opened, verdict.tiles, verdict.checkpoints) == (300, 285, 1, 3)
    assert verdict.erased == 15


def test_what_was_taken_out_beside_the_tree_is_named(log: None) -> None:
    some = BatchItems.objects.all()[0]
    place = f"entry {some.entry.place.index}"
    some.delete()
    Checkpoint.objects.filter(size=100).delete()
    assert {finding.where for finding in findings()} == {
        place, "checkpoint of 100 entries kept outside",
    }  # fmt: skip


@tries
@given(data=st.data())
def test_a_changed_size_of_a_checkpoint_is_found(log: None, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 400).filter(lambda n: n not in (100, 260, SIZE)))
    with transaction.atomic():
        Checkpoint.objects.filter(size=data.draw(st.sampled_from([100, 260, SIZE]))).update(
            size=size
        )
        assert f"checkpoint of {size} entries" in {finding.where for finding in findings()}
        transaction.set_rollback(True)


@tries
@given(data=st.data())
def test_two_entries_that_changed_places_are_found(log: None, data: st.DataObject) -> None:
    one, other = data.draw(st.lists(st.integers(0, 299), min_size=2, max_size=2, unique=True))
    with transaction.atomic():
        Place.objects.filter(index=one).update(index=-1 + SIZE * 2)
        Place.objects.filter(index=other).update(index=one)
        Place.objects.filter(index=SIZE * 2 - 1).update(index=other)
        places = Place.objects.filter(index__in=[one, other]).order_by("index")
        hashes = [bytes(place.leaf_hash) for place in places]
        assert len(hashes) == 2
        assert findings()
        transaction.set_rollback(True)


@pytest.mark.parametrize("model", [Place, Tile])
@tries
@given(data=st.data())
def test_a_row_that_was_taken_out_is_missed(
    log: None, model: type[models.Model], data: st.DataObject
) -> None:
    with transaction.atomic():
        data.draw(st.sampled_from(list(model._default_manager.all()))).delete()
        assert findings()
        transaction.set_rollback(True)


def test_an_entry_that_was_kept_from_the_log_is_named(log: None, now: datetime) -> None:
    entry_id = services.enter("case.opened", subject="c", body={}, at=now)
    assert findings() == []
    Waiting.objects.all().delete()
    assert [finding.where for finding in findings()] == [f"entry {entry_id}"]


def test_a_changed_key_is_found(log: None) -> None:
    Origin.objects.update(vkey=queries.vkeys()[0][:-4] + "AAA=")
    assert "key of heed.example/log" in {finding.where for finding in findings()}


def test_a_log_of_another_key_is_not_the_one_that_was_asked_for(log: None) -> None:
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert not verify_log(queries.DatabaseLog(), other).good


def test_a_whole_log_that_was_written_anew_differs_from_what_was_kept_outside(
    log: None, now: datetime
) -> None:
    for model in (Checkpoint, Tile, Place, BatchItems, EntryBody, Waiting, Entry):
        model._default_manager.all().delete()
    kept = outside.directory().rename(outside.directory().with_name("kept"))
    with transaction.atomic():
        for number in range(SIZE):
            services.enter("copies.found", subject="c", body={"n": number}, at=now)
    services.sequence(now=now)
    assert findings() == []
    shutil.rmtree(outside.directory())
    kept.rename(outside.directory())
    assert {finding.where for finding in findings()} == {
        "checkpoint of 300 entries kept outside",
    } | {f"checkpoint of {size} entries kept outside" for size in (100, 260)}


def test_an_exported_log_can_be_checked_without_a_database(log: None, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    assert export_log(folder) == SIZE
    verdict = verify_log(ExportedLog(folder), queries.vkeys()[0])
    assert verdict.findings == []
    assert (verdict.entries, verdict.tiles, verdict.checkpoints) == (300, 3, 3)
    assert (folder / "tile/entries/001.p/44").exists()
    assert (folder / "tile/1/000.p/1").exists()


@tries
@given(data=st.data())
def test_one_changed_byte_of_an_exported_log_is_found(
    log: None, tmp_path: Path, data: st.DataObject
) -> None:
    folder = tmp_path / "export"
    export_log(folder)
    files = sorted(f for f in folder.rglob("*") if f.is_file() and f.name != "key")
    file = data.draw(st.sampled_from(files))
    file.write_bytes(flip_bytes(file.read_bytes(), data))
    try:
        assert verify_log(ExportedLog(folder)).findings
    except ExportUnreadable as refused:
        assert str(folder) in str(refused)


def test_an_empty_log_can_not_be_exported_and_has_nothing_wrong(tmp_path: Path) -> None:
    with pytest.raises(NothingToExport):
        export_log(tmp_path)
    assert verify_log(queries.DatabaseLog()).good
    with pytest.raises(ExportUnreadable):
        ExportedLog(tmp_path)


def test_notes_are_kept_as_json_lines(log: None) -> None:
    lines = (outside.directory() / "history").read_text().splitlines()
    assert [json.loads(line) for line in lines] == outside.history()
