# mypy: disable-error-code="untyped-decorator"
"""The ring: every value within a number of bits of a query, found without looking at the others.

A value is 16 chunks of 16 bits on a ring. If two values are at most r bits apart in all, then there
is a chunk that differs in at most r/16 bits of which also the run of it and the next chunk differs
in at most r/8 (Qin and Xiao, Pigeonring, VLDB 2018, for runs of one and two chunks). So: for each
chunk look up the values that have it as the query has it, or with as many bits flipped; there, the
next chunk's bits lie side by side and are compared 32 at a time; what is left is compared whole.
Memory is asked for before it is read, and queries that come together go through it together: a
search waits for memory more than for anything else.

Compiled by numba at the first use on a machine, and kept beside the code or in `NUMBA_CACHE_DIR`.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heed.hashing.index.vector import (
    LANES,
    compiled,
    lowest_set,
    popcount32,
    popcount64,
    prefetch,
    within_budget,
)

CHUNKS = 16
CHUNK_BITS = 16
BUCKETS = 1 << CHUNK_BITS
OFFSETS = BUCKETS + 1
MOST_BITS = 40  # thresholds up to this; the method itself would go on
_CANDIDATES = 4096  # looked at in one go; more are looked at in several
_AT_A_TIME = 1024  # entries of a bucket between two looks at the room for candidates
_AHEAD = 64  # buckets asked for before the first of them is read; a power of two
_NEARLY = 7  # low bits of keys that are left out of order
_OPTIONS = {"cache": True, "boundscheck": False, "error_model": "numpy"}
_WITHIN = {**_OPTIONS, "forceinline": True}  # called for each probe
_LETTING_GO = {**_OPTIONS, "nogil": True}  # takes long: other threads of the process go on


class Probes(NamedTuple):
    """What to look up for one radius, and what a survivor may differ in."""

    flips: NDArray[np.uint16]  # XORed to a chunk
    costs: NDArray[np.uint16]  # bits that each of them flips
    single_bits: int
    pair_bits: int


@lru_cache(maxsize=64)
def probes(within_bits: int) -> Probes:
    """The probes for a radius of 0 to `MOST_BITS` bits: 1, 17 or 137 for each chunk."""
    single = within_bits // CHUNKS
    flips = [word for word in range(BUCKETS) if word.bit_count() <= single]
    flips.sort(key=lambda word: (word.bit_count(), word))
    costs = np.array([word.bit_count() for word in flips], np.uint16)
    return Probes(np.array(flips, np.uint16), costs, single, within_bits // (CHUNKS // 2))


@compiled(**_LETTING_GO)
def build(words: Any, offsets: Any, nexts: Any, entries: Any, stride: Any) -> None:
    """Fill the 16 tables from `words` (16 for each value). Each table takes `stride` places."""
    count = words.size // 16
    place = np.empty(OFFSETS, np.uint32)
    for t in range(16):
        first, base, beside = t * OFFSETS, t * stride, (t + 1) & 15
        for k in range(OFFSETS):
            place[k] = 0
        for i in range(count):
            place[np.intp(words[i * 16 + t]) + 1] += np.uint32(1)
        for k in range(BUCKETS):
            place[k + 1] += place[k]
        for k in range(OFFSETS):
            offsets[first + k] = place[k]
        for i in range(count):
            key = np.intp(words[i * 16 + t])
            at = np.intp(place[key])
            place[key] += np.uint32(1)
            nexts[base + at] = words[i * 16 + beside]
            entries[base + at] = np.uint32(i)


@compiled(**_OPTIONS)
def _found_before(words: Any, at: Any, query: Any, chunk: Any, single: Any, pair: Any) -> Any:
    """Whether an earlier chunk has led to this value already."""
    for k in range(chunk):
        apart = popcount32(np.uint32(words[at + k] ^ query[k]))
        if apart <= single:
            beside = (k + 1) & 15
            if apart + popcount32(np.uint32(words[at + beside] ^ query[beside])) <= pair:
                return True
    return False


@compiled(**_OPTIONS)
def _settle(
    entries: Any, values: Any, words: Any, wholes: Any, queries: Any, within: Any, single: Any,
    pair: Any, places: Any, askers: Any, chunks: Any, many: Any, out: Any, count: Any,
) -> Any:  # fmt: skip
    """Compare candidates whole. `out` is 3 rows: query, entry, bits; returns how many it has."""
    room = out.shape[1]
    for z in range(many):
        places[z] = entries[places[z]]
        prefetch(values, places[z] * 4)
    for z in range(many):
        entry, j = places[z], np.intp(askers[z])
        at = entry * 4
        bits = (
            popcount64(values[at] ^ wholes[j, 0])
            + popcount64(values[at + 1] ^ wholes[j, 1])
            + popcount64(values[at + 2] ^ wholes[j, 2])
            + popcount64(values[at + 3] ^ wholes[j, 3])
        )
        if bits > within:
            continue
        if _found_before(words, entry * 16, queries[j], np.intp(chunks[z]), single, pair):
            continue
        if count < room:
            out[0, count], out[1, count], out[2, count] = j, entry, bits
        count += 1
    return count


@compiled(**_OPTIONS)
def _as_they_come(
    offsets: Any, queries: Any, t: Any, flips: Any, keys: Any, askers: Any
) -> None:  # fmt: skip
    """What `_in_order` does, without the order, which costs more than it is worth to a few."""
    at = 0
    for j in range(queries.shape[0]):
        for f in range(flips.size):
            keys[at] = queries[j, t] ^ flips[f]
            askers[at] = np.uint32(j) << np.uint32(8) | np.uint32(f)
            prefetch(offsets, t * OFFSETS + np.intp(keys[at]))
            at += 1


@compiled(**_OPTIONS)
def _in_order(
    offsets: Any, queries: Any, t: Any, flips: Any, keys: Any, askers: Any, starts: Any
) -> None:
    """The probes of all queries into one table, nearly in its order; their offsets are asked for.

    `askers` says whose each is and which flip: the query's number and, in the low byte, the flip's.
    """
    if queries.shape[0] * flips.size < starts.size:
        _as_they_come(offsets, queries, t, flips, keys, askers)
        return
    starts[:] = 0
    for j in range(queries.shape[0]):
        for f in range(flips.size):
            starts[np.intp(queries[j, t] ^ flips[f]) >> _NEARLY] += 1
    before = 0
    for k in range(starts.size):
        here = starts[k]
        starts[k] = before
        before += here
    for j in range(queries.shape[0]):
        for f in range(flips.size):
            key = queries[j, t] ^ flips[f]
            at = starts[np.intp(key) >> _NEARLY]
            starts[np.intp(key) >> _NEARLY] = at + 1
            keys[at] = key
            askers[at] = np.uint32(j) << np.uint32(8) | np.uint32(f)
            prefetch(offsets, t * OFFSETS + np.intp(key))


@compiled(**_WITHIN)
def _open_bucket(
    offsets: Any, nexts: Any, stride: Any, t: Any, key: Any, asker: Any, waiting: Any, slot: Any
) -> None:  # fmt: skip
    """Note where a bucket begins and ends, and for whom; ask for its memory, line by line."""
    at = t * OFFSETS + np.intp(key)
    begin, end = t * stride + np.intp(offsets[at]), t * stride + np.intp(offsets[at + 1])
    waiting[slot, 0], waiting[slot, 1] = begin, end
    waiting[slot, 2], waiting[slot, 3] = t, asker
    line = begin & -LANES
    while line < end:
        prefetch(nexts, line)
        line += LANES


@compiled(**_WITHIN)
def _scan(
    nexts: Any, entries: Any, begin: Any, end: Any, beside: Any, budget: Any, j: Any, t: Any,
    places: Any, askers: Any, chunks: Any, many: Any,
) -> Any:  # fmt: skip
    """Note which entries of (part of) a bucket fit, a line of memory at a time; returns how many.

    Lines are read whole: what lies before the bucket or behind it is not looked at.
    """
    line = begin & -LANES
    inside = np.uint32(0xFFFFFFFF) << np.uint32(begin - line)
    while line < end:
        fits = within_budget(nexts, line, beside, budget) & inside
        inside = np.uint32(0xFFFFFFFF)
        if end - line < LANES:
            fits &= (np.uint32(1) << np.uint32(end - line)) - np.uint32(1)
        while fits != 0:
            place = line + np.intp(lowest_set(fits))
            fits &= fits - np.uint32(1)
            prefetch(entries, place)
            places[many], askers[many], chunks[many] = place, j, t
            many += 1
        line += LANES
    return many


@compiled(**_OPTIONS)
def find(
    offsets: Any, nexts: Any, entries: Any, values: Any, words: Any, stride: Any, wholes: Any,
    queries: Any, within: Any, flips: Any, costs: Any, single: Any, pair: Any, out: Any,
) -> Any:  # fmt: skip
    """Every value within `within` bits of each query, once. Returns how many there are.

    `out` keeps as many of them as it has columns: with more, call again with a larger one.
    `wholes` and `values` are the same bits as `queries` and `words`, 64 at a time.

    Table by table, each for all queries and in its order: what one of them brought near is near for
    the others. A bucket is opened `_AHEAD` steps before it is scanned; the last ones open nothing.
    """
    probing = queries.shape[0] * flips.size
    keys, whose = np.empty((2, probing), np.uint16), np.empty((2, probing), np.uint32)
    starts = np.empty(BUCKETS >> _NEARLY, np.int64)
    waiting = np.zeros((_AHEAD, 4), np.int64)  # buckets: begin, end, chunk, asker
    places, askers = np.empty(_CANDIDATES, np.int64), np.empty(_CANDIDATES, np.uint32)
    chunks = np.empty(_CANDIDATES, np.uint8)
    step, many, count = 0, 0, 0
    _in_order(offsets, queries, 0, flips, keys[0], whose[0], starts)
    for t in range(17):
        now, then = t & 1, (t + 1) & 1
        if t < 15:
            _in_order(offsets, queries, t + 1, flips, keys[then], whose[then], starts)
        for p in range(probing if t < 16 else _AHEAD):
            slot = step & (_AHEAD - 1)
            step += 1
            begin, end, chunk = waiting[slot, 0], waiting[slot, 1], waiting[slot, 2]
            j, f = waiting[slot, 3] >> 8, waiting[slot, 3] & 255
            beside, budget = queries[j, (chunk + 1) & 15], np.uint16(pair - np.intp(costs[f]))
            while begin < end:
                upto = min(end, begin + _AT_A_TIME)
                many = _scan(nexts, entries, begin, upto, beside, budget, j, chunk,
                             places, askers, chunks, many)  # fmt: skip
                begin = upto
                if many > _CANDIDATES - _AT_A_TIME:
                    count = _settle(entries, values, words, wholes, queries, within, single, pair,
                                    places, askers, chunks, many, out, count)  # fmt: skip
                    many = 0
            if t < 16:
                _open_bucket(offsets, nexts, stride, t, keys[now, p], whose[now, p], waiting, slot)
    return _settle(entries, values, words, wholes, queries, within, single, pair,
                   places, askers, chunks, many, out, count)  # fmt: skip


@compiled(**_LETTING_GO)
def find_many(
    offsets: Any, nexts: Any, entries: Any, values: Any, words: Any, stride: Any, wholes: Any,
    queries: Any, within: Any, flips: Any, costs: Any, single: Any, pair: Any, out: Any,
) -> Any:  # fmt: skip
    """As `find`, while other threads of the process go on: that costs what a few queries cost."""
    return find(offsets, nexts, entries, values, words, stride, wholes, queries, within, flips,
                costs, single, pair, out)  # fmt: skip


@compiled(**_LETTING_GO)
def permute(raw: Any, tables: Any, out: Any) -> None:
    """The bits of each 32-byte row in another order: see `order`."""
    for i in range(raw.shape[0]):
        a, b, c, d = np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
        for k in range(32):
            low, high = 2 * k, 2 * k + 1
            x, y = raw[i, k] & 15, raw[i, k] >> 4
            a |= tables[low, x, 0] | tables[high, y, 0]
            b |= tables[low, x, 1] | tables[high, y, 1]
            c |= tables[low, x, 2] | tables[high, y, 2]
            d |= tables[low, x, 3] | tables[high, y, 3]
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = a, b, c, d


@compiled(**_OPTIONS)
def compare(values: Any, count: Any, queries: Any, within: Any, out: Any) -> Any:
    """The same answer as `find` from the first `count` rows of 4 words, by looking at each."""
    many, room = 0, out.shape[1]
    for j in range(queries.shape[0]):
        a, b, c, d = queries[j, 0], queries[j, 1], queries[j, 2], queries[j, 3]
        for i in range(count):
            bits = popcount64(values[i, 0] ^ a) + popcount64(values[i, 1] ^ b)
            if bits > within:
                continue
            bits += popcount64(values[i, 2] ^ c) + popcount64(values[i, 3] ^ d)
            if bits <= within:
                if many < room:
                    out[0, many], out[1, many], out[2, many] = j, i, bits
                many += 1
    return many


@compiled(**_LETTING_GO)
def compare_many(values: Any, count: Any, queries: Any, within: Any, out: Any) -> Any:
    """As `compare`, while other threads of the process go on."""
    return compare(values, count, queries, within, out)
