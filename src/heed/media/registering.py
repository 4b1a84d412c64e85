"""Writing down what a platform says it has, thousands of items at once.

Rows go to the database as one JSON document for each table: ten times fewer steps in Python than
the ORM's, and one statement to be planned.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from heed.ids import mint
from heed.media import registering_sql as sql
from heed.media import uploaders
from heed.media.models import File, ItemFile, Platform
from heed.media.spellings import spellings
from heed.media.uploaders import UploaderIn


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIn:
    """A file as a platform names it: by SHA-256 of bytes checked before, URL, or signals."""

    sha256: bytes | None = None
    url: str = ""
    preview_url: str = ""
    md5: bytes | None = None
    sha1: bytes | None = None
    pdq: bytes | None = None
    pdq_quality: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemIn:
    """An item as a platform names it."""

    ref: str
    url: str
    kind: str = "post"
    account_ref: str = ""
    reshare_of: str = ""
    published_at: datetime | None = None
    views: int = 0
    text: str = ""
    files: tuple[FileIn, ...] | None = None  # None: nothing said about files
    registered_by: str = "platform"
    is_there: bool = True  # False: what is said of it does not say that it is published (again)
    uploader: UploaderIn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of one row."""

    item_id: UUID
    ref: str
    status: str  # registered | known | changed
    visibility: str
    revision: int


@dataclass(slots=True, kw_only=True)
class _Known:
    """An item as it stands in the database."""

    id: UUID
    ref: str
    url: str
    kind: str
    views: int
    text: str
    reshare_of_ref: str
    registered_by: str
    account: str
    published_at: datetime | None
    deleted: bool
    desired: str
    revision: int


@dataclass(slots=True, kw_only=True)
class _Place:
    """A file's place in an item, as it stands in the database."""

    id: UUID
    item_id: UUID
    position: int
    file_id: UUID | None
    url: str
    preview_url: str


@dataclass(slots=True)
class _Batch:
    """One batch on its way into the database."""

    platform: Platform
    now: datetime
    transaction: int
    wanted: dict[str, ItemIn]
    items: dict[str, _Known] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)


def transaction_id() -> int:
    """This transaction's id: rows marked with it can be swept in the order of commits."""
    return int(_asked("SELECT pg_current_xact_id()::text::bigint", [])[0][0])


def register(platform: Platform, rows: Sequence[ItemIn], *, now: datetime) -> list[Registered]:
    """Write a batch of items down; repeating it changes nothing.

    A later row of the same ref wins. Must run in a transaction; after it, `orphans.adopt` lets
    reshares find parents of the same batch, or of one that was written at the same time.
    """
    batch = _Batch(platform, now, transaction_id(), {row.ref: row for row in rows})
    batch.items = _known(platform, batch.wanted)
    _change_known(batch)
    _add_new(batch)
    _place_files(batch)
    told = {batch.items[ref].id: row.uploader for ref, row in batch.wanted.items() if row.uploader}
    if told:
        uploaders.keep(told, now=now)
    return [
        Registered(
            item_id=batch.items[ref].id,
            ref=ref,
            status=batch.status[ref],
            visibility=batch.items[ref].desired,
            revision=batch.items[ref].revision,
        )
        for ref in batch.wanted
    ]


def _asked(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _known(platform: Platform, refs: Iterable[str]) -> dict[str, _Known]:
    names = _Known.__slots__
    rows = _asked(sql.KNOWN, [platform.id, list(refs)])
    found = [_Known(**dict(zip(names, row, strict=True))) for row in rows]
    return {item.ref: item for item in found}


# ---------------------------------------------------------------- items


def _change_known(batch: _Batch) -> None:
    changed = []
    for ref, item in batch.items.items():
        row = batch.wanted[ref]
        batch.status[ref] = "known"
        if said := _news(item, row):
            batch.status[ref] = "changed"
            changed.append({"id": str(item.id), **said})
    if changed:
        _write_changes(batch, changed)


def _write_changes(batch: _Batch, changed: Sequence[dict[str, Any]]) -> None:
    _asked(sql.LOCK, [[one["id"] for one in changed]])
    _add_accounts(batch.platform, {one["account"] for one in changed if one["account"]})
    rows = json.dumps(changed, default=datetime.isoformat)
    facts = {"platform": batch.platform.id, "now": batch.now, "transaction": batch.transaction}
    _asked(sql.CHANGE, {**facts, "rows": rows})
    if moved := [one for one in changed if one["former"]]:
        _asked(sql.KEEP_FORMER, [json.dumps(moved, default=datetime.isoformat)])


def _news(item: _Known, row: ItemIn) -> dict[str, Any]:
    """What the row says that differs; views only ever grow. Empty when there is nothing new.

    What a platform leaves out stays as it was.
    """
    by_platform = row.registered_by == "platform"
    said = {
        "url": row.url if by_platform else item.url,
        "account": (by_platform and row.account_ref) or item.account,
        "published_at": (by_platform and row.published_at) or item.published_at,
        "deleted": item.deleted and not (by_platform and row.is_there),
        "views": max(item.views, row.views),
        "text": row.text or item.text,
        "reshare_of_ref": (by_platform and row.reshare_of) or item.reshare_of_ref,
        "registered_by": "platform" if by_platform else item.registered_by,
        "kind": row.kind if by_platform else item.kind,
    }
    different = [name for name, value in said.items() if value != getattr(item, name)]
    if not different or different == ["kind"]:
        return {}
    former = item.url if "url" in different else ""
    moved = bool(former) and former not in spellings(row.url)
    return {**said, "former": former, "moved": moved, "to_be_swept": different != ["views"]}


def _add_new(batch: _Batch) -> None:
    new = [row for ref, row in batch.wanted.items() if ref not in batch.items]
    if not new:
        return
    _add_accounts(batch.platform, {row.account_ref for row in new if row.account_ref})
    ids = {row.ref: mint() for row in new}
    rows = [_new_item(row, ids[row.ref]) for row in sorted(new, key=lambda row: row.ref)]
    facts = {"platform": batch.platform.id, "now": batch.now, "transaction": batch.transaction}
    _asked(sql.ADD_ITEMS, {**facts, "rows": json.dumps(rows)})
    batch.items |= _known(batch.platform, ids)  # another door may have been first
    for ref, item_id in ids.items():
        batch.status[ref] = "registered" if batch.items[ref].id == item_id else "known"


def _add_accounts(platform: Platform, refs: set[str]) -> None:
    known = {row[0] for row in _asked(sql.KNOWN_ACCOUNTS, [platform.id, list(refs)])}
    new = [{"id": str(mint()), "ref": ref} for ref in sorted(refs - known)]
    if new:
        _asked(sql.ADD_ACCOUNTS, [platform.id, json.dumps(new)])


def _new_item(row: ItemIn, item_id: UUID) -> dict[str, Any]:
    return {
        "id": str(item_id),
        "ref": row.ref,
        "url": row.url,
        "kind": row.kind,
        "account": row.account_ref,
        "reshare_of_ref": row.reshare_of,
        "text": row.text,
        "published_at": row.published_at.isoformat() if row.published_at else None,
        "registered_by": row.registered_by,
        "views": row.views,
    }


# ---------------------------------------------------------------- files


def _place_files(batch: _Batch) -> None:
    rows = {ref: row.files for ref, row in batch.wanted.items() if row.files}
    if not rows:
        return
    files = _files_named(batch, [one for many in rows.values() for one in many])
    old = _places(batch, rows)
    fresh, moved = [], []
    for ref, named in rows.items():
        for position, one in enumerate(named):
            file_id = files.get(one.sha256) if one.sha256 else None
            was = old.get((batch.items[ref].id, position))
            if was is None:
                fresh.append(_new_place(batch.items[ref].id, position, one, file_id))
            elif _is_other(was, one, file_id):
                moved.append(_moved(was, one, file_id))
    _asked(sql.ADD_PLACES, [json.dumps(fresh)])
    if moved:
        _move(moved)
    _say_changed(batch, [*(place["item_id"] for place in fresh), *(p.item_id for p in moved)])


def _places(batch: _Batch, refs: Iterable[str]) -> dict[tuple[UUID, int], _Place]:
    """Where files stand already; nothing stands yet at an item that this batch made."""
    old = [batch.items[ref].id for ref in refs if batch.status[ref] != "registered"]
    rows = _asked(sql.KNOWN_PLACES, [old]) if old else []
    found = [_Place(**dict(zip(_Place.__slots__, row, strict=True))) for row in rows]
    return {(place.item_id, place.position): place for place in found}


def _new_place(item_id: UUID, position: int, one: FileIn, file_id: UUID | None) -> dict[str, Any]:
    return {
        "id": str(mint()),
        "item_id": str(item_id),
        "position": position,
        "file_id": str(file_id) if file_id else None,
        "url": one.url,
        "preview_url": one.preview_url,
        "state": _state(file_id),
    }


def _state(file_id: UUID | None) -> str:
    return (ItemFile.State.KNOWN if file_id else ItemFile.State.WAITING).value


def _is_other(was: _Place, now: FileIn, file_id: UUID | None) -> bool:
    """Another file stands at this place than the one we knew."""
    same_file = file_id is None or was.file_id == file_id
    return not same_file or was.url != (now.url or was.url)


def _moved(was: _Place, now: FileIn, file_id: UUID | None) -> ItemFile:
    return ItemFile(
        id=was.id,
        item_id=was.item_id,
        position=was.position,
        file_id=file_id,
        url=now.url or was.url,
        preview_url=now.preview_url or was.preview_url,
        state=_state(file_id),
    )


def _move(moved: Sequence[ItemFile]) -> None:
    fields = ["file", "url", "preview_url", "state", "retry_at", "tries"]
    ItemFile.objects.bulk_update(moved, fields, batch_size=500)


def _say_changed(batch: _Batch, item_ids: Iterable[UUID | str]) -> None:
    """Known items that carry other files now, or more, are to be compared again."""
    touched = {str(item_id) for item_id in item_ids}
    known = [ref for ref, status in batch.status.items() if status != "registered"]
    again = [ref for ref in known if str(batch.items[ref].id) in touched]
    if again:
        batch.status |= dict.fromkeys(again, "changed")
        _asked(sql.SWEEP_AGAIN, [batch.transaction, [batch.items[ref].id for ref in again]])


def _files_named(batch: _Batch, named: Iterable[FileIn]) -> dict[bytes, UUID]:
    """Ids of the files named by hash, making those of which we are told and can't fetch bytes."""
    wanted = {one.sha256: one for one in named if one.sha256}
    ids = _known_files(batch.platform, list(wanted))
    told = [one for sha256, one in wanted.items() if sha256 not in ids and not one.url]
    return ids | _keep_told(batch.platform, told, batch.now) if told else ids


def _known_files(platform: Platform, sha256s: list[bytes]) -> dict[bytes, UUID]:
    rows = _asked(sql.KNOWN_FILES, {"sha256s": sha256s, "platform": platform.id})
    return {bytes(sha256): file_id for sha256, file_id in rows}


def _keep_told(platform: Platform, told: Sequence[FileIn], now: datetime) -> dict[bytes, UUID]:
    rows = [_told_row(one) for one in sorted(told, key=lambda one: one.sha256 or b"")]
    _asked(sql.ADD_TOLD, {"now": now, "platform": platform.id, "rows": json.dumps(rows)})
    return _known_files(platform, [one.sha256 for one in told if one.sha256])


def _told_row(one: FileIn) -> dict[str, Any]:
    assert one.sha256 is not None
    return {
        "id": str(mint()),
        "sha256": one.sha256.hex(),
        "md5": one.md5.hex() if one.md5 else None,
        "sha1": one.sha1.hex() if one.sha1 else None,
        "pdq": one.pdq.hex() if one.pdq else None,
        "quality": one.pdq_quality,
    }


def keep_told_signals(platform: Platform, one: FileIn, *, now: datetime) -> File:
    """A file of which a platform told us signals, and no bytes. Repeating changes nothing."""
    assert one.sha256 is not None
    known = _known_files(platform, [one.sha256]) or _keep_told(platform, [one], now)
    return File.objects.get(id=known[one.sha256])
