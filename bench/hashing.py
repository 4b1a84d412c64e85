"""Pictures hashed per second of one core, beside a full decode with Pillow and `pdqhash` (C++).

Run: `python -m bench.hashing`, after `pip install -r requirements/bench.txt` (it needs a compiler).
Prints one line for each size, and one for the distance to the reference over varied pictures.
Seconds are the processor's, so that a busy machine changes them little.
"""

import io
import os
import sys
import time
from collections.abc import Callable, Sequence

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the figures are for one core

import numpy as np
import psutil  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import Image

from bench.machine import budget, machine
from bench.photographs import pictures
from bench.varied import clipped, varied
from examples.pictures import scene
from heed.hashing.distance import GOOD_QUALITY, distance
from heed.hashing.sandbox import DecoderPool
from heed.hashing.signals import FileSignals, seen

try:
    import pdqhash  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    pdqhash = None

SIZES = {"0.3 MP": (640, 480), "2 MP": (1632, 1224), "12 MP": (4000, 3000)}
FILES = (*(("JPEG", size) for size in SIZES), ("PNG", "2 MP"), ("WEBP", "2 MP"))
SECONDS = 1.0
TIMES, MOST_BITS = {"JPEG 2 MP": 12.0, "JPEG 12 MP": 20.0}, 10  # what it is held to


def _file(size: tuple[int, int], form: str) -> bytes:
    found, out = [path for path in pictures() if path.name == "Garden.jpg"], io.BytesIO()
    picture = Image.open(found[0]).convert("RGB") if found else scene(11)
    picture.resize(size, Image.Resampling.BICUBIC).save(out, form, quality=85)
    return out.getvalue()


def _pooled_ms(data: bytes, pool: DecoderPool, rounds: int = 60) -> float:
    """Processor time for one file by way of the pool: ours, and the child's."""
    pool.signals(data)
    (child,) = psutil.Process().children()
    before = time.process_time() + sum(child.cpu_times()[:2])
    for _ in range(rounds):
        pool.signals(data)
    spent: float = time.process_time() + sum(child.cpu_times()[:2]) - before
    return spent / rounds * 1000


def _ours(data: bytes, *, exact_value: bool = False) -> FileSignals:
    return seen(FileSignals.unread(data), data, exact_value=exact_value)


def _reference(data: bytes) -> tuple[bytes, int]:
    bits, quality = pdqhash.compute(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    return bytes(np.packbits(bits.astype(np.uint8))), int(quality)


def _speed(name: str, data: bytes) -> tuple[str, bool]:
    """A line, and whether the budget is kept if there is one.

    All are asked in turn, round after round, so that a slow minute of the machine is everybody's.
    """
    works = [lambda: _ours(data), lambda: _ours(data, exact_value=True)]
    if pdqhash is not None:
        works.append(lambda: _reference(data))
    rounds = _rounds(works)
    rates = 1 / np.median(rounds, axis=0)
    line = f"{name}: {rates[0]:.1f}/s, every pixel {rates[1]:.1f}/s"
    if pdqhash is None:
        return line, True
    times, exact = np.median(rounds[:, 2:] / rounds[:, :2], axis=0)
    least = TIMES.get(name, 0.0)
    said = f"{times:.1f} times" + (budget(f"{least:g}", kept=times >= least) if least else "")
    beside = f"Pillow + pdqhash {rates[2]:.2f}/s: {said}"
    return f"{line}, {beside}, every pixel {exact:.1f} times", bool(times >= least)


def _rounds(works: Sequence[Callable[[], object]]) -> NDArray[np.float64]:
    """Processor seconds of each work, in five rounds. In each it is done several times in a row:
    what another one has left in the caches and the memory is not its own.
    """
    return np.array([[_in_a_row(work) for work in works] for _ in range(5)])


def _in_a_row(work: Callable[[], object]) -> float:
    times: list[float] = []
    work()
    while len(times) < 3 or sum(times) < SECONDS / 5:
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return float(np.median(times))


def _pool() -> str:
    """What the confined child costs beside hashing in this process."""
    data, pool = _file(SIZES["2 MP"], "JPEG"), DecoderPool()
    try:
        start = time.perf_counter()
        pool.signals(data)
        ready_ms = (time.perf_counter() - start) * 1000
        added = _pooled_ms(data, pool) - 1000 * np.median(_rounds([lambda: _ours(data)]))
        (child,) = psutil.Process().children()
        memory = child.memory_full_info().pss / 1e6
    finally:
        pool.close()
    return (
        f"the pool adds {added:.1f} ms of processor time to a JPEG of 2 MP (two pipes, exact"
        f" hashes); a child is ready after {ready_ms:.0f} ms and holds {memory:.0f} MB (PSS)"
    )


def _distances(count: int) -> tuple[str, bool]:
    """How far the values lie from the reference's, for pictures of good quality."""
    fast, exact, skipped = list[int](), list[int](), 0
    for data in varied(count):
        reference, quality = _reference(data)
        if quality < GOOD_QUALITY:
            skipped += 1
            continue
        fast.append(distance(_ours(data).pdq or b"\xff" * 32, reference))
        exact.append(distance(_ours(data, exact_value=True).pdq or b"\xff" * 32, reference))
    kept = max(fast) <= MOST_BITS
    line = (
        f"distance to the reference over {len(fast)} pictures of quality >= {GOOD_QUALITY}"
        f" ({skipped} of less left out): fast path {_spread(fast)}"
    )
    return f"{line}{budget(f'{MOST_BITS}', kept=kept)}; every pixel {_spread(exact)}", kept


def _clipped() -> str:
    """The greatest distances of a kind of picture for which a scaled decode is made least well."""
    most: dict[str, int] = {}
    for name, data in clipped():
        quick, whole = _ours(data), _ours(data, exact_value=True)
        if quick.pdq and whole.pdq and min(quick.pdq_quality, whole.pdq_quality) >= GOOD_QUALITY:
            most[name] = max(most.get(name, 0), distance(quick.pdq, whole.pdq))
    said = ", ".join(f"{name} {bits}" for name, bits in most.items())
    return f"where the decoder clips, at most so many bits from every pixel: {said}"


def _spread(bits: list[int]) -> str:
    return f"mean {np.mean(bits):.2f}, p99 {np.percentile(bits, 99):.0f}, max {max(bits)} bits"


def main(count: int = 400) -> bool:
    """Whether all budgets are kept."""
    kept = True
    for form, size in FILES:
        line, well = _speed(f"{form} {size}", _file(SIZES[size], form))
        kept &= well
        print(line, flush=True)
    print(_pool(), flush=True)
    if pdqhash is None:
        print("pdqhash is not installed: not compared with the reference in C++")
    elif count:
        line, well = _distances(count)
        kept &= well
        print(line, flush=True)
    print(_clipped())
    print(machine())
    return kept


if __name__ == "__main__":
    sys.exit(not main(*(int(word) for word in sys.argv[1:2])))
