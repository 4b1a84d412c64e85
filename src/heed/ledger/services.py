"""Writes to the log: enter, sequence, declare anew, forget."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from heed.ids import mint
from heed.ledger import events, merkle, notes, outside, queries, signing
from heed.ledger.events import UnknownEvent
from heed.ledger.keys import CannotSign, signing_key
from heed.ledger.leaves import (
    SALT_BYTES,
    NotCanonical,
    batch_summary,
    canonical,
    commitment,
    encode_leaf,
    plain,
)
from heed.ledger.models import (
    BatchItems,
    Checkpoint,
    EntryBody,
    Origin,
    Place,
    Restoration,
    Tile,
    Waiting,
)
from heed.ledger.signing import KeyDoesNotFit, LogForked, LogIsBehind, OriginUnusable
from heed.ledger.tiles import TileBuilder

__all__ = [
    "BatchKeyTaken",
    "CannotSign",
    "KeyDoesNotFit",
    "LogForked",
    "LogIsBehind",
    "NotCanonical",
    "OriginUnusable",
    "UnknownEvent",
    "declare_origin",
    "enter",
    "erase",
    "go_on",
    "note_live",
    "note_restored",
    "sequence",
]

_AT_ONCE = 5000  # entries placed in one transaction
_SEQUENCER = 0x48656564_00006C67  # the advisory lock of the one sequencer


class BatchKeyTaken(Exception):
    """`batch` in a body is where the batch's root goes. Call the other thing something else."""


def enter(
    event: str,
    *,
    subject: UUID | str,
    body: Mapping[str, Any],
    at: datetime,
    batch: Sequence[str] | None = None,
) -> UUID:
    """Write an entry down in the caller's transaction; it gets its place later. Takes no lock.

    `batch` is for many things done as one: its root goes into the body, its items are kept beside.
    Called twice, there are two entries. Raises `UnknownEvent`, `NotCanonical`, `BatchKeyTaken`.
    """
    kind = events.named(event)
    salt, batch_salt = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(SALT_BYTES)
    told = plain(body)
    if batch is not None:
        if "batch" in told:
            raise BatchKeyTaken(event)
        told["batch"] = batch_summary(batch, batch_salt)
    text, about = canonical(told).decode(), _subject(subject)
    committed = commitment(event=event, subject=about, body=told, at=at, salt=salt)
    entry_id = mint()
    row: dict[str, Any] = {
        "id": entry_id, "leaf": encode_leaf(kind.code, committed),
        "event": event, "subject": about, "body": text, "salt": salt, "at": at,
        "items": None if batch is None else canonical(list(batch)).decode(),
        "batch_salt": batch_salt,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, row)
    return entry_id


# One statement, since several are written for each notice while somebody waits for the answer.
_ENTER = """
WITH leaf AS (INSERT INTO ledger_entry (id, leaf) VALUES (%(id)s, %(leaf)s)),
opened AS (
    INSERT INTO ledger_entrybody (entry_id, event, subject, body, salt, at)
    VALUES (%(id)s, %(event)s, %(subject)s, %(body)s, %(salt)s, %(at)s)
),
batch AS (
    INSERT INTO ledger_batchitems (entry_id, items, salt)
    SELECT %(id)s, %(items)s, %(batch_salt)s WHERE %(items)s IS NOT NULL
)
INSERT INTO ledger_waiting (entry_id) VALUES (%(id)s)
"""


def _subject(subject: UUID | str) -> str:
    text = str(subject)
    if "\0" in text:
        raise NotCanonical("a subject can't hold a NUL")
    return text


def sequence(*, now: datetime) -> int:
    """Give every committed entry that waits its place, and sign; the number of places given.

    1 in one transaction, under the sequencer's lock: places, tiles, checkpoint
    2 keep the checkpoint outside the database
    Both may be repeated, and cut short anywhere. When it returns, what was committed before the
    call is in the log. Raises `LogIsBehind`, `LogForked`, `KeyDoesNotFit`, and then signs nothing.
    """
    placed = 0
    while _something_to_do():
        count = _sequence_some(now)
        placed += count
        if count < _AT_ONCE:
            break
    return placed


def _something_to_do() -> bool:
    if Waiting.objects.exists():
        return True
    last = queries.latest_checkpoint()
    return last is not None and bool(_not_outside(last.origin))


def _not_outside(origin: Origin) -> list[str]:
    kept = outside.newest().get(origin.name)
    return queries.notes_after(origin, kept.size if kept else -1)


def _sequence_some(now: datetime) -> int:
    with transaction.atomic(durable=True):
        _lock()
        key, origin = signing.signer(now=now)
        size = queries.size()
        signing.check(origin, queries.tree(size))
        waiting = list(Waiting.objects.select_related("entry").order_by("id")[:_AT_ONCE])
        if waiting:
            _place(waiting, size)
            _seal(origin, key, size + len(waiting), now)
    # Only after the commit: a checkpoint that lies outside must never be ahead of the database.
    outside.keep(_not_outside(origin))
    return len(waiting)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEQUENCER])


def _place(waiting: Sequence[Waiting], size: int) -> None:
    builder = TileBuilder(size, queries.read_tile)
    places, full = [], []
    for index, row in enumerate(waiting, start=size):
        leaf_hash = merkle.leaf_hash(bytes(row.entry.leaf))
        places.append(Place(index=index, entry_id=row.entry_id, leaf_hash=leaf_hash))
        full += builder.add(leaf_hash)
    Place.objects.bulk_create(places, batch_size=1000)
    Tile.objects.bulk_create(
        [Tile(level=t.level, index=t.index, hashes=t.hashes, root=t.root) for t in full],
        batch_size=100,
    )
    Waiting.objects.filter(id__in=[row.id for row in waiting]).delete()


def _seal(origin: Origin, key: Ed25519PrivateKey, size: int, now: datetime) -> None:
    root = merkle.root_at(queries.tree(size).node, size)
    said = notes.Checkpoint(origin=origin.name, size=size, root=root)
    Checkpoint.objects.create(
        origin=origin,
        size=size,
        root=root,
        note=notes.sign_checkpoint(said, key, at=now),
        made_at=now.replace(microsecond=0),
    )


def declare_origin(new_origin: str, now: datetime) -> Origin:
    """Begin the log anew under another name, after a restore or a change of key; and sign again.

    1 the new name, and an entry that says what was known of the old log
    2 sequence
    Entries that the database still has stay where they are. Raises `OriginUnusable`.
    """
    with transaction.atomic():
        _lock()
        former, kept = queries.current_origin(), outside.newest()
        names = {*kept, *Origin.objects.values_list("name", flat=True)}
        if signing.checked_name(new_origin) in names:
            raise OriginUnusable(f"{new_origin} has been signed for before")
        signed = {name: {"size": c.size, "root": c.root.hex()} for name, c in kept.items()}
        body = {"former": former and former.name, "size": queries.size(), "signed": signed}
        origin = Origin.objects.create(
            name=new_origin,
            vkey=notes.verifier_of(signing_key(), new_origin).vkey,
            declared_at=now,
            supersedes=sorted(names),
        )
        _may_sign(now)
        enter("origin.declared", subject=new_origin, body=body, at=now)
    sequence(now=now)
    return origin


def note_restored(
    *, backup_made_at: datetime, size: int, known_size: int | None, now: datetime
) -> None:
    """This database was put back: it signs nothing, and tells nobody, until it is told to."""
    Restoration.objects.create(
        backup_made_at=backup_made_at, restored_at=now, size=size, known_size=known_size
    )


def go_on(*, now: datetime) -> None:
    """Nothing was signed after the backup: the log goes on under its name.

    Raises `LogIsBehind`, `LogForked`, `KeyDoesNotFit` where something is known to have been.
    """
    with transaction.atomic():
        _lock()
        _, origin = signing.signer(now=now)
        signing.check_tree(origin, queries.tree(queries.size()))
        _may_sign(now)
    sequence(now=now)


def _may_sign(now: datetime) -> None:
    Restoration.objects.filter(may_sign_at=None).update(may_sign_at=now)


def note_live(*, now: datetime) -> bool:
    """From now on others are told again. False when nothing was held back."""
    return bool(Restoration.objects.filter(live_at=None).update(live_at=now))


def erase(entry_ids: Iterable[UUID]) -> int:
    """Forget the bodies, salts, times and batches of these entries; the log stays provable.

    Repeating it does nothing. The number of entries that were forgotten.
    """
    wanted = list(entry_ids)
    with transaction.atomic():
        BatchItems.objects.filter(entry_id__in=wanted).delete()
        return EntryBody.objects.filter(entry_id__in=wanted).delete()[0]
