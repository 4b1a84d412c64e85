# mypy: disable-error-code="untyped-decorator"
"""Very many queries at once: bucket by bucket, for all of whom it may concern.

`ring.find` goes from query to query and reads their buckets, each as often as somebody asks for it.
Here the tables are read once, from the first bucket to the last, so that memory comes by itself;
whoever asks for a bucket is brought to it. What is compared is the same, and so are the answers.
"""

from typing import Any

import numpy as np

from heed.hashing.index.ring import (
    BUCKETS,
    LETTING_GO,
    OFFSETS,
    OPTIONS,
    WITHIN,
    inside,
    settle,
)
from heed.hashing.index.vector import (
    LANES,
    compiled,
    copy_four,
    lowest_set,
    lowest_set64,
    popcount32,
    prefetch,
    which_set,
    within_budget,
)

_TOGETHER = 64  # who are compared with a line of memory at once
_CANDIDATES = 8 * _TOGETHER * LANES
_SOON = 64 * LANES  # entries that are asked for before they are read


@compiled(**OPTIONS)
def _rank(queries: Any, t: Any, starts: Any, ranked: Any) -> None:
    """The queries in the order of their chunk `t`: those that have k lie from `starts[k]` on.

    What is needed of each is in one number: its own from bit 32 on, 8 bits of room for the budget
    of a probe, half of the chunk after the next, and the next.
    """
    beside, third = (t + 1) & 15, (t + 2) & 15
    starts[:] = 0
    for j in range(queries.size >> 4):
        starts[np.intp(queries[j * 16 + t]) + 2] += np.uint32(1)
    for k in range(BUCKETS):
        starts[k + 2] += starts[k + 1]
    for j in range(queries.size >> 4):
        key = np.intp(queries[j * 16 + t]) + 1
        at = np.intp(starts[key])
        starts[key] += np.uint32(1)
        low = np.uint64(queries[j * 16 + third]) & np.uint64(255)
        own = np.uint64(j) << np.uint64(32)
        ranked[at] = own | low << np.uint64(16) | np.uint64(queries[j * 16 + beside])


@compiled(**WITHIN)
def _comers(starts: Any, ranked: Any, flips: Any, budgets: Any, key: Any, comers: Any) -> Any:
    """All whose probes lead to bucket `key`, each with its budget; returns how many they are."""
    many: Any = 0
    for f in range(flips.size):
        at = np.intp(np.uint16(key) ^ flips[f])
        begin, end, to = np.intp(starts[at]), np.intp(starts[at + 1]), many
        many += end - begin
        copy_four(ranked, begin, comers, to, budgets[f])  # most often all, without a question
        while begin + 4 < end:
            begin, to = begin + 4, to + 4
            copy_four(ranked, begin, comers, to, budgets[f])
    return many


@compiled(**WITHIN)
def _meet(
    nexts: Any, entries: Any, line: Any, looked_at: Any, comers: Any, first: Any, together: Any,
    more: Any, t: Any, masks: Any, numbers: Any, askers: Any, many: Any,
) -> Any:  # fmt: skip
    """Note who fits which entry of a line of memory in three chunks; returns how many that are.

    Compared without a branch: one pair in some hundreds fits, where no processor would guess it.
    """
    for c in range(together):
        comer = comers[first + c]
        budget = np.uint16((comer >> np.uint64(24)) & np.uint64(255))
        masks[c] = within_budget(nexts, line, np.uint16(comer), budget) & looked_at
    whom = which_set(masks) & (np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(_TOGETHER - together))
    while whom != 0:
        who = np.intp(lowest_set64(whom))
        whom &= whom - np.uint64(1)
        comer, fits = comers[first + who], masks[who]
        most = np.uint32((comer >> np.uint64(24)) & np.uint64(255)) + more
        third, asker = np.uint32(comer >> np.uint64(16)), np.uint32(comer >> np.uint64(32))
        while fits != 0:
            place = line + np.intp(lowest_set(fits))
            fits &= fits - np.uint32(1)
            entry = entries[place]
            apart = popcount32(np.uint32(nexts[place] ^ np.uint16(comer)))
            apart += popcount32((entry ^ third) & np.uint32(255))
            numbers[many] = entry >> np.uint32(8)
            askers[many] = asker << np.uint32(4) | np.uint32(t)
            many += np.intp(apart <= most)
    return many


@compiled(**LETTING_GO)
def cross(
    offsets: Any, nexts: Any, entries: Any, values: Any, words: Any, stride: Any, wholes: Any,
    queries: Any, flips: Any, costs: Any, limits: Any, out: Any,
) -> Any:  # fmt: skip
    """What `ring.find` answers, for very many queries; up to a hundred million."""
    asking = queries.size >> 4
    starts, ranked = np.empty(OFFSETS + 1, np.uint32), np.empty(asking + 4, np.uint64)
    comers, masks = np.empty(asking + 4, np.uint64), np.empty(_TOGETHER, np.uint32)
    numbers, askers = np.empty(_CANDIDATES, np.uint32), np.empty(_CANDIDATES, np.uint32)
    budgets = (np.uint64(limits[2]) - costs.astype(np.uint64)) << np.uint64(24)
    more = np.uint32(limits[3] - limits[2])
    many, count = 0, 0
    for t in range(16):
        _rank(queries, t, starts, ranked)
        for key in range(BUCKETS):
            at = t * OFFSETS + key
            begin, end = t * stride + np.intp(offsets[at]), t * stride + np.intp(offsets[at + 1])
            if begin == end:
                continue
            coming = _comers(starts, ranked, flips, budgets, key, comers)
            for first in range(0, coming, _TOGETHER):
                together = min(_TOGETHER, coming - first)
                for line in range(begin & -LANES, end, LANES):
                    prefetch(nexts, line + _SOON)
                    prefetch(entries, line + _SOON)
                    prefetch(entries, line + _SOON + LANES // 2)
                    many = _meet(nexts, entries, line, inside(line, begin, end), comers, first,
                                 together, more, t, masks, numbers, askers, many)  # fmt: skip
                    if many > _CANDIDATES - _TOGETHER * LANES:
                        count = settle(numbers, askers, many, values, words, wholes, queries,
                                       limits, out, count)  # fmt: skip
                        many = 0
    return settle(numbers, askers, many, values, words, wholes, queries, limits, out, count)
