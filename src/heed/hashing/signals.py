"""All that a file's bytes tell about it: exact hashes, what it is, how it looks.

Importing this costs nothing: decoders and numpy are loaded by `signals_of` alone, which belongs
into a confined child process (`heed.hashing.sandbox`) when the bytes come from outside.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from heed.hashing.distance import CONFIDENT_MATCH, GOOD_QUALITY, distance
from heed.hashing.kinds import PICTURE, VIDEO, kind_of
from heed.hashing.refusals import NotHashable, Reason

if TYPE_CHECKING:
    from heed.hashing.normalise import Picture
    from heed.hashing.pdq import PdqHash
    from heed.hashing.video import Sample

HASHED, LOW_QUALITY, NOT_HASHABLE = "hashed", "low_quality", "not_hashable"
STATES = (HASHED, LOW_QUALITY, NOT_HASHABLE)
MAX_FRAME_FORMS = 8  # values of an animation's later frames among the queries
SAME_FRAME = 12  # bits; a frame nearer to one already kept adds nothing to a query


@dataclass(frozen=True, slots=True)
class Frame:
    """A video's frame. `mirrored` is for asking: the value of the same frame seen in a mirror."""

    timestamp_ms: int
    pdq: bytes
    quality: int
    mirrored: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSignals:
    """What is known of one file. Exact hashes are always there, also when `state` is not "hashed".

    `pdq` is the value to store and to share, `query_forms` are all values to ask an index with (the
    plain one first; 32 bytes each). Both are empty for a video: ask with its `frames`. A picture
    that stops early is not hashed, but what can be seen of it is in `query_forms`.
    """

    sha256: bytes
    md5: bytes
    size_bytes: int
    kind: str  # picture | video | other
    mime: str
    state: str  # hashed | low_quality | not_hashable
    reason: Reason | None = None  # why it is not "hashed"; a cut video is hashed and says so
    width_px: int | None = None
    height_px: int | None = None
    pdq: bytes | None = None
    pdq_quality: int = 0
    query_forms: tuple[bytes, ...] = ()
    frames: tuple[Frame, ...] = ()


def exact_signals(data: bytes, reason: Reason) -> FileSignals:
    """The exact hashes alone, for a file that could not be looked into, and why."""
    kind, mime = kind_of(data)
    return FileSignals(
        sha256=hashlib.sha256(data).digest(),
        md5=hashlib.md5(data, usedforsecurity=False).digest(),
        size_bytes=len(data),
        kind=kind,
        mime=mime,
        state=NOT_HASHABLE,
        reason=reason,
    )


def signals_of(data: bytes) -> FileSignals:
    """Everything about the file, in this process. Never raises for a bad file: see `state`."""
    exact = exact_signals(data, Reason.NOT_A_PICTURE)
    try:
        return _of_video(exact, data) if exact.kind == VIDEO else _of_picture(exact, data)
    except NotHashable as refused:
        seen = _as_far_as_it_goes(data) if refused.reason == Reason.TRUNCATED else ()
        return replace(exact, reason=refused.reason, query_forms=seen)
    except MemoryError:
        return replace(exact, reason=Reason.OUT_OF_MEMORY)


def _of_picture(exact: FileSignals, data: bytes) -> FileSignals:
    from heed.hashing.normalise import open_picture

    picture = open_picture(data)
    width, height = picture.size_px
    plain, forms = _look(picture, data)
    good = plain.quality >= GOOD_QUALITY
    return replace(
        exact,
        kind=PICTURE,
        mime=picture.mime[:80],
        width_px=width,
        height_px=height,
        state=HASHED if good else LOW_QUALITY,
        reason=None if good else Reason.LOW_QUALITY,
        pdq=plain.value,
        pdq_quality=plain.quality,
        query_forms=forms,
    )


def _look(picture: "Picture", data: bytes) -> "tuple[PdqHash, tuple[bytes, ...]]":
    """The plain hash, and all good values to ask with. Raises `NotHashable`."""
    from heed.hashing.normalise import sights
    from heed.hashing.pdq import pdq

    plain: list[PdqHash] = []
    others: list[PdqHash] = []
    refused = NotHashable(Reason.NO_FRAMES)
    for sight in sights(picture, data):
        try:
            seen = pdq(sight.pixels)
        except NotHashable as error:
            refused = error
            continue
        (plain if sight.plain else others).append(seen)
    if not plain:
        raise refused
    good = (hashed for hashed in plain if hashed.quality >= GOOD_QUALITY)
    first = next(good, None) or max(plain, key=lambda hashed: hashed.quality)
    return first, _forms(first, [*plain, *others])


def _forms(first: "PdqHash", seen: "Iterable[PdqHash]") -> tuple[bytes, ...]:
    """The plain value turned eight ways, then every other sight that differs, also turned."""
    if first.quality < GOOD_QUALITY:
        return ()
    kept = [first]
    for other in seen:
        if len(kept) > MAX_FRAME_FORMS or other.quality < GOOD_QUALITY:
            continue
        if all(distance(other.value, known.value) > SAME_FRAME for known in kept):
            kept.append(other)
    return tuple(dict.fromkeys(form for hashed in kept for form in hashed.turned))


def _as_far_as_it_goes(data: bytes) -> tuple[bytes, ...]:
    """Values of the part of a cut picture that can still be seen."""
    from heed.hashing.normalise import leniently, open_picture

    try:
        with leniently():
            return _look(open_picture(data), data)[1]
    except NotHashable:
        return ()


def _of_video(exact: FileSignals, data: bytes) -> FileSignals:
    from heed.hashing.video import open_video, samples

    opened = open_video(data)
    width, height = opened.size_px
    frames = tuple(_frames(samples(opened)))
    if not frames:
        raise NotHashable(Reason.NO_FRAMES)
    good = any(frame.quality >= GOOD_QUALITY for frame in frames)
    return replace(
        exact,
        width_px=width,
        height_px=height,
        state=HASHED if good else LOW_QUALITY,
        reason=None if good else Reason.LOW_QUALITY,
        frames=frames,
    )


def _frames(found: "Iterable[Sample]") -> Iterable[Frame]:
    from heed.hashing.pdq import hash_block

    for sample in found:
        try:
            hashed = hash_block(sample.block)
        except NotHashable:
            continue  # a black or white moment
        yield Frame(sample.timestamp_ms, hashed.value, hashed.quality, hashed.turned[5])


def video_similarity(
    frames_a: Sequence[Frame], frames_b: Sequence[Frame], within_bits: int = CONFIDENT_MATCH
) -> tuple[float, float]:
    """The share of each video's good frames that the other one also shows, plain or mirrored.

    A clip cut from a film has (1.0, small). Without good frames a share is 0.0.
    """
    good_a = [f for f in frames_a if f.quality >= GOOD_QUALITY]
    good_b = [f for f in frames_b if f.quality >= GOOD_QUALITY]
    return _share(good_a, good_b, within_bits), _share(good_b, good_a, within_bits)


def _share(frames: Sequence[Frame], others: Sequence[Frame], within_bits: int) -> float:
    found = sum(any(_alike(f, other, within_bits) for other in others) for f in frames)
    return found / len(frames) if frames else 0.0


def _alike(a: Frame, b: Frame, within_bits: int) -> bool:
    if distance(a.pdq, b.pdq) <= within_bits:
        return True
    return len(a.mirrored) == len(b.pdq) and distance(a.mirrored, b.pdq) <= within_bits
