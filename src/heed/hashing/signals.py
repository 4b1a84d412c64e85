"""All that a file's bytes tell about it: exact hashes, what it is, how it looks.

Importing this costs nothing: decoders and numpy are loaded by `signals_of` alone, which belongs
into a confined child process (`heed.hashing.sandbox`) when the bytes come from outside.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from heed.hashing.distance import GOOD_QUALITY, distance
from heed.hashing.kinds import PICTURE, VIDEO, kind_of
from heed.hashing.refusals import NotHashable, Reason

if TYPE_CHECKING:
    from heed.hashing.normalise import Part, Picture
    from heed.hashing.pdq import Floats, PdqHash
    from heed.hashing.video import Opened, Sample

HASHED, LOW_QUALITY, NOT_HASHABLE = "hashed", "low_quality", "not_hashable"
STATES = (HASHED, LOW_QUALITY, NOT_HASHABLE)
WAYS = 8  # to turn and mirror a frame; a video's `query_forms` come in such groups
SAME_MOMENT = 8  # bits; a frame between two seconds that is nearer to the last one is not asked
MAX_FRAME_FORMS = 128  # values of an animation's later frames among the queries
MOST_UNSURE = 12  # bits; with more, a scaled decode is not good enough (`bench.hashing`)
LOOKED_AGAIN_PX = 1 << 24  # up to this size: 0.3 s more, 2 s for the costliest kind of JPEG
SAME_FRAME = 12  # bits; a frame nearer to one already kept adds nothing to a query


@dataclass(frozen=True, slots=True)
class Value:
    """A PDQ value of 32 bytes and its quality, 0..100."""

    pdq: bytes
    quality: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A video's frame at a full second. `inside`: its value within the video's border, if any."""

    timestamp_ms: int
    pdq: bytes
    quality: int
    inside: Value | None = None

    @property
    def good(self) -> tuple[bytes, ...]:
        """Its values with which a near match means something."""
        both = (Value(self.pdq, self.quality), self.inside)
        return tuple(one.pdq for one in both if one and one.quality >= GOOD_QUALITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSignals:
    """What is known of one file. Exact hashes are always there, also when `state` is not "hashed".

    `pdq` is the value to store and to share, `other_values` are to be stored beside it: the picture
    inside its border, on black, and as clients compute it that undo nothing. `query_forms` are all
    values to ask an index with (the plain one first; 32 bytes each). A picture that stops early is
    not hashed, but what can be seen of it is in `query_forms`. A video has `frames` instead of a
    `pdq`, and is asked with more of them than are stored: each `WAYS` values, one after another.
    """

    sha256: bytes
    md5: bytes
    size_bytes: int
    kind: str  # picture | video | other
    mime: str
    state: str  # hashed | low_quality | not_hashable
    reason: Reason | None = None  # why not "hashed"; TOO_LARGE also where an end is unseen
    width_px: int | None = None
    height_px: int | None = None
    pdq: bytes | None = None
    pdq_quality: int = 0
    other_values: tuple[Value, ...] = ()
    query_forms: tuple[bytes, ...] = ()
    asked_at_s: tuple[int, ...] = ()  # of a video: the second that each group of forms is from
    frames: tuple[Frame, ...] = ()
    sha1: bytes = b""  # what older lists hold

    @staticmethod
    def unread(data: bytes) -> "FileSignals":
        """What the first bytes say. Without exact hashes: the decoder is not asked for them."""
        kind, mime = kind_of(data)
        return FileSignals(
            sha256=b"",
            md5=b"",
            size_bytes=len(data),
            kind=kind,
            mime=mime,
            state=NOT_HASHABLE,
            reason=Reason.NOT_A_PICTURE,
        )


def exact_signals(data: bytes, reason: Reason) -> FileSignals:
    """The exact hashes alone, for a file that could not be looked into, and why."""
    sha256, md5 = hashlib.sha256(data), hashlib.md5(data, usedforsecurity=False)
    sha1 = hashlib.sha1(data, usedforsecurity=False)
    unread = FileSignals.unread(data)
    exact = {"sha256": sha256.digest(), "md5": md5.digest(), "sha1": sha1.digest()}
    return replace(unread, **exact, reason=reason)  # type: ignore[arg-type]


def signals_of(data: bytes, *, exact_value: bool = False) -> FileSignals:
    """Everything about the file, in this process. Never raises for a bad file: see `state`.

    `exact_value`: decode every pixel of a large JPEG, for the very value that others compute. It
    costs several times as much; without it the value is at most some bits away (docs/matching.md).
    """
    return seen(exact_signals(data, Reason.NOT_A_PICTURE), data, exact_value=exact_value)


def seen(
    exact: FileSignals, data: bytes, *, exact_value: bool = False, first_look: bool = False
) -> FileSignals:
    """What the file looks like, added to what is known of its bytes.

    `first_look`: of a video the key frames alone.
    """
    try:
        if exact.kind == VIDEO:
            return _of_video(exact, data, key_frames_only=first_look)
        return _of_picture(exact, data, scaled=not exact_value)
    except NotHashable as refused:
        parts = _as_far_as_it_goes(data) if refused.reason == Reason.TRUNCATED else ()
        return replace(exact, reason=refused.reason, query_forms=parts)
    except MemoryError:
        return replace(exact, reason=Reason.OUT_OF_MEMORY)


def _of_picture(exact: FileSignals, data: bytes, *, scaled: bool) -> FileSignals:
    picture, looked = _looked_at(data, scaled=scaled)
    width, height = picture.size_px
    good = looked.first.quality >= GOOD_QUALITY
    cut = None if looked.whole else Reason.TOO_LARGE
    return replace(
        exact,
        kind=PICTURE,
        mime=picture.mime[:80],
        width_px=width,
        height_px=height,
        state=HASHED if good else LOW_QUALITY,
        reason=cut or (None if good else Reason.LOW_QUALITY),
        pdq=looked.first.value,
        pdq_quality=looked.first.quality,
        other_values=looked.kept,
        query_forms=looked.forms,
    )


def _looked_at(data: bytes, *, scaled: bool) -> "tuple[Picture, _Looked]":
    """Its values; from every pixel after all where those of a scaled decode would be chance.

    They stay as they are of a picture so large that this would take long, or that then has none.
    """
    from heed.hashing.normalise import open_picture

    picture = open_picture(data, scaled=scaled)
    looked = _look(picture, data)
    wide, high = picture.size_px
    if picture.factor == 1 or looked.unsure <= MOST_UNSURE or wide * high > LOOKED_AGAIN_PX:
        return picture, looked
    try:
        whole = open_picture(data)
        return whole, _look(whole, data)
    except (NotHashable, MemoryError):
        return picture, looked


class _Hashed(NamedTuple):
    """A sight's hash, without its pixels."""

    part: "Part"
    frame: int
    hash: "PdqHash"


@dataclass(frozen=True, slots=True)
class _Looked:
    """The plain hash, the values to keep beside it, and all good values to ask with.

    `unsure`: of the good value with most such bits, see `PdqHash`. `whole`: it was seen to its end.
    """

    first: "PdqHash"
    kept: tuple[Value, ...]
    forms: tuple[bytes, ...]
    unsure: int
    whole: bool


def _look(picture: "Picture", data: bytes) -> _Looked:
    """Hash every sight. Raises `NotHashable`."""
    from heed.hashing.normalise import Part, has_more, sights
    from heed.hashing.pdq import pdq

    found: list[_Hashed] = []
    refused = NotHashable(Reason.NO_FRAMES)
    for sight in sights(picture, data):
        try:
            found.append(_Hashed(sight.part, sight.frame, pdq(sight.pixels, sight.scale)))
        except NotHashable as error:
            refused = error
    plain = [one for one in found if one.part is Part.PLAIN]
    if not plain:
        raise refused
    good = (one for one in plain if one.hash.quality >= GOOD_QUALITY)
    shown = next(good, None) or max(plain, key=lambda one: one.hash.quality)
    beside = [
        one.hash
        for one in found
        if one.part is Part.KEPT or (one.part is Part.PLAIN and one.frame == shown.frame)
    ]
    kept = tuple(Value(one.value, one.quality) for one in _different(shown.hash, beside)[1:])
    asked_last = sorted(found, key=lambda one: one.part is Part.ASKED)
    unsure = [one.hash.unsure for one in found if one.hash.quality >= GOOD_QUALITY]
    forms = _forms(shown.hash, [one.hash for one in asked_last])
    whole = len(forms) <= MAX_FRAME_FORMS * WAYS and not has_more(picture)
    return _Looked(shown.hash, kept, forms, max(unsure, default=0), whole)


def _different(first: "PdqHash", others: "Iterable[PdqHash]") -> "list[PdqHash]":
    """The first one, then each good one that none before it shows, as it is."""
    kept = [first]
    for other in others:
        if len(kept) > MAX_FRAME_FORMS or other.quality < GOOD_QUALITY:
            continue
        if all(distance(other.value, known.value) > SAME_FRAME for known in kept):
            kept.append(other)
    return kept


def _forms(first: "PdqHash", seen: "Iterable[PdqHash]") -> tuple[bytes, ...]:
    """The plain value turned eight ways, then every other sight that differs, also turned."""
    if first.quality < GOOD_QUALITY:
        return ()
    different = _different(first, seen)
    return tuple(dict.fromkeys(form for hashed in different for form in hashed.turned))


def _as_far_as_it_goes(data: bytes) -> tuple[bytes, ...]:
    """Values of the part of a cut picture that can still be seen."""
    from heed.hashing.normalise import leniently, open_picture

    try:
        with leniently():
            return _look(open_picture(data), data).forms
    except NotHashable:
        return ()


def _of_video(exact: FileSignals, data: bytes, *, key_frames_only: bool) -> FileSignals:
    from heed.hashing.video import MAX_TRACKS, open_video

    opened = open_video(data)
    width, height = opened.size_px
    watched = _track(data, opened, key_frames_only)
    for nth in range(1, min(opened.tracks, MAX_TRACKS)):
        watched = _behind(watched, _track(data, open_video(data, nth), key_frames_only))
    if opened.tracks > MAX_TRACKS:
        watched = watched._replace(whole=False)
    if not watched.frames:
        raise NotHashable(Reason.NO_FRAMES)
    good = bool(watched.asked)
    cut = None if watched.whole else Reason.TOO_LARGE
    return replace(
        exact,
        width_px=width,
        height_px=height,
        state=HASHED if good else LOW_QUALITY,
        reason=cut or (None if good else Reason.LOW_QUALITY),
        query_forms=tuple(form for _, hashed in watched.asked for form in hashed.turned),
        asked_at_s=tuple(second for second, _ in watched.asked),
        frames=tuple(watched.frames),
    )


def _track(data: bytes, opened: "Opened", key_frames_only: bool) -> "_Watched":
    """One track, as far as it is looked at."""
    from heed.hashing.video import MAX_SAMPLES, DishonestKeyFrames, open_video, samples

    try:
        return _watched(samples(opened, key_frames_only=key_frames_only), MAX_SAMPLES)
    except DishonestKeyFrames:
        again = open_video(data, opened.nth)
        return _watched(samples(again, leap=False), MAX_SAMPLES)


def _behind(first: "_Watched", other: "_Watched") -> "_Watched":
    """Another track of the same file, as if it followed: which of them a player shows differs."""
    after = 1 + max([second for second, _ in first.asked], default=-1)
    after = max(after, 1 + max((frame.timestamp_ms for frame in first.frames), default=-1) // 1000)
    frames = [
        replace(frame, timestamp_ms=frame.timestamp_ms + 1000 * after) for frame in other.frames
    ]
    asked = [(second + after, hashed) for second, hashed in other.asked]
    whole = first.whole and other.whole
    return _Watched([*first.frames, *frames], [*first.asked, *asked], whole)


class _Watched(NamedTuple):
    """The frames to store, and the good ones to ask with, each with its second."""

    frames: list[Frame]
    asked: "list[tuple[int, PdqHash]]"
    whole: bool  # it was seen to its end


def _watched(found: "Iterable[Sample]", most: int) -> _Watched:
    watched = _Watched([], [], whole=True)
    last: dict[bool, PdqHash] = {}
    for count, sample in enumerate(found, 1):
        watched = watched._replace(whole=count < most)
        shown = _hashed(sample.block)
        inside = None if sample.inside is None else _hashed(sample.inside)
        if shown is None:
            continue  # a black or white moment
        if sample.stored:
            value = Value(inside.value, inside.quality) if inside else None
            watched.frames.append(Frame(sample.timestamp_ms, shown.value, shown.quality, value))
        for within, seen in ((False, shown), (True, inside)):
            if seen is None or seen.quality < GOOD_QUALITY:
                continue
            known = last.get(within)
            if sample.stored or not known or distance(seen.value, known.value) > SAME_MOMENT:
                watched.asked.append((sample.timestamp_ms // 1000, seen))
                last[within] = seen
    return watched


def _hashed(block: "Floats") -> "PdqHash | None":
    """None for a moment of one colour."""
    from heed.hashing.pdq import hash_block

    try:
        return hash_block(block)
    except NotHashable:
        return None
