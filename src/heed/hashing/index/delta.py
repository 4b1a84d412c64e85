"""The mutable part of a book: what was put in and dropped of late, in order.

One file that is only added to, 64 bytes a record; how many there are stands in its first page,
which every process of the machine has mapped. Each process keeps the records in memory, ready for
comparing, and takes in what is new whenever the number has grown.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heed.hashing.index.counters import PAGE_BYTES, Counters
from heed.hashing.index.files import TornFile, writing
from heed.hashing.index.hits import I64, U64, Hits, compare_all, nothing
from heed.hashing.index.segments import IN_ONE_BREATH, NEAR

PUT, DROP = 0, 1
RECORD = np.dtype(
    [("ref", "i8"), ("xid", "u8"), ("op", "u4"), ("kind", "u4"), ("value", "u1", 32), ("sum", "u8")]
)
_PRIMES = np.array([3, 5, 7, 11, 13, 17, 19], np.uint64) * np.uint64(0x9E3779B97F4A7C15)
_ROOM = 1024  # rows to begin with


def sums(records: NDArray[Any]) -> U64:
    """What tells a torn record."""
    words = records.view(np.uint64).reshape(len(records), 8)[:, :7]
    mixed: U64 = ((words ^ (words >> np.uint64(29))) * _PRIMES).sum(axis=1, dtype=np.uint64)
    return mixed ^ np.uint64(0xFEED)


class Last(NamedTuple):
    """The latest that was said of a signal."""

    xid: int
    op: int
    kind: int
    row: int  # of its kind's rows, when it was put in
    seq: int


class Rows:
    """Values of one kind that were put in, with room for more."""

    def __init__(self, *, keyed: bool) -> None:
        self.count, self._keyed = 0, keyed
        self.values: U64 = np.empty((_ROOM, 4), np.uint64)
        self.refs: I64 = np.empty(_ROOM, np.int64)
        self.live: NDArray[np.bool_] = np.zeros(_ROOM, bool)
        self.by_key: dict[int, list[int]] = {}

    def add(self, value: U64, ref: int) -> int:
        """Returns its row."""
        if self.count == len(self.refs):
            self.values = np.concatenate([self.values, np.empty_like(self.values)])
            self.refs = np.concatenate([self.refs, np.empty_like(self.refs)])
            self.live = np.concatenate([self.live, np.zeros_like(self.live)])
        row = self.count
        self.values[row], self.refs[row], self.live[row] = value, ref, True
        if self._keyed:
            self.by_key.setdefault(int(value[0]), []).append(row)
        self.count += 1
        return row


class Delta:
    """The records of one generation, as this process knows them."""

    def __init__(self, path: Path, kinds: Mapping[str, str], *, made: int, begin: bool) -> None:
        """Opens the file, or begins it. `kinds`: how each kind is searched.

        Raises `TornFile`, `ForeignFile`, `NotWritable`.
        """
        self.path = path
        self._counters = Counters(path, made=made, begin=begin)
        self._codes = {name: code for code, name in enumerate(kinds)}
        self.rows = [Rows(keyed=how != NEAR) for how in kinds.values()]
        self.last: dict[int, Last] = {}
        self.gone: dict[int, int] = {}  # ref -> seq of the latest drop
        self.known = 0

    @property
    def count(self) -> int:
        """Records there are, by whichever process."""
        return self._counters[Counters.COUNT]

    @property
    def base(self) -> int:
        """The number of the first record, counted since the book began."""
        return self._counters[Counters.BASE]

    @base.setter
    def base(self, number: int) -> None:
        self._counters[Counters.BASE] = number

    def read(self, start: int, end: int) -> NDArray[Any]:
        """Records as they stand in the file. Raises `TornFile`."""
        size = RECORD.itemsize
        data = os.pread(self._counters.file, (end - start) * size, PAGE_BYTES + start * size)
        records = np.frombuffer(data, RECORD) if len(data) == (end - start) * size else None
        if records is None or (sums(records) != records["sum"]).any():
            raise TornFile(f"{self.path}: its records are damaged")
        return records

    def append(self, records: NDArray[Any]) -> None:
        """Add records; the lock is held. Others see them when this returns."""
        records["sum"] = sums(records)
        count = self.count
        with writing(self.path.parent):
            os.pwrite(self._counters.file, records.tobytes(), PAGE_BYTES + count * RECORD.itemsize)
        self._counters[Counters.COUNT] = count + len(records)

    def catch_up(self) -> None:
        """Take in what is new. One thread at a time."""
        count = self.count
        if count == self.known:
            return
        base = self.base
        records = self.read(self.known, count)
        words = np.ascontiguousarray(records["value"]).view(np.uint64)
        told = zip(
            records["ref"].tolist(), records["xid"].tolist(), records["op"].tolist(),
            records["kind"].tolist(), strict=True,
        )  # fmt: skip
        for n, (ref, xid, op, kind) in enumerate(told):
            self._take(ref, xid, op, kind, words[n], base + self.known + n)
        self.known = count

    def _take(self, ref: int, xid: int, op: int, kind: int, value: U64, seq: int) -> None:
        before, row = self.last.get(ref), -1
        if before is not None and before.row >= 0:
            self.rows[before.kind].live[before.row] = False
        if op == PUT:
            row = self.rows[kind].add(value, ref)
        else:
            self.gone[ref] = seq
        self.last[ref] = Last(xid, op, kind, row, seq)

    def near(self, kind: str, queries: U64, within_bits: int, *, compiled: bool) -> Hits:
        """Live values within so many bits, of those that `catch_up` has taken in."""
        rows = self.rows[self._codes[kind]]
        count, values, refs, live = rows.count, rows.values, rows.refs, rows.live
        if not count:
            return nothing()
        if not compiled:
            hits = compare_all(values[:count], np.arange(count), queries, within_bits)
        else:
            hits = _compared(values, count, queries, within_bits)
        if not hits.ref.size:
            return hits
        kept = live[hits.ref]
        return Hits(hits.query[kept], refs[hits.ref[kept]], hits.bits[kept])

    def same(self, kind: str, keys: U64) -> Hits:
        """Live values that equal a key."""
        rows = self.rows[self._codes[kind]]
        if not rows.by_key:
            return nothing()
        pairs = [
            (n, int(rows.refs[row]))
            for n, key in enumerate(keys.tolist())
            for row in rows.by_key.get(key, ())
            if rows.live[row]
        ]
        if not pairs:
            return nothing()
        query, ref = np.array(pairs, np.int64).T
        return Hits(query, ref, np.zeros(len(pairs), np.int64))

    def settled(self, kind: str, below: int) -> tuple[U64, I64]:
        """Live values put in by transactions below this one, 4 words a row, with their refs."""
        code = self._codes[kind]
        rows = self.rows[code]
        taken = [
            one.row
            for one in self.last.values()
            if one.kind == code and one.op == PUT and one.xid < below
        ]
        return rows.values[taken], rows.refs[taken]


def _compared(values: U64, count: int, queries: U64, within_bits: int) -> Hits:
    from heed.hashing.index import ring

    compare = ring.compare if len(queries) <= IN_ONE_BREATH else ring.compare_many
    room = np.empty((3, 1024), np.int64)
    while (found := int(compare(values, count, queries, within_bits, room))) > room.shape[1]:
        room = np.empty((3, found), np.int64)
    return Hits(*room[:, :found])
