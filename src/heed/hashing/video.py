"""From the bytes of a video to one blurred luma block a second, as in vPDQ.

Every frame is decoded up to a bound of pixels; what follows is sampled at key frames only, so that
a long video costs seconds and not minutes.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from heed.hashing.pdq import Floats, Pixels, block_of
from heed.hashing.refusals import NotHashable, Reason

SAMPLE_EVERY_MS = 1_000
MAX_SAMPLES = 1_800
FULL_DECODE_PIXELS = 2_000_000_000  # about 75 s of 720p at 30 frames a second
MAX_FRAME_PIXELS = 36_000_000  # 8K
# Planes of these hold luma as the first plane, eight bits deep; others are converted.
_LUMA_FIRST = ("yuv", "nv12", "nv21", "gray")
_LIMITED_BLACK, _LIMITED_SCALE = 16.0, np.float32(255 / 219)  # ITU-R BT.601 studio range

av.logging.set_level(av.logging.PANIC)  # a broken video's complaints belong into no log


@dataclass(frozen=True, slots=True)
class Sample:
    """A frame as 64 x 64 samples of luma, with its time."""

    timestamp_ms: int
    block: Floats


@dataclass(frozen=True, slots=True)
class Opened:
    """A video whose container could be read."""

    container: Any
    stream: Any
    size_px: tuple[int, int]


def open_video(data: bytes) -> Opened:
    """Read the container. Raises `NotHashable` (broken, no frames, too large)."""
    try:
        container = av.open(io.BytesIO(data), metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        raise NotHashable(Reason.BROKEN, str(error)[:200]) from error
    streams: list[Any] = list(container.streams.video)
    if not streams or streams[0].codec_context is None:
        raise NotHashable(Reason.NO_FRAMES, "no video stream that can be decoded")
    stream = streams[0]
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > MAX_FRAME_PIXELS:
        raise NotHashable(Reason.TOO_LARGE, f"{width} x {height} pixels a frame")
    stream.thread_type, stream.codec_context.thread_count = "NONE", 1  # the sandbox has one core
    return Opened(container=container, stream=stream, size_px=(width, height))


def _luma(frame: Any) -> tuple[Pixels, bool]:
    """The frame's luma, and whether it uses the studio range (16..235)."""
    name = frame.format.name
    if not name.startswith(_LUMA_FIRST) or frame.format.components[0].bits != 8:
        return frame.to_ndarray(format="gray"), False
    plane = frame.planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    full = name.startswith(("yuvj", "gray")) or frame.color_range == 2
    return lines[: frame.height, : frame.width], not full


def _block(frame: Any) -> Floats:
    luma, studio = _luma(frame)
    block = block_of(luma)
    if studio:
        block = (block - np.float32(_LIMITED_BLACK)) * _LIMITED_SCALE
    return np.ascontiguousarray(np.rot90(block, (frame.rotation // 90) % 4))


def _decoded(opened: Opened) -> Iterator[Any]:
    """Every frame up to the bound, then key frames. Ends quietly where the file breaks off."""
    budget = FULL_DECODE_PIXELS
    for packet in opened.container.demux(opened.stream):
        if budget <= 0:
            opened.stream.codec_context.skip_frame = "NONKEY"
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue  # one bad packet does not hide the others
        for frame in frames:
            budget -= frame.width * frame.height
            yield frame


def samples(opened: Opened) -> Iterator[Sample]:
    """One frame a second, the first one included."""
    due_ms, count = 0, 0
    start: float | None = None
    for frame in _safely(_decoded(opened)):
        seconds = float(frame.time or 0.0)
        start = seconds if start is None else start
        at_ms = max(0, round((seconds - start) * 1000))
        if at_ms < due_ms:
            continue
        yield Sample(timestamp_ms=at_ms, block=_block(frame))
        due_ms = (at_ms // SAMPLE_EVERY_MS + 1) * SAMPLE_EVERY_MS
        count += 1
        if count >= MAX_SAMPLES:
            return


def _safely(frames: Iterator[Any]) -> Iterator[Any]:
    """Frames until the container itself can't be read any further."""
    try:
        yield from frames
    except av.FFmpegError:
        return


def first_good_picture(opened: Opened) -> Pixels:
    """RGB of the first sampled frame that is not empty. Raises `NotHashable` (no frames)."""
    best: Pixels | None = None
    for frame in _safely(_decoded(opened)):
        luma, _ = _luma(frame)
        pixels: Pixels = np.rot90(frame.to_ndarray(format="rgb24"), (frame.rotation // 90) % 4)
        best = pixels if best is None else best
        if float(luma[::8, ::8].std()) > 8:
            return pixels
        if frame.time and frame.time > 20:
            break
    if best is None:
        raise NotHashable(Reason.NO_FRAMES)
    return best


def learn_codecs() -> None:
    """Load what decoding needs later, when no file can be opened any more."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for level in (40, 200):
            pixels = np.full((64, 64, 3), level, np.uint8)
            pixels[:32] = 120
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    data = out.getvalue()
    list(samples(open_video(data)))
    first_good_picture(open_video(data))
