"""Videos: one frame a second, found again re-encoded, trimmed, mirrored."""

import io
from typing import Any

import av
import numpy as np
import pytest

from examples.pictures import video
from heed.hashing.signals import Frame, signals_of, video_similarity

FILM = video(40, seconds=6)


def _remade(data: bytes, *, mirror: bool = False, skip: int = 0, codec: str = "mpeg4") -> bytes:
    """The same film encoded again, smaller."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream(codec, rate=15)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 480, 270, "yuv420p", 600_000
        for nth, frame in enumerate(source.decode(video=0)):
            if nth < skip:
                continue
            pixels: Any = frame.reformat(480, 270).to_ndarray(format="rgb24")
            pixels = np.ascontiguousarray(pixels[:, ::-1] if mirror else pixels)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def test_a_video_gives_one_frame_a_second_with_its_time() -> None:
    signals = signals_of(FILM)
    assert (signals.kind, signals.state, signals.mime) == ("video", "hashed", "video/mp4")
    assert (signals.width_px, signals.height_px) == (640, 360)
    assert [frame.timestamp_ms for frame in signals.frames] == [0, 1000, 2000, 3000, 4000, 5000]
    assert all(frame.quality >= 50 for frame in signals.frames)
    assert signals.pdq is None and signals.query_forms == ()


def test_a_film_encoded_again_is_the_same_film() -> None:
    ours, theirs = signals_of(FILM).frames, signals_of(_remade(FILM)).frames
    assert video_similarity(ours, theirs, 31) == (1.0, 1.0)


def test_a_mirrored_film_is_the_same_film() -> None:
    ours, theirs = signals_of(FILM).frames, signals_of(_remade(FILM, mirror=True)).frames
    assert video_similarity(ours, theirs, 31) == (1.0, 1.0)


def test_a_clip_is_wholly_within_the_film_it_was_cut_from() -> None:
    whole, clip = signals_of(FILM).frames, signals_of(_remade(FILM, skip=60)).frames
    share_whole, share_clip = video_similarity(whole, clip, 31)
    assert share_clip == 1.0
    assert 0.2 <= share_whole <= 0.6


def test_other_films_share_nothing() -> None:
    assert video_similarity(signals_of(FILM).frames, signals_of(video(90)).frames, 31) == (0, 0)


def test_frames_without_structure_are_no_evidence() -> None:
    blank = [Frame(0, b"\x00" * 32, 3)]
    assert video_similarity(blank, blank, 31) == (0.0, 0.0)


def test_a_film_that_breaks_off_gives_the_frames_before() -> None:
    out = io.BytesIO()
    with av.open(io.BytesIO(FILM), "r") as source, av.open(out, "w", format="mpegts") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    cut = out.getvalue()[: len(out.getvalue()) // 2]
    signals = signals_of(cut)
    assert signals.state == "hashed"
    assert 2 <= len(signals.frames) <= 4


@pytest.mark.parametrize("keep", [40, 4000])
def test_a_film_without_its_index_is_named_broken(keep: int) -> None:
    signals = signals_of(FILM[:keep])
    assert (signals.kind, signals.state) == ("video", "not_hashable")
    assert signals.reason in ("broken", "no_frames", "truncated")
