"""From the bytes of a video to blurred luma blocks, one a second as in vPDQ and some between.

Only the frames that are sampled have to be decoded, and those they depend on. So what lies between
a sample and the last key frame before the next one is left out, and so are frames that no other
frame needs. Up to a bound of decoded pixels; what follows is sampled at key frames only, so that a
long video costs seconds and not minutes.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from heed.hashing.borders import FrameBorder
from heed.hashing.pdq import Floats, Pixels, block_of
from heed.hashing.refusals import NotHashable, Reason

STORE_EVERY_MS = 1_000
ASK_EVERY_MS = 250  # a copy that was cut or re-timed has its full seconds at other moments
MAX_SAMPLES = 7_200
SAMPLES_A_STEP = 1_200  # then half as often: 5 minutes as above, 10, 20 ... five hours in all
FULL_DECODE_PIXELS = 4_000_000_000  # about 145 s of 720p at 30 frames a second
LOOK_AHEAD = 16  # samples (four seconds) that decide together whether there is a border
MAX_FRAME_PIXELS = 36_000_000  # 8K
MAX_TRACKS = 4  # of pictures, in one file
BACK_SECONDS = 0.5  # a frame that comes so much before the last one is looked at, as time is a lie
LONGEST_REORDER_SECONDS = 20.0  # a frame is shown so long after it was read, at most
# Planes of these hold luma as the first plane, eight bits deep; others are converted.
_LUMA_FIRST = ("yuv", "nv12", "nv21", "gray")
_LIMITED_BLACK, _LIMITED_SCALE = 16.0, np.float32(255 / 219)  # ITU-R BT.601 studio range

av.logging.set_level(av.logging.PANIC)  # a broken video's complaints belong into no log


_ALONE = 1  # AV_PICTURE_TYPE_I in <libavutil/avutil.h>


class DishonestKeyFrames(Exception):
    """Frames called key frames depend on others: nothing may be left out in this file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A frame as 64 x 64 samples of luma, with its time. `inside`: what its border encloses.

    `stored`: it is the first of its second; the others are only asked with.
    """

    timestamp_ms: int
    block: Floats
    stored: bool
    inside: Floats | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A video whose container could be read, at one of its `tracks` of pictures."""

    container: Any
    stream: Any
    size_px: tuple[int, int]
    tracks: int
    nth: int  # of them


def open_video(data: bytes, track: int = 0) -> Opened:
    """Read the container. Raises `NotHashable` (broken, no frames, too large).

    The first track is the longest; what a player shows is not known, so others may be asked for.
    """
    try:
        container = av.open(io.BytesIO(data), metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        raise NotHashable(Reason.BROKEN, str(error)[:200]) from error
    every: list[Any] = list(container.streams.video)
    streams = sorted((one for one in every if one.codec_context is not None), key=_last)
    if len(streams) <= track:
        raise NotHashable(Reason.NO_FRAMES, "no video stream that can be decoded")
    stream: Any = streams[track]
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > MAX_FRAME_PIXELS:
        raise NotHashable(Reason.TOO_LARGE, f"{width} x {height} pixels a frame")
    stream.thread_type, stream.codec_context.thread_count = "NONE", 1  # the sandbox has one core
    return Opened(container, stream, (width, height), len(streams), track)


def _last(stream: Any) -> tuple[bool, float]:
    """The order of tracks: covers last, else the longest first."""
    is_cover = bool(stream.disposition & av.stream.Disposition.attached_pic)
    return is_cover, -float((stream.duration or 0) * (stream.time_base or 0))


def _luma(frame: Any) -> tuple[Pixels, bool]:
    """The frame's luma, and whether it uses the studio range (16..235)."""
    name = frame.format.name
    if not name.startswith(_LUMA_FIRST) or frame.format.components[0].bits != 8:
        return frame.to_ndarray(format="gray"), False
    plane = frame.planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    full = name.startswith(("yuvj", "gray")) or frame.color_range == 2
    return lines[: frame.height, : frame.width], not full


def _block(luma: Pixels, studio: bool, rotation: int) -> Floats:
    block = block_of(luma)
    if studio:
        block = (block - np.float32(_LIMITED_BLACK)) * _LIMITED_SCALE
    return np.ascontiguousarray(np.rot90(block, (rotation // 90) % 4))


def samples(
    opened: Opened, *, key_frames_only: bool = False, leap: bool = True
) -> Iterator[Sample]:
    """Four frames a second, the first one included; one of each second is to be stored.

    Fewer of a long video, so that its end is seen too, up to `MAX_SAMPLES`.
    With `key_frames_only` the first key frame of each second that has one: a first look that costs
    next to nothing, at other frames than those a full decode finds. Raises `DishonestKeyFrames`
    where it leapt to a frame that does not stand alone: begin anew without `leap`.
    """
    return _bordered(_sampled(opened, key_frames_only=key_frames_only, leap=leap))


def _bordered(found: Iterator["_Taken"]) -> Iterator[Sample]:
    """Each sample with what its border encloses, if the first ones have one in common."""
    border, waiting, decided, has_border = FrameBorder(), list[_Taken](), False, False
    for taken in found:
        if taken.stored:
            border.learn(taken.luma)
        waiting.append(taken)
        if decided or len(waiting) == LOOK_AHEAD:
            has_border = has_border if decided else border.crop() is not None
            decided = True
            yield from (_sample(one, border, has_border) for one in waiting)
            waiting.clear()
    has_border = has_border if decided else border.crop() is not None
    yield from (_sample(one, border, has_border) for one in waiting)


def _sample(taken: "_Taken", border: FrameBorder, has_border: bool) -> Sample:
    block = _block(taken.luma, taken.studio, taken.rotation)
    if not has_border:
        return Sample(taken.at_ms, block, taken.stored)
    crop = border.crop()  # later frames may have shown that it is narrower, or none
    inner = block if crop is None else _block(taken.luma[crop], taken.studio, taken.rotation)
    return Sample(taken.at_ms, block, taken.stored, inner)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A sampled frame's luma, as it lies in the file."""

    at_ms: int
    stored: bool
    luma: Pixels
    studio: bool
    rotation: int


def _sampled(opened: Opened, *, key_frames_only: bool, leap: bool) -> Iterator[_Taken]:
    """The frames that are due. Raises `DishonestKeyFrames` once one turns out to be wrong."""
    reader = _Reader(opened, key_frames_only=key_frames_only, leap=leap)
    start: float | None = None
    store_ms = 0
    for count, (frame, seconds) in enumerate(reader.frames()):
        start = seconds if start is None else start
        at_ms = max(0, round((seconds - start) * 1000))
        luma, studio = _luma(frame)
        yield _Taken(at_ms, at_ms >= store_ms, luma.copy(), studio, frame.rotation)
        store_ms = max(store_ms, (at_ms // STORE_EVERY_MS + 1) * STORE_EVERY_MS)
        every_ms = ASK_EVERY_MS << (count // SAMPLES_A_STEP)
        due_ms = (at_ms // every_ms + 1) * every_ms
        reader.due, reader.exactly = start + due_ms / 1000, due_ms >= store_ms
        if count + 1 >= MAX_SAMPLES:
            return


class _Reader:
    """Reads the first frame not before `due`, again and again, decoding as little as it can.

    `due` is in the file's own seconds, minus infinity at first. Unless `exactly`, a frame that
    others need will do, though another had come sooner.
    """

    def __init__(self, opened: Opened, *, key_frames_only: bool, leap: bool) -> None:
        self.due, self.exactly = -np.inf, True
        self._opened, self._codec = opened, opened.stream.codec_context
        self._leap, self._leapt = leap, False
        self._landing: int | None = None  # the key frame that was leapt to and is not out yet
        self._budget = 0 if key_frames_only else FULL_DECODE_PIXELS
        rate = opened.stream.average_rate
        self._frame_seconds = min(0.1, 1.5 / float(rate)) if rate else 0.1
        self._held: list[Any] = []  # packets not needed if a key frame follows in time
        self._read: int | None = None  # when the last packet was due to be decoded
        self._shift = 0  # of the file's times, in its own unit
        self._shown = -np.inf  # the last frame, in seconds

    def frames(self) -> Iterator[tuple[Any, float]]:
        """Each frame that is due, with its time. Ends quietly where the file breaks off."""
        for packet in self._packets():
            for ready in self._worth_decoding(packet):
                for frame in self._decoded(ready):
                    before, self._shown = self._shown, self._time_of(frame)
                    if self._shown >= self.due or self._shown < before - BACK_SECONDS:
                        yield frame, self._shown

    def _time_of(self, frame: Any) -> float:
        """When it is shown; one that does not say comes after the last one."""
        if frame.time is None:
            return 0.0 if self._shown == -np.inf else self._shown + self._frame_seconds
        return float(frame.time)

    def _packets(self) -> Iterator[Any]:
        try:
            for packet in self._opened.container.demux(self._opened.stream):
                self._keep_order(packet)
                yield packet
        except (av.FFmpegError, ValueError):
            return

    def _keep_order(self, packet: Any) -> None:
        """Time never goes back: where it starts over, as of a film behind a film, it goes on.

        Nor is a frame shown long after it was read: what claims that would have all others skipped.
        """
        if packet.dts is None:
            return
        if self._read is not None and packet.dts + self._shift < self._read:
            self._shift = self._read - packet.dts + 1
        ahead = 0 if packet.pts is None else packet.pts - packet.dts
        if abs(ahead * float(packet.time_base or 0)) > LONGEST_REORDER_SECONDS:
            ahead = 0
        self._read = packet.dts + self._shift
        packet.pts = None if packet.pts is None else self._read + ahead
        packet.dts = self._read

    def _worth_decoding(self, packet: Any) -> list[Any]:
        """The packets to be decoded now: none while nothing is due, then all since a key frame."""
        if not self._leap or packet.dts is None or packet.pts is None:
            held, self._held = [*self._held, packet], []
            return held
        base = float(packet.time_base)
        if packet.is_keyframe and packet.pts * base <= self.due:
            self._leapt = self._leapt or bool(self._held)
            self._held.clear()
        self._held.append(packet)
        if packet.dts * base < self.due:
            return []
        held, self._held = self._held, []
        return held

    def _decoded(self, packet: Any) -> list[Any]:
        if self._budget <= 0:
            self._codec.skip_frame = "NONKEY"
        else:
            self._codec.skip_frame = "DEFAULT" if self._is_due(packet) else "NONREF"
        if self._leapt:
            self._leapt, self._landing = False, packet.pts
            self._codec.flush_buffers()
        try:
            frames: list[Any] = packet.decode()
        except (av.FFmpegError, ValueError):
            return []  # one bad packet does not hide the others
        for frame in frames:
            self._budget -= frame.width * frame.height
            self._check(frame)
        if packet.pts is None and packet.size == 0 and self._landing is not None:
            raise DishonestKeyFrames
        return frames

    def _check(self, frame: Any) -> None:
        """A file's word for which frames stand alone is not believed: the codec has to agree."""
        if self._landing is None or frame.pts is None or frame.pts < self._landing:
            return
        if frame.pts > self._landing or int(frame.pict_type) != _ALONE:
            raise DishonestKeyFrames
        self._landing = None

    def _is_due(self, packet: Any) -> bool:
        """Whether this packet's frame may be the one that is sampled: then it is decoded."""
        if packet.pts is None:
            return True
        seconds = float(packet.pts * packet.time_base)
        at_once = self.due <= seconds < self.due + self._frame_seconds
        return self.due == -np.inf or (self.exactly and at_once)


def _safely(frames: Iterator[Any]) -> Iterator[Any]:
    """Frames until the container itself can't be read any further."""
    try:
        yield from frames
    except av.FFmpegError:
        return


def first_good_picture(opened: Opened) -> Pixels:
    """RGB of the first sampled frame that is not empty. Raises `NotHashable` (no frames)."""
    best: Pixels | None = None
    for frame in _safely(opened.container.decode(opened.stream)):
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
