"""Videos: one frame a second, found again re-encoded, trimmed, mirrored."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from examples import pictures
from heed.hashing import clips, video
from heed.hashing.likeness import video_similarity
from heed.hashing.refusals import NotHashable
from heed.hashing.signals import WAYS, Frame, signals_of
from heed.hashing.video import open_video, samples

FILM = pictures.video(40, seconds=6)
WHOLE = signals_of(FILM)


Pixels = NDArray[np.uint8]


def remade(
    data: bytes,
    *,
    change: Callable[[Pixels], Pixels] = lambda pixels: pixels,
    skip: int = 0,
    speed: float = 1.0,
    codec: str = "mpeg4",
    options: dict[str, str] | None = None,
) -> bytes:
    """The same film encoded again, smaller; `change` is made to each frame."""
    out, kept = io.BytesIO(), 0
    with av.open(io.BytesIO(data), "r") as source, av.open(out, "w", format="mp4") as container:
        stream: Any = None
        for nth, frame in enumerate(source.decode(video=0)):
            if nth < skip or int(nth / speed) == int((nth - 1) / speed):
                continue
            pixels = change(frame.reformat(320, 180).to_ndarray(format="rgb24"))
            if stream is None:
                stream = container.add_stream(codec, rate=15, options=options or {})
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt, stream.bit_rate = "yuv420p", 400_000
            made = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            made.pts, kept = kept, kept + 1
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return out.getvalue()


def _letterboxed(pixels: Pixels) -> Pixels:
    return np.pad(pixels, ((50, 50), (0, 0), (0, 0)))


def _on_a_telephone(pixels: Pixels) -> Pixels:
    """Turned, and with bars at two sides."""
    return np.pad(np.rot90(pixels), ((0, 0), (30, 30), (0, 0)), constant_values=9)


COPIES: dict[str, dict[str, Any]] = {
    "encoded again": {},
    "mirrored": {"change": lambda pixels: pixels[:, ::-1]},
    "turned": {"change": np.rot90},
    "letterboxed": {"change": _letterboxed},
    "turned and letterboxed": {"change": _on_a_telephone},
    "faster": {"speed": 1.3},
}


@pytest.mark.parametrize("how", COPIES)
def test_a_changed_copy_of_a_film_is_the_same_film(how: str) -> None:
    theirs = signals_of(remade(FILM, **COPIES[how]))
    for one, other in ((WHOLE, theirs), (theirs, WHOLE)):
        shares = video_similarity(one, other)
        assert max(shares) >= 0.8 and min(shares) >= 0.4


@pytest.mark.parametrize(("gop", "b_frames"), [(5, 0), (12, 2), (60, 3), (250, 3)])
def test_what_is_left_out_changes_no_sample(gop: int, b_frames: int) -> None:
    """Between a sample and the next key frame before the one that is due, nothing is decoded."""
    options = {"g": str(gop), "bf": str(b_frames), "preset": "ultrafast"}
    data = remade(FILM, codec="libx264", options=options)
    lazy = [one for one in samples(open_video(data)) if one.stored]
    every = samples(open_video(data), leap=False)
    thorough = [one for one in every if one.stored]
    assert [one.timestamp_ms for one in lazy] == [0, 1000, 2000, 3000, 4000, 5000]
    assert [one.timestamp_ms for one in thorough] == [one.timestamp_ms for one in lazy]
    for one, other in zip(lazy, thorough, strict=True):
        assert np.abs(one.block - other.block).max() < 0.01


def test_a_film_that_lies_about_its_key_frames_is_decoded_whole() -> None:
    honest = remade(FILM, options={"g": "250"})
    liar = _all_called_key_frames(honest)
    with av.open(io.BytesIO(liar)) as source:
        assert sum(packet.is_keyframe for packet in source.demux(video=0)) > 80
    assert signals_of(liar).frames == signals_of(honest).frames


def _all_called_key_frames(data: bytes) -> bytes:
    """The same packets, in a container that says that each of them is a key frame."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(out, "w", format="mp4") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for nth, packet in enumerate(source.demux(video=0)):
            if packet.dts is not None:
                packet.stream, packet.is_keyframe = stream, nth != 50  # all: the table is left out
                container.mux(packet)
    return out.getvalue()


def test_key_frames_alone_are_a_first_look() -> None:
    data = remade(FILM, codec="libx264", options={"g": "30", "preset": "ultrafast"})
    quick = list(samples(open_video(data), key_frames_only=True))
    assert [one.timestamp_ms for one in quick] == [0, 2000, 4000]


def test_a_video_gives_one_frame_a_second_with_its_time() -> None:
    signals = signals_of(FILM)
    assert (signals.kind, signals.state, signals.mime) == ("video", "hashed", "video/mp4")
    assert (signals.width_px, signals.height_px) == (640, 360)
    assert [frame.timestamp_ms for frame in signals.frames] == [0, 1000, 2000, 3000, 4000, 5000]
    assert all(frame.quality >= 50 for frame in signals.frames)
    assert signals.pdq is None
    assert all(frame.inside is None for frame in signals.frames)


def test_a_video_is_asked_with_frames_between_the_seconds_too() -> None:
    assert len(WHOLE.query_forms) > len(WHOLE.frames) * WAYS
    assert {frame.pdq for frame in WHOLE.frames} < set(WHOLE.query_forms[::WAYS])


def test_a_clip_is_wholly_within_the_film_it_was_cut_from() -> None:
    clip = signals_of(remade(FILM, skip=37))
    share_clip, share_whole = video_similarity(clip, WHOLE)
    assert share_clip >= 0.7
    assert 0.3 <= share_whole <= 0.7
    assert video_similarity(WHOLE, clip)[1] == 1.0


def test_other_films_share_nothing() -> None:
    assert video_similarity(WHOLE, signals_of(pictures.video(90))) == (0, 0)


def test_frames_without_structure_are_no_evidence() -> None:
    blank = replace(WHOLE, frames=(Frame(0, b"0" * 32, 3),), query_forms=(), asked_at_s=())
    assert video_similarity(blank, blank) == video_similarity(WHOLE, blank) == (0.0, 0.0)


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


def test_of_a_long_film_the_end_is_seen_too_and_what_is_not_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert video.MAX_SAMPLES * video.ASK_EVERY_MS / 1000 < 3_600  # nothing like a long film
    monkeypatch.setattr(video, "SAMPLES_A_STEP", 6)
    thinned = signals_of(FILM)
    assert {0, 5} <= set(thinned.asked_at_s)
    assert len(thinned.asked_at_s) < len(WHOLE.asked_at_s)
    assert min(video_similarity(thinned, WHOLE)) > 0.8
    assert (thinned.state, thinned.reason) == ("hashed", None)
    monkeypatch.setattr(video, "MAX_SAMPLES", 6)
    assert (signals_of(FILM).state, signals_of(FILM).reason) == ("hashed", "too_large")


def test_a_camcorders_stream_is_a_film() -> None:
    """AVCHD (`.mts`) has four bytes of time before each packet of 188."""
    plain = _muxed("mpegts", remade(FILM, codec="libx264"))
    packets = [plain[at : at + 188] for at in range(0, len(plain), 188)]
    timed = b"".join(bytes(4) + packet for packet in packets)
    for data in (plain, timed):
        signals = signals_of(data)
        assert (signals.kind, signals.mime, signals.state) == ("video", "video/mp2t", "hashed")
        assert min(video_similarity(signals, WHOLE)) > 0.8


OTHER = pictures.video(90, seconds=6)


def _muxed(form: str, *films: bytes, change: Callable[[int, Any], None] | None = None) -> bytes:
    """The packets of these films in one file, each film a track; `change` is made to each."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        sources: list[Any] = [av.open(io.BytesIO(film)) for film in films]
        tracks = [container.add_stream_from_template(one.streams.video[0]) for one in sources]
        for source, track in zip(sources, tracks, strict=True):
            for nth, packet in enumerate(source.demux(video=0)):
                if packet.dts is not None:
                    if change:
                        change(nth, packet)
                    packet.stream = track
                    container.mux(packet)
    return out.getvalue()


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_a_film_in_another_track_is_seen_too(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cover = remade(OTHER, skip=89)
    for first in (cover, OTHER):
        both = signals_of(_muxed(form, first, remade(FILM)))
        of_both, of_film = video_similarity(both, WHOLE)
        assert of_film == 1.0 and of_both >= 0.3
        assert video_similarity(WHOLE, both)[0] == 1.0  # and what is kept finds it
        assert both.reason is None
    monkeypatch.setattr(video, "MAX_TRACKS", 1)
    assert signals_of(_muxed(form, cover, FILM)).reason == "too_large"


def test_a_film_behind_a_film_is_seen_though_its_time_starts_over() -> None:
    parts = [remade(film, codec="libx264") for film in (OTHER, FILM)]
    joined = b"".join(_muxed("mpegts", part) for part in parts)
    signals = signals_of(joined)
    assert video_similarity(signals, WHOLE)[1] == 1.0
    assert signals.frames[-1].timestamp_ms >= 10_000


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_a_frame_said_to_be_shown_much_later_hides_none_after_it(form: str) -> None:
    def claim(nth: int, packet: Any) -> None:
        if nth == 3:
            packet.pts += packet.duration * 100_000

    signals = signals_of(_muxed(form, remade(FILM, options={"bf": "0"}), change=claim))
    assert video_similarity(signals, WHOLE)[1] == 1.0


@pytest.mark.parametrize("keep", [40, 4000])
def test_a_film_without_its_index_is_named_broken(keep: int) -> None:
    signals = signals_of(FILM[:keep])
    assert (signals.kind, signals.state) == ("video", "not_hashable")
    assert signals.reason in ("broken", "no_frames", "truncated")


def test_parts_for_a_reviewers_eyes_cover_all_of_a_film_small_grey_and_without_sound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clips, "PART_MS", 2_000)
    film, at, parts = remade(FILM), 0, []
    while not parts or not parts[-1].last:
        parts.append(clips.clip(film, at, clips.Look(160, grey=True, blurred=True)))
        assert at < parts[-1].until_ms <= at + 2_100
        at = parts[-1].until_ms
    assert len(parts) == 3 and abs(at - 6_000) < 100
    for part in parts:
        shown = av.open(io.BytesIO(part.body))
        assert [stream.codec_context.name for stream in shown.streams] == ["vp8"]
        frames = [frame.to_ndarray(format="rgb24") for frame in shown.decode(video=0)]
        assert len(frames) >= 20 and frames[0].shape == (90, 160, 3)
        assert int(np.ptp(frames[0].astype(int), axis=2).max()) < 12  # grey
    with pytest.raises(NotHashable):
        clips.clip(film, 60_000, clips.Look(160, grey=True, blurred=True))


def test_a_part_of_a_film_with_few_frames_lasts_as_long_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clips, "PART_MS", 2_500)
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for level in (40, 80, 120, 160, 200):
            pixels = np.full((64, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    first = clips.clip(out.getvalue(), 0, clips.Look(64, grey=True, blurred=False))
    assert first.until_ms == 3_000 and not first.last
    shown = av.open(io.BytesIO(first.body))
    assert [float(frame.time or 0) for frame in shown.decode(video=0)] == [0, 1, 2, 2.96]
