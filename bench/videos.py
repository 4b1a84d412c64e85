"""How many times faster than it plays a video is hashed by one core, beside the `vpdq` package.

Run: `python -m bench.videos`, after `pip install -r requirements/bench.txt` (a compiler and
FFmpeg's development files are needed). One minute of 720p H.264, 30 frames a second, as x264 writes
it by default. Seconds are the processor's.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the figures are for one core

import av
import numpy as np
from PIL import Image

from bench.machine import budget, machine
from bench.photographs import PLACE, pictures
from examples.pictures import scene
from heed.hashing.distance import distance
from heed.hashing.signals import FileSignals, seen
from heed.hashing.video import open_video, samples

try:
    import vpdq  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    vpdq = None

SECONDS, RATE, WIDE, HIGH = 60, 30, 1280, 720
ROUNDS = 3
KEY_FRAMES, TIMES_VPDQ = 100.0, 1.3  # what it is held to


def film() -> bytes:
    """Twelve shots of five seconds, each a slow pan with grain. Made once, then kept."""
    kept = PLACE.parent / "film.mp4"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            made = Path(folder) / "film.mp4"
            _make(made)
            made.rename(kept)
    return kept.read_bytes()


def _make(path: Path) -> None:
    shots, rng = [_shot(nth) for nth in range(SECONDS // 5)], np.random.default_rng(1)
    grain = [rng.integers(-4, 5, (HIGH, WIDE, 1), np.int16) for _ in range(8)]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE, options={"crf": "23"})
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        for nth in range(SECONDS * RATE):
            left = nth % (5 * RATE)
            shown = shots[nth // (5 * RATE)][:, left : left + WIDE] + grain[nth % 8]
            pixels = np.clip(shown, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def _shot(nth: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    found, size = pictures(), (WIDE + 5 * RATE, HIGH)
    picture = Image.open(found[-1 - nth]).convert("RGB") if nth < len(found) else scene(nth)
    return np.asarray(picture.resize(size)).astype(np.int16)


def _times_faster(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return SECONDS / statistics.median(spent)


def _decode(data: bytes) -> None:
    opened = open_video(data)
    for _ in opened.container.decode(opened.stream):
        pass


def _reference() -> Any:
    return vpdq.computeHash(str(PLACE.parent / "film.mp4"), seconds_per_hash=1, thread_count=1)


def _away(ours: FileSignals, theirs: Any) -> str:
    """Each frame of ours beside the nearest in time of theirs."""
    found = []
    for frame in ours.frames:
        other = min(theirs, key=lambda one: abs(one.timestamp * 1000 - frame.timestamp_ms))
        found.append(distance(frame.pdq, bytes.fromhex(other.hex)))
    return f"mean {np.mean(found):.1f}, max {max(found)} bits from its frames"


def main() -> bool:
    """Whether the budgets are kept."""
    data = film()
    unread = FileSignals.unread(data)
    ours = _times_faster(lambda: seen(unread, data))
    first = _times_faster(lambda: list(samples(open_video(data), key_frames_only=True)))
    plain = _times_faster(lambda: _decode(data))
    line = (
        f"720p H.264, one core: {ours:.1f} times real time, key frames alone {first:.0f}"
        f"{budget(f'{KEY_FRAMES:g}', kept=first >= KEY_FRAMES)}"
        f" (decoding every frame and no more: {plain:.1f})"
    )
    if vpdq is None:
        print(f"{line} | vpdq is not installed: not compared with it")
        return first >= KEY_FRAMES
    theirs = _times_faster(_reference)
    times = ours / theirs
    beside = f"{times:.1f} times vpdq{budget(f'{TIMES_VPDQ}', kept=times >= TIMES_VPDQ)}"
    print(f"{line} | {beside}, {theirs:.1f}; {_away(seen(unread, data), _reference())}")
    print(machine())
    return first >= KEY_FRAMES and times >= TIMES_VPDQ


if __name__ == "__main__":
    sys.exit(not main())
