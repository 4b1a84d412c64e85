"""Reads of the log."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Max

from heed.ledger import merkle, outside
from heed.ledger.leaves import Opening, batch_leaves, item_salt
from heed.ledger.models import (
    BatchItems,
    Checkpoint,
    Entry,
    EntryBody,
    Origin,
    Place,
    Restoration,
    Tile,
    Waiting,
)
from heed.ledger.notes import checkpoint_in
from heed.ledger.stored import StoredCheckpoint, StoredEntry
from heed.ledger.tiles import TILE_WIDTH, TileTree, cut

_ROWS_AT_ONCE = 2000


class NotInLog(Exception):
    """The log has no such entry, item or checkpoint (yet). A waiting entry gets its place soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That an entry has its place, under a checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str  # the signed note


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProof:
    """That one item belongs to a batch whose root stands in an entry's body."""

    index: int
    size: int
    salt: bytes  # of this item alone
    hashes: tuple[bytes, ...]


def size() -> int:
    """How many entries have a place."""
    last: int | None = Place.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def current_origin() -> Origin | None:
    """The name that the log goes by now; none before its first use."""
    return Origin.objects.order_by("-id").first()


def restoration() -> Restoration | None:
    """The last time that this database was put back from a backup; None for never."""
    return Restoration.objects.order_by("-id").first()


def is_quiet() -> bool:
    """Whether nothing may be told to anybody outside: restored, and not declared live yet."""
    restored = restoration()
    return restored is not None and restored.live_at is None


def lost_count() -> int:
    """Entries that were signed here, as far as anybody knows, and that the database has not got."""
    origin = current_origin()
    names = {*(origin.supersedes if origin else ()), *([origin.name] if origin else ())}
    signed = [one.size for name, one in outside.newest().items() if not names or name in names]
    return max(0, max(signed, default=0) - size())


def vkeys() -> list[str]:
    """The verifier keys, that of the current name first."""
    return list(Origin.objects.order_by("-id").values_list("vkey", flat=True))


def latest_checkpoint() -> Checkpoint | None:
    """The newest checkpoint of the current name."""
    origin = current_origin()
    return origin.checkpoints.order_by("-size").first() if origin else None


def latest_note() -> str | None:
    """The newest signed checkpoint, whatever name the log went by; none in an empty log."""
    return Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()


def published_size() -> int:
    """How many entries the newest checkpoint covers."""
    largest: int | None = Checkpoint.objects.aggregate(size=Max("size"))["size"]
    return largest or 0


def notes_after(origin: Origin, size: int) -> list[str]:
    """The checkpoints of one name that are larger than `size`, the smallest first."""
    larger = origin.checkpoints.filter(size__gt=size).order_by("size")
    return list(larger.values_list("note", flat=True))


def read_tile(level: int, index: int, width: int) -> list[bytes]:
    """The hashes of a tile; a full one from its row, a partial one from what lies beneath."""
    if width == TILE_WIDTH:
        row = Tile.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
        return cut(bytes(row)) if row is not None else []
    start = index * TILE_WIDTH
    if level == 0:
        places = Place.objects.filter(index__gte=start, index__lt=start + width)
        return [bytes(row) for row in places.order_by("index").values_list("leaf_hash", flat=True)]
    below = Tile.objects.filter(level=level - 1, index__gte=start, index__lt=start + width)
    return [bytes(row) for row in below.order_by("index").values_list("root", flat=True)]


def read_leaves(index: int, width: int) -> list[bytes]:
    """The leaves of an entry bundle."""
    start = index * TILE_WIDTH
    places = Place.objects.filter(index__gte=start, index__lt=start + width).order_by("index")
    return [bytes(leaf) for leaf in places.values_list("entry__leaf", flat=True)]


def tree(size: int) -> TileTree:
    """The tree at a size it has, or had."""
    return TileTree(size, read_tile)


def place_of(entry_id: UUID) -> int:
    """The entry's index. Raises `NotInLog` while it waits."""
    index = Place.objects.filter(entry_id=entry_id).values_list("index", flat=True).first()
    if index is None:
        raise NotInLog(f"entry {entry_id} has no place yet")
    return index


def proof_of(entry_id: UUID) -> Proof:
    """The proof under the *first* checkpoint that covers the entry. Raises `NotInLog`."""
    index = place_of(entry_id)
    first = Checkpoint.objects.filter(size__gt=index).order_by("size").first()
    if first is None:
        raise NotInLog(f"no checkpoint covers place {index} yet")
    hashes = merkle.inclusion(tree(first.size).node, index, first.size)
    return Proof(index=index, hashes=tuple(hashes), checkpoint=first.note)


def consistency_of(old: int, new: int) -> list[bytes]:
    """The proof that the log of `old` entries is a beginning of that of `new`."""
    return merkle.consistency(tree(new).node, old, new)


def opening_of(entry_id: UUID) -> Opening:
    """What opens the entry. Raises `NotInLog` where it was erased or never was."""
    body = EntryBody.objects.filter(entry_id=entry_id).first()
    if body is None:
        raise NotInLog(f"entry {entry_id} has no body (any more)")
    return _opening(body)


def entries_about(subjects: Sequence[str], events: Sequence[str]) -> list[tuple[UUID, Opening]]:
    """The opened entries of these kinds about these subjects, the oldest first."""
    rows = EntryBody.objects.filter(subject__in=subjects, event__in=events).order_by("at", "entry")
    return [(row.entry_id, _opening(row)) for row in rows]


def _opening(body: EntryBody) -> Opening:
    return Opening(
        event=body.event,
        subject=body.subject,
        body=body.body,
        at=body.at,
        salt=bytes(body.salt),
    )


def batch_of(entry_id: UUID) -> tuple[str, bytes]:
    """The items of a batch, as a JSON array, and their salt. Raises `NotInLog`."""
    batch = BatchItems.objects.filter(entry_id=entry_id).first()
    if batch is None:
        raise NotInLog(f"entry {entry_id} has no batch (any more)")
    return batch.items, bytes(batch.salt)


def batch_lines(entry_id: UUID) -> list[str]:
    """The items of a batch; none where there is no batch, or it was erased."""
    text = BatchItems.objects.filter(entry_id=entry_id).values_list("items", flat=True).first()
    return list(json.loads(text)) if text else []


def batch_proof(entry_id: UUID, item: str) -> BatchProof:
    """The proof that `item` is in the batch of an entry. Raises `NotInLog`."""
    text, salt = batch_of(entry_id)
    items: list[str] = json.loads(text)
    if item not in items:
        raise NotInLog(f"entry {entry_id} has no such item in its batch")
    index = items.index(item)
    levels = merkle.Levels(merkle.leaf_hash(leaf) for leaf in batch_leaves(items, salt))
    return BatchProof(
        index=index,
        size=levels.size,
        salt=item_salt(index, salt),
        hashes=tuple(merkle.inclusion(levels.node, index, levels.size)),
    )


class DatabaseLog:
    """The stored log, for `verify.verify_log`: as it stood when this was made."""

    keeps_partial_tiles, keeps_bodies = False, True

    def __init__(self) -> None:
        with connection.cursor() as cursor:  # one statement, so one moment
            cursor.execute(
                f"SELECT (SELECT coalesce(max(size), 0) FROM {Checkpoint._meta.db_table}),"
                f" (SELECT coalesce(max(index) + 1, 0) FROM {Place._meta.db_table}),"
                f" (SELECT count(*) FROM {Tile._meta.db_table}),"
                " (SELECT coalesce(array_agg(e.id), '{}')"
                f"  FROM {Entry._meta.db_table} e"
                f"  WHERE NOT EXISTS (SELECT FROM {Place._meta.db_table} p WHERE p.entry_id = e.id)"
                f"  AND NOT EXISTS"
                f"  (SELECT FROM {Waiting._meta.db_table} w WHERE w.entry_id = e.id))"
            )
            row = cursor.fetchone()
        self.sealed, self.placed, self.tile_count, lost = row
        self.lost = tuple(str(entry_id) for entry_id in lost)

    def vkeys(self) -> dict[str, str]:
        """By origin, in the order they were declared."""
        return dict(Origin.objects.order_by("id").values_list("name", "vkey"))

    def entries(self) -> Iterator[StoredEntry]:
        """Every placed entry, by place."""
        places = Place.objects.filter(index__lt=self.placed).select_related(
            "entry__opened", "entry__batch"
        )
        for place in places.order_by("index").iterator(chunk_size=_ROWS_AT_ONCE):
            opened = getattr(place.entry, "opened", None)
            batch = getattr(place.entry, "batch", None)
            yield StoredEntry(
                index=place.index,
                leaf=bytes(place.entry.leaf),
                leaf_hash=bytes(place.leaf_hash),
                opening=_opening(opened) if opened else None,
                batch=(batch.items, bytes(batch.salt)) if batch else None,
            )

    def tile(self, level: int, index: int, width: int) -> tuple[bytes, bytes | None] | None:
        """The bytes of a full tile and its stored root."""
        row = Tile.objects.filter(level=level, index=index).first()
        return (bytes(row.hashes), bytes(row.root)) if row else None

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Every checkpoint, the smallest first."""
        sealed = Checkpoint.objects.filter(size__lte=self.sealed).select_related("origin")
        for row in sealed.order_by("size", "id").iterator(chunk_size=_ROWS_AT_ONCE):
            yield StoredCheckpoint(
                origin=row.origin.name,
                size=row.size,
                root=bytes(row.root),
                note=row.note,
                made_at=row.made_at,
            )

    def kept(self) -> Sequence[str]:
        """The checkpoints that were kept outside the database."""
        return outside.history()


class RestoredLog(DatabaseLog):
    """The same, where what was signed after it is known to be lost."""

    def kept(self) -> Sequence[str]:
        """Those of the checkpoints kept outside that it could hold."""
        return [note for note in outside.history() if checkpoint_in(note).size <= self.sealed]
