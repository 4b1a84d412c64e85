"""What a search gives, and the plain search that compares everything."""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

MOST_BITS = 40  # the largest threshold
_BLOCK = 1 << 15  # values compared at a time: what fits into a processor's cache

U8: TypeAlias = NDArray[np.uint8]
U64: TypeAlias = NDArray[np.uint64]
I64: TypeAlias = NDArray[np.int64]


class Hits(NamedTuple):
    """One row for each query and signal that belong together, a signal once for a query."""

    query: I64  # its place among the queries
    ref: I64
    bits: I64  # how far apart; 0 for equal ones


_NONE: I64 = np.empty(0, np.int64)
_NOTHING = Hits(_NONE, _NONE, _NONE)


def nothing() -> Hits:
    """No hits."""
    return _NOTHING


def together(found: Iterable[Hits]) -> Hits:
    """All hits, each pair of query and signal once, in their order."""
    parts = [part for part in found if part.query.size]
    if not parts:
        return nothing()
    query, ref, bits = (np.concatenate(column) for column in zip(*parts, strict=True))
    ranked = np.lexsort((bits, ref, query))
    query, ref, bits = query[ranked], ref[ranked], bits[ranked]
    first = np.ones(query.size, bool)
    first[1:] = (query[1:] != query[:-1]) | (ref[1:] != ref[:-1])
    return Hits(query[first], ref[first], bits[first])


def rows(values: Iterable[bytes]) -> U8:
    """Values of 32 bytes as rows. Raises `ValueError` for another length."""
    listed = list(values)
    if not {32}.issuperset(map(len, listed)):
        raise ValueError("a near search takes values of 32 bytes")
    return np.frombuffer(b"".join(listed), np.uint8).reshape(len(listed), 32)


def compare_all(values: U64, refs: I64, queries: U64, within_bits: int) -> Hits:
    """Every value within `within_bits` of a query, by looking at each. Both have 4 words a row."""
    found = []
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        for number, query in enumerate(queries):
            bits = np.bitwise_count(block ^ query).sum(axis=1, dtype=np.uint16)
            near = np.nonzero(bits <= within_bits)[0]
            if near.size:
                found.append(
                    Hits(
                        np.full(near.size, number, np.int64),
                        refs[start + near],
                        bits[near].astype(np.int64),
                    )
                )
    return together(found)
