# mypy: disable-error-code="untyped-decorator"
"""The ring: every value within a number of bits of a query, found without looking at the others.

A value is 16 chunks of 16 bits on a ring. If two values are at most r bits apart in all, then there
is a chunk that differs in at most r/16 bits of which also the run of it and the next chunk differs
in at most r/8 (Qin and Xiao, Pigeonring, VLDB 2018, for runs of one and two chunks). So: for each
chunk look up the values that have it as the query has it, or with as many bits flipped; there, the
next chunk's bits lie side by side and are compared 32 at a time; what is left is compared whole.
All memory that a query will touch is asked for before any of it is read.

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
_OPTIONS = {"cache": True, "boundscheck": False, "error_model": "numpy"}
_BUILDING = {**_OPTIONS, "nogil": True}  # takes seconds: others of the process go on meanwhile


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


@compiled(**_BUILDING)
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
def _open_buckets(offsets: Any, nexts: Any, stride: Any, query: Any, flips: Any, ends: Any) -> None:
    """Where the buckets of one query begin and end; their memory is asked for."""
    n = 0
    for t in range(16):
        key = query[t]
        first, base = t * OFFSETS, t * stride
        for f in range(flips.size):
            at = first + np.intp(key ^ flips[f])
            begin, end = base + np.intp(offsets[at]), base + np.intp(offsets[at + 1])
            ends[n] = begin
            ends[n + 1] = end
            n += 2
            for z in range(begin, end, LANES):
                prefetch(nexts, z)


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
    values: Any, words: Any, whole: Any, query: Any, number: Any, within: Any, single: Any,
    pair: Any, seen: Any, chunks: Any, many: Any, out: Any, count: Any,
) -> Any:  # fmt: skip
    """Compare candidates whole. `out` is 3 rows: query, entry, bits; returns how many it has."""
    room = out.shape[1]
    for z in range(many):
        entry = np.intp(seen[z])
        at = entry * 4
        bits = (
            popcount64(values[at] ^ whole[0])
            + popcount64(values[at + 1] ^ whole[1])
            + popcount64(values[at + 2] ^ whole[2])
            + popcount64(values[at + 3] ^ whole[3])
        )
        if bits > within:
            continue
        if _found_before(words, entry * 16, query, np.intp(chunks[z]), single, pair):
            continue
        if count < room:
            out[0, count] = number
            out[1, count] = entry
            out[2, count] = bits
        count += 1
    return count


@compiled(**_OPTIONS)
def _find_one(
    offsets: Any, nexts: Any, entries: Any, values: Any, words: Any, stride: Any, whole: Any,
    query: Any, number: Any, within: Any, flips: Any, costs: Any, single: Any, pair: Any,
    ends: Any, seen: Any, chunks: Any, out: Any, count: Any,
) -> Any:  # fmt: skip
    _open_buckets(offsets, nexts, stride, query, flips, ends)
    many, n = 0, 0
    for t in range(16):
        beside = query[(t + 1) & 15]
        for f in range(flips.size):
            i, end = np.intp(ends[n]), np.intp(ends[n + 1])
            n += 2
            budget = np.uint16(pair - np.intp(costs[f]))
            while i < end:
                fits = within_budget(nexts, i, beside, budget)
                if end - i < LANES:
                    fits &= (np.uint32(1) << np.uint32(end - i)) - np.uint32(1)
                while fits != 0:
                    entry = entries[i + np.intp(lowest_set(fits))]
                    fits &= fits - np.uint32(1)
                    prefetch(values, np.intp(entry) * 4)
                    seen[many] = entry
                    chunks[many] = t
                    many += 1
                i += LANES
                if many > _CANDIDATES - LANES:
                    count = _settle(values, words, whole, query, number, within, single, pair,
                                    seen, chunks, many, out, count)  # fmt: skip
                    many = 0
    return _settle(values, words, whole, query, number, within, single, pair,
                   seen, chunks, many, out, count)  # fmt: skip


@compiled(**_OPTIONS)
def find(
    offsets: Any, nexts: Any, entries: Any, values: Any, words: Any, stride: Any, wholes: Any,
    queries: Any, within: Any, flips: Any, costs: Any, single: Any, pair: Any, out: Any,
) -> Any:  # fmt: skip
    """Every value within `within` bits of each query, once. Returns how many there are.

    `out` keeps as many of them as it has columns: with more, call again with a larger one.
    `wholes` and `values` are the same bits as `queries` and `words`, 64 at a time.
    """
    ends = np.empty(2 * 16 * flips.size, np.int64)
    seen = np.empty(_CANDIDATES, np.uint32)
    chunks = np.empty(_CANDIDATES, np.uint8)
    count = 0
    for j in range(queries.shape[0]):
        count = _find_one(offsets, nexts, entries, values, words, stride, wholes[j], queries[j], j,
                          within, flips, costs, single, pair, ends, seen, chunks, out,
                          count)  # fmt: skip
    return count


@compiled(**_BUILDING)
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
