# mypy: disable-error-code="untyped-decorator"
"""The ring: every value within a number of bits of a query, found without looking at the others.

A value is 16 chunks of 16 bits on a ring. If two values are at most r bits apart in all, then there
is a chunk that differs in at most r/16 bits, such that it and the next one differ in at most r/8,
and it and the next two in at most 3r/16 (Qin and Xiao, Pigeonring, VLDB 2018, for runs of one, two
and three chunks). So: for each chunk look up the values that have it as the query has it, or with
as many bits flipped; there, the next chunk's bits lie side by side and are compared 32 at a time;
half of the one after that stands beside the value's number; what is left is compared whole.
Memory is asked for before it is read, and queries that come together go through it together: a
search waits for memory more than for anything else. For very many of them, see `crossing`.

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
OPTIONS = {"cache": True, "boundscheck": False, "error_model": "numpy"}
WITHIN = {**OPTIONS, "forceinline": True}  # called for each probe
LETTING_GO = {**OPTIONS, "nogil": True}  # takes long: other threads of the process go on


class Probes(NamedTuple):
    """What to look up for one radius, and what a survivor may differ in."""

    flips: NDArray[np.uint16]  # XORed to a chunk
    costs: NDArray[np.uint16]  # bits that each of them flips
    limits: tuple[int, int, int, int]  # bits of all, of one chunk, of a run of two, of three


@lru_cache(maxsize=64)
def probes(within_bits: int) -> Probes:
    """The probes for a radius of 0 to `MOST_BITS` bits: 1, 17 or 137 for each chunk."""
    single = within_bits // CHUNKS
    flips = [word for word in range(BUCKETS) if word.bit_count() <= single]
    flips.sort(key=lambda word: (word.bit_count(), word))
    costs = np.array([word.bit_count() for word in flips], np.uint16)
    limits = (within_bits, single, 2 * within_bits // CHUNKS, 3 * within_bits // CHUNKS)
    return Probes(np.array(flips, np.uint16), costs, limits)


@compiled(**LETTING_GO)
def build(words: Any, offsets: Any, nexts: Any, entries: Any, stride: Any) -> None:
    """Fill the 16 tables from `words` (16 for each value). Each table takes `stride` places.

    An entry is the value's number and, in the low byte, half of the chunk after the next.
    """
    count = words.size // 16
    place = np.empty(OFFSETS, np.uint32)
    for t in range(16):
        first, base, beside, third = t * OFFSETS, t * stride, (t + 1) & 15, (t + 2) & 15
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
            low = np.uint32(words[i * 16 + third]) & np.uint32(255)
            entries[base + at] = np.uint32(i) << np.uint32(8) | low


@compiled(**OPTIONS)
def _found_before(words: Any, at: Any, queries: Any, of: Any, chunk: Any, limits: Any) -> Any:
    """Whether an earlier chunk has led to this value already, by the same three looks."""
    for k in range(chunk):
        apart = popcount32(np.uint32(words[at + k] ^ queries[of + k]))
        if apart <= limits[1]:
            beside, third = (k + 1) & 15, (k + 2) & 15
            apart += popcount32(np.uint32(words[at + beside] ^ queries[of + beside]))
            half = np.uint32(words[at + third] ^ queries[of + third]) & np.uint32(255)
            if apart <= limits[2] and apart + popcount32(half) <= limits[3]:
                return True
    return False


@compiled(**OPTIONS)
def settle(
    numbers: Any, askers: Any, many: Any, values: Any, words: Any, wholes: Any, queries: Any,
    limits: Any, out: Any, count: Any,
) -> Any:  # fmt: skip
    """Compare candidates whole. `out` is 3 rows: query, entry, bits; returns how many it has.

    `askers` says whose each is and which chunk led there: the query's number, and 4 bits.
    """
    room = out.shape[1]
    for z in range(many):
        prefetch(values, np.intp(numbers[z]) * 4)
        prefetch(wholes, np.intp(askers[z] >> np.uint32(4)) * 4)
    for z in range(many):
        entry, j = np.intp(numbers[z]), np.intp(askers[z] >> np.uint32(4))
        at, of = entry * 4, j * 4
        bits = (
            popcount64(values[at] ^ wholes[of])
            + popcount64(values[at + 1] ^ wholes[of + 1])
            + popcount64(values[at + 2] ^ wholes[of + 2])
            + popcount64(values[at + 3] ^ wholes[of + 3])
        )
        if bits > limits[0]:
            continue
        chunk = np.intp(askers[z] & np.uint32(15))
        if _found_before(words, entry * 16, queries, j * 16, chunk, limits):
            continue
        if count < room:
            out[0, count], out[1, count], out[2, count] = j, entry, bits
        count += 1
    return count


@compiled(**OPTIONS)
def _as_they_come(
    offsets: Any, queries: Any, t: Any, flips: Any, keys: Any, askers: Any
) -> None:  # fmt: skip
    """What `_in_order` does, without the order, which costs more than it is worth to a few."""
    at = 0
    for j in range(queries.size >> 4):
        for f in range(flips.size):
            keys[at] = queries[j * 16 + t] ^ flips[f]
            askers[at] = _asker(j, f, t)
            prefetch(offsets, t * OFFSETS + np.intp(keys[at]))
            at += 1


@compiled(**WITHIN)
def _asker(j: Any, f: Any, t: Any) -> Any:
    """Whose a probe is, with which flip, of which chunk: up to a million queries."""
    return np.uint32(j) << np.uint32(12) | np.uint32(f) << np.uint32(4) | np.uint32(t)


@compiled(**OPTIONS)
def _in_order(
    offsets: Any, queries: Any, t: Any, flips: Any, keys: Any, askers: Any, starts: Any
) -> None:
    """The probes of all queries into one table, nearly in its order; their offsets are asked for.

    `askers` says of each what `_asker` does.
    """
    if keys.size < starts.size:
        _as_they_come(offsets, queries, t, flips, keys, askers)
        return
    starts[:] = 0
    for j in range(queries.size >> 4):
        for f in range(flips.size):
            starts[np.intp(queries[j * 16 + t] ^ flips[f]) >> _NEARLY] += 1
    before = 0
    for k in range(starts.size):
        here = starts[k]
        starts[k] = before
        before += here
    for j in range(queries.size >> 4):
        for f in range(flips.size):
            key = queries[j * 16 + t] ^ flips[f]
            at = starts[np.intp(key) >> _NEARLY]
            starts[np.intp(key) >> _NEARLY] = at + 1
            keys[at] = key
            askers[at] = _asker(j, f, t)
            prefetch(offsets, t * OFFSETS + np.intp(key))


@compiled(**WITHIN)
def _open_bucket(
    offsets: Any, nexts: Any, stride: Any, t: Any, key: Any, asker: Any, waiting: Any, slot: Any
) -> None:  # fmt: skip
    """Note where a bucket begins and ends, and for whom; ask for its memory, line by line."""
    at = t * OFFSETS + np.intp(key)
    begin, end = t * stride + np.intp(offsets[at]), t * stride + np.intp(offsets[at + 1])
    waiting[slot, 0], waiting[slot, 1], waiting[slot, 2] = begin, end, asker
    line = begin & -LANES
    while line < end:
        prefetch(nexts, line)
        line += LANES


@compiled(**WITHIN)
def inside(line: Any, begin: Any, end: Any) -> Any:
    """Which of the entries of a line of memory lie in a bucket: lines are read whole."""
    made = np.uint32(0xFFFFFFFF)
    if begin > line:
        made <<= np.uint32(begin - line)
    if end - line < LANES:
        made &= (np.uint32(1) << np.uint32(end - line)) - np.uint32(1)
    return made


@compiled(**WITHIN)
def _scan(
    nexts: Any, entries: Any, begin: Any, end: Any, beside: Any, budget: Any, asker: Any,
    places: Any, askers: Any, many: Any,
) -> Any:  # fmt: skip
    """Note which entries of (part of) a bucket fit, line by line of memory; returns how many."""
    line = begin & -LANES
    while line < end:
        fits = within_budget(nexts, line, beside, budget) & inside(line, begin, end)
        while fits != 0:
            place = line + np.intp(lowest_set(fits))
            fits &= fits - np.uint32(1)
            prefetch(entries, place)
            places[many], askers[many] = place, asker
            many += 1
        line += LANES
    return many


@compiled(**OPTIONS)
def _thinned(
    nexts: Any, entries: Any, queries: Any, costs: Any, most: Any, places: Any, askers: Any,
    numbers: Any, many: Any,
) -> Any:  # fmt: skip
    """Keep those of which three chunks fit, as `settle` wants them; returns how many there are."""
    kept = 0
    for z in range(many):
        place, asker = places[z], askers[z]
        of, t = np.intp(asker >> np.uint32(12)) * 16, np.intp(asker & np.uint32(15))
        entry = entries[place]
        apart = popcount32(np.uint32(nexts[place] ^ queries[of + ((t + 1) & 15)]))
        third = np.uint32(queries[of + ((t + 2) & 15)])
        apart += popcount32((entry ^ third) & np.uint32(255))
        numbers[kept] = entry >> np.uint32(8)
        askers[kept] = asker >> np.uint32(12) << np.uint32(4) | np.uint32(t)
        kept += apart + costs[np.intp(asker >> np.uint32(4)) & 255] <= most
    return kept


@compiled(**OPTIONS)
def find(
    offsets: Any, nexts: Any, entries: Any, values: Any, words: Any, stride: Any, wholes: Any,
    queries: Any, flips: Any, costs: Any, limits: Any, out: Any,
) -> Any:  # fmt: skip
    """Every value within a number of bits of each query, once. Returns how many there are.

    `out` keeps as many of them as it has columns: with more, call again with a larger one.
    `wholes` and `values` are the same bits as `queries` and `words`, 64 at a time, side by side.

    Table by table, each for all queries and in its order: what one of them brought near is near for
    the others. A bucket is opened `_AHEAD` steps before it is scanned; the last ones open nothing.
    """
    probing = (queries.size >> 4) * flips.size
    keys, whose = np.empty((2, probing), np.uint16), np.empty((2, probing), np.uint32)
    starts = np.empty(BUCKETS >> _NEARLY, np.int64)
    waiting = np.zeros((_AHEAD, 3), np.int64)  # buckets: begin, end, asker
    places, askers = np.empty(_CANDIDATES, np.int64), np.empty(_CANDIDATES, np.uint32)
    numbers = np.empty(_CANDIDATES, np.uint32)
    step, many, count = 0, 0, 0
    _in_order(offsets, queries, 0, flips, keys[0], whose[0], starts)
    for t in range(17):
        now, then = t & 1, (t + 1) & 1
        if t < 15:
            _in_order(offsets, queries, t + 1, flips, keys[then], whose[then], starts)
        for p in range(probing if t < 16 else _AHEAD):
            slot = step & (_AHEAD - 1)
            step += 1
            begin, end, asker = waiting[slot, 0], waiting[slot, 1], np.uint32(waiting[slot, 2])
            beside = queries[(waiting[slot, 2] >> 12) * 16 + ((waiting[slot, 2] + 1) & 15)]
            budget = np.uint16(limits[2] - np.intp(costs[(waiting[slot, 2] >> 4) & 255]))
            while begin < end:
                upto = min(end, begin + _AT_A_TIME)
                many = _scan(nexts, entries, begin, upto, beside, budget, asker,
                             places, askers, many)  # fmt: skip
                begin = upto
                if many > _CANDIDATES - _AT_A_TIME:
                    many = _thinned(nexts, entries, queries, costs, limits[3],
                                    places, askers, numbers, many)  # fmt: skip
                    count = settle(numbers, askers, many, values, words, wholes, queries, limits,
                                   out, count)  # fmt: skip
                    many = 0
            if t < 16:
                _open_bucket(offsets, nexts, stride, t, keys[now, p], whose[now, p], waiting, slot)
    many = _thinned(nexts, entries, queries, costs, limits[3], places, askers, numbers, many)
    return settle(numbers, askers, many, values, words, wholes, queries, limits, out, count)


@compiled(**LETTING_GO)
def find_many(
    offsets: Any, nexts: Any, entries: Any, values: Any, words: Any, stride: Any, wholes: Any,
    queries: Any, flips: Any, costs: Any, limits: Any, out: Any,
) -> Any:  # fmt: skip
    """As `find`, while other threads of the process go on: that costs what a few queries cost."""
    return find(offsets, nexts, entries, values, words, stride, wholes, queries, flips, costs,
                limits, out)  # fmt: skip


@compiled(**LETTING_GO)
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


@compiled(**OPTIONS)
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


@compiled(**LETTING_GO)
def compare_many(values: Any, count: Any, queries: Any, within: Any, out: Any) -> Any:
    """As `compare`, while other threads of the process go on."""
    return compare(values, count, queries, within, out)
