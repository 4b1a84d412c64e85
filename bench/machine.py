"""The machine as a figure of a bench has to be read with it."""

import os
import time


def machine() -> str:
    """What a figure has to be read with."""
    load = os.getloadavg()[0]  # first: to measure the pace is a load
    return f"{os.cpu_count()} cores at {pace():.0f} M/s, load {load:.1f}"


def pace() -> float:
    """Millions of additions a second in a plain loop, on one core, as it is given to us just now.

    A shared machine may be several times slower in one hour than in another: figures of two runs
    can be compared only beside this one. The best of five, each of about a twentieth of a second.
    """
    return max(_additions(500_000) for _ in range(5))


def _additions(count: int) -> float:
    began, total = time.perf_counter(), 0
    for number in range(count):
        total += number
    return count / (time.perf_counter() - began) / 1e6
