"""A part of a video for a reviewer's eyes, made anew from its frames: muted, small, WebM (VP8).

Runs in the decoder's child. Nothing of the original file survives, its sound least of all. A part
ends after `PART_MS`, or sooner where frames are so large that decoding them would take too long;
the next part begins where this one ended, so that parts cover the whole without a gap.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image, ImageFilter

from heed.hashing.parts import Clip
from heed.hashing.refusals import NotHashable, Reason
from heed.hashing.video import Opened, open_video

PART_MS = 20_000
PART_PIXELS = 1_500_000_000  # decoded for one part: 24 s of 1080p at 30 frames a second
EVERY_MS = 80  # at most 12.5 frames a second: the eye of a reviewer is not the hash
BLUR_SHARE = 1 / 24  # as of pictures
_SLACK_MS = 40  # half a frame: rounding of times
_QUICK = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}
_CLOCK = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Look:
    """How a part is shown."""

    max_px: int
    grey: bool
    blurred: bool


def clip(data: bytes, from_ms: int, look: Look) -> Clip:
    """The part that begins at `from_ms`. Raises `NotHashable` (broken, no frames there)."""
    taken = _Part(_frames(data, from_ms), from_ms)
    body = _encoded(taken, from_ms, look)
    if body is None:
        raise NotHashable(Reason.NO_FRAMES, f"no picture from {from_ms} ms on")
    said = open_video(data).container.duration  # in microseconds (AV_TIME_BASE)
    about_ms = int(said) // 1000 if said and said > 0 else None
    return Clip(body=body, until_ms=taken.until_ms, last=taken.last, about_ms=about_ms)


def _frames(data: bytes, from_ms: int) -> Iterator[tuple[Any, int]]:
    """The frames with their times in ms since the first one, from a key frame before `from_ms` on.

    A file's index is not believed: where it leads beyond `from_ms`, all is read from the start.
    """
    if from_ms:
        leapt = _decoded(open_video(data), from_ms)
        first = next(leapt, None)
        if first is not None and first[1] <= from_ms + _SLACK_MS:
            yield first
            yield from leapt
            return
    yield from _decoded(open_video(data), 0)


def _decoded(opened: Opened, from_ms: int) -> Iterator[tuple[Any, int]]:
    """Frames after a leap; ends quietly where the file breaks off."""
    base = opened.stream.time_base
    start = opened.stream.start_time or 0
    begin = float(start * base) if base else 0.0
    try:
        if from_ms and base:
            opened.container.seek(start + int(from_ms / 1000 / base), stream=opened.stream)
        for frame in opened.container.decode(opened.stream):
            if frame.time is not None:
                yield frame, max(0, round((frame.time - begin) * 1000))
    except (av.FFmpegError, ValueError):
        return


class _Part:
    """Frames of one part, thinned out; says afterwards where it ended, and whether that is all."""

    def __init__(self, frames: Iterator[tuple[Any, int]], from_ms: int) -> None:
        self._frames, self._from = frames, from_ms
        self.until_ms, self.last = from_ms, True

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        pixels, due = 0, self._from - _SLACK_MS
        for frame, at in self._frames:
            pixels += frame.width * frame.height
            if at < self._from - _SLACK_MS:
                continue
            full = at > self._from and (at - self._from >= PART_MS or pixels > PART_PIXELS)
            if full:
                self.until_ms, self.last = at, False
                return
            self.until_ms = max(self.until_ms, at + EVERY_MS)
            if at >= due:
                due = max(due, at) + EVERY_MS - _SLACK_MS // 2
                yield frame, at


def _encoded(part: _Part, from_ms: int, look: Look) -> bytes | None:
    """The frames as a WebM, from its first moment to its last; None when there are none."""
    out, film = io.BytesIO(), None
    with av.open(out, "w", format="webm") as container:
        for frame, at in part:
            pixels = _shown(frame, look)
            if film is None:
                film = _Film(container, pixels)
                at = from_ms  # a frame is seen until the next one comes: also before the first
            film.add(pixels, at - from_ms)
        if film is not None:
            film.end(part.until_ms - from_ms)
    return None if film is None else out.getvalue()


class _Film:
    """A WebM in the making."""

    def __init__(self, container: Any, pixels: Any) -> None:
        self._container, self._stream = container, _stream(container, pixels)
        self._before, self._pixels = -1, pixels

    def add(self, pixels: Any, at_ms: int) -> None:
        """A frame; times only go forward."""
        made = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        if (self._stream.width, self._stream.height) != (made.width, made.height):
            made = made.reformat(self._stream.width, self._stream.height)  # a file may change size
        self._before, self._pixels = max(self._before + 1, at_ms), pixels
        made.pts, made.time_base = self._before, _CLOCK
        self._container.mux(self._stream.encode(made))

    def end(self, until_ms: int) -> None:
        """The last frame stands until the part is over, however few frames there are."""
        if until_ms - self._before > EVERY_MS:
            self.add(self._pixels, until_ms - EVERY_MS // 2)
        self._container.mux(self._stream.encode(None))


def _stream(container: Any, pixels: Any) -> Any:
    stream = container.add_stream("libvpx", rate=25, options=_QUICK)
    stream.height, stream.width = pixels.shape[:2]
    stream.pix_fmt, stream.time_base = "yuv420p", _CLOCK
    stream.codec_context.time_base, stream.codec_context.thread_count = _CLOCK, 1
    stream.bit_rate = max(150_000, pixels.shape[0] * pixels.shape[1] * 3)
    return stream


def _shown(frame: Any, look: Look) -> Any:
    """The frame's pixels as they are shown: small, upright, grey and blurred if so asked."""
    share = min(1.0, look.max_px / max(frame.width, frame.height))
    size = [max(16, round(side * share) // 2 * 2) for side in (frame.width, frame.height)]
    small = frame.reformat(size[0], size[1], format="gray" if look.grey else "rgb24")
    pixels = np.rot90(small.to_ndarray(), (frame.rotation // 90) % 4)
    if not look.blurred and not look.grey:
        return np.ascontiguousarray(pixels)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if look.blurred:
        image = image.filter(ImageFilter.GaussianBlur(max(2.0, max(image.size) * BLUR_SHARE)))
    return np.asarray(image.convert("RGB"))


def learn_to_encode() -> None:
    """Load what encoding needs later, when no file can be opened any more."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    with av.open(io.BytesIO(), "w", format="webm") as container:
        stream = _stream(container, pixels)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
