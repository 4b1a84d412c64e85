"""Immutable parts of a book: near values in a ring, or equal ones in order."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from heed.hashing.index import order
from heed.hashing.index.files import Mapped, write
from heed.hashing.index.hits import I64, MOST_BITS, U8, U64, Hits, nothing

MOST_ENTRIES = 1 << 24  # of one ring: their numbers have 24 bits
_CHUNKS, _OFFSETS, _PAST_END = 16, (1 << 16) + 1, 64
_FIRST_ROOM = 1 << 10
NEAR, SAME = "near", "same"
IN_ONE_BREATH = 64  # queries that other threads of the process wait for
MANY = 8_192  # asked together: with more of them, their probes leave the second-level cache
VERY_MANY = 16_384  # from so many on, bucket by bucket is as quick, and then quicker
VERY_MANY_OF_ONE_PROBE = 65_536  # the same, where each looks into one bucket of a table
MOST_AT_ONCE = 131_072  # 4 MB of values: what the bench of ten million measures

Part = tuple[U64, I64]  # values (4 words a row, or one key) and refs


def write_near(path: Path, facts: dict[str, Any], parts: Sequence[Part]) -> None:
    """A ring of these values, which are in the ring's order: 4 words a row."""
    from heed.hashing.index import ring

    count = sum(len(refs) for _, refs in parts)
    if count > MOST_ENTRIES:
        raise ValueError(f"a ring holds {MOST_ENTRIES:,} values at most, and these are {count:,}")
    stride = (count + _PAST_END + 15) // 16 * 16

    def fill(arrays: dict[str, Any]) -> None:
        at = 0
        for values, refs in parts:
            arrays["refs"][at : at + len(refs)] = refs
            arrays["values"][at * 4 : (at + len(refs)) * 4] = values.reshape(-1)
            at += len(refs)
        words = arrays["values"][: count * 4].view(np.uint16)
        ring.build(words, arrays["offsets"], arrays["nexts"], arrays["entries"], stride)

    sections = {
        "offsets": ("u4", _CHUNKS * _OFFSETS),
        "nexts": ("u2", _CHUNKS * stride + _PAST_END),
        "entries": ("u4", _CHUNKS * stride),
        "values": ("u8", count * 4 + 8),
        "refs": ("i8", count),
    }
    about = {**facts, "search": NEAR, "count": count, "stride": stride, "order": order.name()}
    write(path, about, sections, fill)


def ordered(values: U8) -> U64:
    """Values of 32 bytes a row, in the ring's order of bits."""
    from heed.hashing.index import ring

    made = np.empty((len(values), 4), np.uint64)
    ring.permute(values, order.tables(), made)
    return made


def write_same(path: Path, facts: dict[str, Any], parts: Sequence[Part]) -> None:
    """Keys of 8 bytes, sorted."""
    keys = np.concatenate([keys for keys, _ in parts])
    refs = np.concatenate([refs for _, refs in parts])
    ranked = np.argsort(keys, kind="stable")

    def fill(arrays: dict[str, Any]) -> None:
        arrays["keys"][:] = keys[ranked]
        arrays["refs"][:] = refs[ranked]

    sections = {"keys": ("u8", len(keys)), "refs": ("i8", len(keys))}
    write(path, {**facts, "search": SAME, "count": len(keys), "order": 0}, sections, fill)


def very_many(within_bits: int) -> int:
    """From how many queries on a ring is searched bucket by bucket."""
    return VERY_MANY_OF_ONE_PROBE if within_bits < _CHUNKS else VERY_MANY


def portions(asking: int, within_bits: int) -> Iterator[slice]:
    """How so many queries are best put to a ring, one portion after the other."""
    start = 0
    while start < asking:
        left = asking - start
        size = MANY if left < very_many(within_bits) else min(left, MOST_AT_ONCE)
        yield slice(start, start + size)
        start += size


def _searching(asking: int, within_bits: int) -> Callable[..., int]:
    """What answers so many queries soonest."""
    from heed.hashing.index import crossing, ring

    if asking >= very_many(within_bits):
        return crossing.cross  # type: ignore[no-any-return]
    return ring.find if asking <= IN_ONE_BREATH else ring.find_many  # type: ignore[no-any-return]


class NearSegment:
    """A ring, open for searching."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped, self.count = mapped, int(mapped.facts["count"])
        self.seq, self.kind = int(mapped.facts["seq"]), str(mapped.facts["kind"])
        arrays = mapped.arrays
        self._tables = (arrays["offsets"], arrays["nexts"], arrays["entries"])
        self._values, self.refs = arrays["values"], arrays["refs"]
        self._words = self._values.view(np.uint16)

    def near(self, wholes: U64, within_bits: int) -> Hits:
        """Every entry within `within_bits` of the queries, which are in the ring's order."""
        from heed.hashing.index import ring

        if not 0 <= within_bits <= MOST_BITS:
            raise ValueError(f"a threshold lies between 0 and {MOST_BITS} bits")
        asked, find = ring.probes(within_bits), _searching(len(wholes), within_bits)
        flat = wholes.reshape(-1)
        room = np.empty((3, max(_FIRST_ROOM, 16 * len(wholes))), np.int64)
        while True:
            found = find(
                *self._tables, self._values, self._words, self.mapped.facts["stride"], flat,
                flat.view(np.uint16), asked.flips, asked.costs, asked.limits, room,
            )  # fmt: skip
            if found <= room.shape[1]:
                break
            room = np.empty((3, found), np.int64)
        if not found:
            return nothing()
        query, entry, bits = room[:, :found]
        return Hits(query, self.refs[entry], bits)

    def part(self) -> Part:
        """All of it, to be built into another segment."""
        return self._values[: self.count * 4].reshape(self.count, 4), self.refs


class SameSegment:
    """Keys in order, open for searching."""

    def __init__(self, mapped: Mapped) -> None:
        self.mapped, self.count = mapped, int(mapped.facts["count"])
        self.seq, self.kind = int(mapped.facts["seq"]), str(mapped.facts["kind"])
        self.keys, self.refs = mapped.arrays["keys"], mapped.arrays["refs"]

    def same(self, keys: U64) -> Hits:
        """Every entry that equals a key."""
        begin = np.searchsorted(self.keys, keys, "left")
        end = np.searchsorted(self.keys, keys, "right")
        query = np.repeat(np.arange(len(keys)), end - begin)
        if not query.size:
            return nothing()
        place = np.concatenate([np.arange(a, b) for a, b in zip(begin, end, strict=True)])
        return Hits(query, self.refs[place], np.zeros(query.size, np.int64))

    def part(self) -> Part:
        """All of it, to be built into another segment."""
        return self.keys, self.refs


Segment = NearSegment | SameSegment


def opened(path: Path, *, made: str) -> Segment:
    """The segment in this file. Raises `FileNotFoundError`, `TornFile`, `ForeignFile`."""
    mapped = Mapped(path, made=made)
    return NearSegment(mapped) if mapped.facts["search"] == NEAR else SameSegment(mapped)
