"""Checks a whole log: every leaf against its body, every tile, root and signature.

Needs no database and no network: a `LogReader` says where the log is.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from heed.ledger import events, leaves, merkle, notes
from heed.ledger.stored import LogReader, StoredCheckpoint, StoredEntry
from heed.ledger.tiles import FullTile, TileBuilder


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was signed, and where."""

    where: str  # "entry 12", "tile 0/3", "checkpoint of 40 entries", "key of heed.example/log"
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class LogVerdict:
    """What was looked at, and what was found wrong with it."""

    origin: str = ""
    entries: int = 0
    opened: int = 0  # bodies that still exist, and were hashed again
    erased: int = 0  # bodies that are gone: the leaf stands, what it says can't be looked up
    batches: int = 0
    tiles: int = 0
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all of it is as it was signed."""
        return not self.findings


def verify_log(reader: LogReader, vkey: str | None = None) -> LogVerdict:
    """Check all of it. With `vkey`, the log must also be that key's."""
    return _Audit(reader).run(vkey)


class _Audit:
    """One walk over one log."""

    def __init__(self, reader: LogReader) -> None:
        self.reader = reader
        self.verdict = LogVerdict()
        self.edge = merkle.Edge()
        self.builder = TileBuilder()

    def find(self, where: str, what: str) -> None:
        self.verdict.findings.append(Finding(where, what))

    def run(self, vkey: str | None) -> LogVerdict:
        keys = self.keys(vkey)
        seals = _Seals(self, keys)
        seals.reach(0)
        for entry in self.in_order():
            self.entry(entry)
            hashed = merkle.leaf_hash(entry.leaf)
            self.edge.append(hashed)
            for tile in self.builder.add(hashed):
                self.tile(tile)
            seals.reach(self.edge.size)
        seals.end()
        self.ending()
        return self.verdict

    def keys(self, vkey: str | None) -> dict[str, notes.Verifier]:
        keys: dict[str, notes.Verifier] = {}
        for origin, line in self.reader.vkeys().items():
            self.verdict.origin = origin
            try:
                keys[origin] = notes.parse_vkey(line)
            except notes.KeyUnreadable as refused:
                self.find(f"key of {origin}", str(refused))
                continue
            if keys[origin].name != origin:
                self.find(f"key of {origin}", "the key is of another name")
        self._is_the_key_asked_for(vkey, keys)
        return keys

    def _is_the_key_asked_for(self, vkey: str | None, keys: dict[str, notes.Verifier]) -> None:
        if vkey is None:
            return
        own = keys.get(self.verdict.origin)
        if own is None or own.vkey != vkey.strip():
            self.find(f"key of {self.verdict.origin}", "not the key that you gave")

    def in_order(self) -> Iterator[StoredEntry]:
        expected = 0
        for entry in self.reader.entries():
            if expected < entry.index:
                more = f" (and the {entry.index - 1 - expected} after it)"
                what = "its place or its leaf is missing"
                self.find(f"entry {expected}", what + more * (entry.index - expected > 1))
            if entry.index < expected:
                self.find(f"entry {entry.index}", "stands where no entry can stand")
            expected = max(expected, entry.index + 1)
            yield entry

    def entry(self, entry: StoredEntry) -> None:
        where = f"entry {entry.index}"
        self.verdict.entries += 1
        if entry.leaf_hash is not None and entry.leaf_hash != merkle.leaf_hash(entry.leaf):
            self.find(where, "the leaf and the hash at its place do not fit each other")
        try:
            code, committed = leaves.decode_leaf(entry.leaf)
            kind = events.coded(code)
        except (leaves.LeafUnreadable, events.UnknownEvent) as refused:
            self.find(where, f"the leaf can't be read: {refused}")
            return
        if entry.opening is None:
            self.verdict.erased += self.reader.keeps_bodies
            return
        self.verdict.opened += 1
        if entry.opening.event != kind.name:
            self.find(where, f"the leaf says {kind.name}, the body {entry.opening.event!r}")
        self.opening(where, entry.opening, committed)
        if entry.batch is not None:
            self.batch(where, entry.opening.body, *entry.batch)
        elif _tells_of_a_batch(entry.opening.body):  # to forget takes the body with it
            self.find(where, "the batch that its body commits to is missing")

    def opening(self, where: str, opening: leaves.Opening, committed: bytes) -> None:
        try:
            body = json.loads(opening.body)
            same = leaves.canonical(body).decode() == opening.body
            found = leaves.commitment(
                event=opening.event,
                subject=opening.subject,
                body=body,
                at=opening.at,
                salt=opening.salt,
            )
        except (ValueError, RecursionError, leaves.NotCanonical):
            self.find(where, "the body can't be read")
            return
        if not same or found != committed:
            self.find(where, "the body is not the one that the leaf commits to")

    def batch(self, where: str, body: str, items: str, salt: bytes) -> None:
        self.verdict.batches += 1
        try:
            listed, told = json.loads(items), json.loads(body).get("batch")
            same = leaves.canonical(listed).decode() == items
            if not same or leaves.batch_summary(listed, salt) != told:
                self.find(where, "the batch is not the one that the body commits to")
        except (ValueError, TypeError, AttributeError, RecursionError, leaves.NotCanonical):
            self.find(where, "the batch can't be read")

    def tile(self, tile: FullTile) -> None:
        self.stored_tile(tile.level, tile.index, 256, tile.hashes, tile.root)

    def stored_tile(self, level: int, index: int, width: int, hashes: bytes, root: bytes) -> None:
        where = f"tile {level}/{index}"
        self.verdict.tiles += 1
        stored = self.reader.tile(level, index, width)
        if stored is None:
            self.find(where, "it is missing")
        elif stored[0] != hashes:
            self.find(where, "its hashes are not those of the entries beneath it")
        elif stored[1] is not None and stored[1] != root:
            self.find(where, "its root is not that of its hashes")

    def ending(self) -> None:
        if self.reader.keeps_partial_tiles:
            for tile, hashes in self.builder.partial():
                self.stored_tile(tile.level, tile.index, tile.width, hashes, b"")
        if self.reader.tile_count != self.verdict.tiles:
            stored, meant = self.reader.tile_count, self.verdict.tiles
            self.find("tiles", f"{stored} are stored where the entries make {meant}")
        if self.reader.placed != self.reader.sealed:
            placed, sealed = self.reader.placed, self.reader.sealed
            self.find("places", f"the last is {placed - 1}, the newest checkpoint is of {sealed}")
        for entry_id in self.reader.lost:
            self.find(f"entry {entry_id}", "it has no place, and does not wait for one")


def _tells_of_a_batch(body: str) -> bool:
    """A body that can't be read is named as that."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and "batch" in told


class _Seals:
    """The checkpoints, met one by one while the tree grows to their sizes."""

    def __init__(self, audit: _Audit, keys: dict[str, notes.Verifier]) -> None:
        self.audit = audit
        self.keys = keys
        self.stored = audit.reader.checkpoints()
        self.next = next(self.stored, None)
        self.largest: dict[str, int] = {}
        self.met: set[tuple[str, int]] = set()
        self.kept = self._kept()
        self.wrong: list[int] = []

    def _kept(self) -> dict[int, list[notes.Checkpoint]]:
        by_size: dict[int, list[notes.Checkpoint]] = {}
        for note in self.audit.reader.kept():
            said = notes.checkpoint_in(note)
            by_size.setdefault(said.size, []).append(said)
        return by_size

    def reach(self, size: int) -> None:
        """Check everything that was signed for this size."""
        while self.next is not None and self.next.size <= size:
            if self.next.size < size:
                self.audit.find(_of(self.next), "stands out of order")
            self.checkpoint(self.next)
            self.next = next(self.stored, None)
        root = self.audit.edge.root() if size in self.kept else b""
        for said in self.kept.pop(size, []):
            # A name's checkpoints beyond its last one here were undone by a restore, in the open.
            where = f"checkpoint of {size} entries kept outside"
            if said.root != root and self.binds(said):
                self.audit.find(where, "has another root")
            elif self.binds(said) and (said.origin, size) not in self.met:
                self.audit.find(where, "was taken out of the log")

    def binds(self, said: notes.Checkpoint) -> bool:
        current = self.audit.verdict.origin
        return said.origin == current or said.size <= self.largest.get(said.origin, -1)

    def checkpoint(self, stored: StoredCheckpoint) -> None:
        self.audit.verdict.checkpoints += 1
        self.largest[stored.origin] = max(self.largest.get(stored.origin, 0), stored.size)
        self.met.add((stored.origin, stored.size))
        if self.signed(stored) and stored.root != self.audit.edge.root():
            self.wrong.append(stored.size)

    def signed(self, stored: StoredCheckpoint) -> bool:
        verifier = self.keys.get(stored.origin)
        if verifier is None:
            self.audit.find(_of(stored), f"there is no key of {stored.origin}")
            return False
        try:
            said = notes.parse_checkpoint(notes.verify_note(stored.note, verifier))
            at = notes.verify_time(stored.note, verifier)
        except (notes.NoteUnreadable, notes.NotSigned, notes.SignatureFalse) as refused:
            self.audit.find(_of(stored), str(refused))
            return False
        if said != notes.Checkpoint(stored.origin, stored.size, stored.root):
            self.audit.find(_of(stored), "what is signed is not what is stored beside it")
            return False
        if stored.made_at is not None and stored.made_at != at:
            self.audit.find(_of(stored), "the time that is signed is not the one beside it")
        return True

    def end(self) -> None:
        """Say what the walk never came to, and where the roots began to differ."""
        while self.next is not None:
            self.audit.find(_of(self.next), "it is larger than the log")
            self.next = next(self.stored, None)
        if self.wrong:
            more = f", nor do the {len(self.wrong) - 1} after it" if len(self.wrong) > 1 else ""
            where = f"checkpoint of {self.wrong[0]} entries"
            self.audit.find(where, f"its root does not fit the entries{more}")
        for size, said in sorted(self.kept.items()):
            if any(self.binds(one) for one in said):
                where = f"checkpoint of {size} entries kept outside"
                self.audit.find(where, "the log is smaller: an old backup was restored")


def _of(stored: StoredCheckpoint) -> str:
    return f"checkpoint of {stored.size} entries"
