"""What a figure of a bench has to be read with: its budget, and the machine."""

import os
import time
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]

_AT_FIRST = psutil.cpu_times()


def budget(than: str, *, kept: bool) -> str:
    """A figure's budget, and whether it was kept, to be put behind the figure."""
    return f" (budget {than}: {'pass' if kept else 'FAIL'})"


def machine() -> str:
    """What a figure has to be read with."""
    load = os.getloadavg()[0]  # first: to measure the pace is a load
    taken = stolen(_AT_FIRST, psutil.cpu_times())
    return (
        f"{os.cpu_count()} cores at {pace():.0f} M/s, load {load:.1f}, {taken:.0%} taken by others"
    )


def stolen(before: Any, after: Any) -> float:
    """The share of all cores' time between two `cpu_times` that a virtual machine's host gave away.

    0 where there is no host, or it does not say. What is taken so is in no load and no process's
    time, but in every answer's.
    """
    whole = sum(after[:8]) - sum(before[:8])
    return (getattr(after, "steal", 0.0) - getattr(before, "steal", 0.0)) / max(whole, 1e-9)


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
