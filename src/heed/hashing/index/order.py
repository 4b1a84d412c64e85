"""The order in which the index sees the bits of a value.

PDQ's bits are not independent: frequencies that lie side by side change together. Were they side by
side in one chunk too, some buckets would be crowded. One fixed order, known to everybody, sends
them apart. Distances are the same in every order.
"""

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

BITS = 256


@cache
def order() -> tuple[int, ...]:
    """For each bit its place; bit 8 * i + j is bit j, counted from the lowest, of byte i."""
    ranks = sorted(range(BITS), key=lambda bit: hashlib.sha256(b"heed ring %d" % bit).digest())
    places = [0] * BITS
    for place, bit in enumerate(ranks):
        places[bit] = place
    return tuple(places)


@cache
def tables() -> NDArray[np.uint64]:
    """What each value of each half byte becomes: 64 x 16 x 4 words."""
    made = np.zeros((64, 16, 4), np.uint64)
    for half in range(64):
        for value in range(16):
            for j in range(4):
                if value >> j & 1:
                    place = order()[half * 4 + j]
                    made[half, value, place // 64] |= np.uint64(1 << place % 64)
    return made


@cache
def name() -> int:
    """A number that tells this order from others: a file made with another one is foreign."""
    return int.from_bytes(hashlib.sha256(bytes(order())).digest()[:8], "little") >> 1
