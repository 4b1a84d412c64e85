"""Pictures hashed per second on one core, beside a full decode with Pillow and the same PDQ.

Run: `python -m bench.hashing`. Prints one line. With `pdqhash` installed (a development extra that
needs a compiler) the reference in C++ runs in the same run, and the distance to it is counted.
"""

import io
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the figures are for one core

import numpy as np
from PIL import Image

from examples.pictures import scene
from heed.hashing.distance import distance
from heed.hashing.pdq import pdq
from heed.hashing.sandbox import DecoderPool
from heed.hashing.signals import signals_of

try:
    import pdqhash  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    pdqhash = None

SIZES = {"0.3 MP": (640, 480), "2 MP": (1632, 1224), "12 MP": (4000, 3000)}
SECONDS = 1.5


def _per_second(work: Callable[[], object]) -> float:
    """The median of the rounds that fit into `SECONDS`, at least three."""
    times: list[float] = []
    work()
    while sum(times) < SECONDS or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1 / statistics.median(times)


def _jpeg(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    scene(11).resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=85)
    return out.getvalue()


def _plain(data: bytes) -> object:
    return pdq(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def _reference(data: bytes) -> tuple[bytes, int]:
    bits, quality = pdqhash.compute(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    return bytes(np.packbits(bits.astype(np.uint8))), int(quality)


def _figures(name: str, data: bytes, pool: DecoderPool) -> str:
    ours = _per_second(lambda: signals_of(data))
    inside = _per_second(lambda: pool.signals(data))
    plain = _per_second(lambda: _plain(data))
    line = f"{name}: {ours:.1f}/s, in the sandbox {inside:.1f}/s, Pillow + our PDQ {plain:.1f}/s"
    if pdqhash is None:
        return line
    reference = _per_second(lambda: _reference(data))
    away = distance(signals_of(data).pdq or b"", _reference(data)[0])
    return f"{line}, Pillow + pdqhash {reference:.1f}/s ({ours / reference:.1f}x, {away} bits away)"


def main() -> None:
    pool = DecoderPool()
    try:
        parts = [_figures(name, _jpeg(size), pool) for name, size in SIZES.items()]
    finally:
        pool.close()
    if pdqhash is None:
        parts.append("pdqhash is not installed: not compared with the reference in C++")
    print("hashing JPEG on one core | " + " | ".join(parts))


if __name__ == "__main__":
    main()
