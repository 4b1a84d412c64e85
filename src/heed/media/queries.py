"""Reading what is on a platform, and what looks alike."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from heed.hashing.index import Hits
from heed.media import matching
from heed.media.feeds import BANKED, REGISTERED
from heed.media.frames import held_by_frames
from heed.media.models import File, FormerAddress, Item, ItemFile, Platform, Upload
from heed.media.spellings import spellings
from heed.media.stills import pictures_shown, seconds_of

GOOD_QUALITY = 50  # PDQ quality from which a near match means something (threatexchange)
VIDEO_BITS = 31  # frames no further apart than this show the same (threatexchange, vpdq)
VIDEO_SHARE = 0.8  # of one side's frames have a match on the other side ...
VIDEO_SHARE_OTHER = 0.3  # ... and at least this share of the other side's


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A file that looks like the one asked about."""

    file_id: UUID
    distance_bits: int
    quality: int  # PDQ quality of that file's picture, 0..100


@dataclass(frozen=True, slots=True, kw_only=True)
class Banked:
    """A banked signal that a file meets."""

    signal_id: int
    bank_id: UUID
    bank_case_id: UUID | None  # the case whose provisional bank it is
    case_id: UUID | None  # the case that banked it
    action: str
    hides_registered: bool
    asks_person: bool
    trusted: bool
    category: str  # what the bank is about
    enabled_share: float
    distance_bits: int
    threshold_bits: int
    exact: bool
    bank_name: str  # empty for a case's own bank: the case names it


def bits(value: bytes) -> str:
    """PostgreSQL's text form of a 256-bit value."""
    return "x" + value.hex()


def forms_of(file: File) -> list[bytes]:
    """The 32-byte values to ask an index with: the picture as it is, turned, mirrored, cropped."""
    data = bytes(file.forms)
    return [data[i : i + 32] for i in range(0, len(data), 32)]


_LIKE = """
SELECT s.file_id, min(h.bits), max(s.quality) FROM ({hits}) AS h(ref, bits)
JOIN media_signal s ON s.id = h.ref WHERE s.file_id <> %(file)s GROUP BY s.file_id
"""
_FROM_INDEX = "SELECT * FROM unnest(%(ref)s::bigint[], %(bits)s::int[])"
_COMPARED = """
SELECT t.id, bit_count(t.bits # q.bits) FROM media_signal t, unnest(%(forms)s::text[]::bit(256)[])
    AS q(bits) WHERE t.type = 'pdq' AND bit_count(t.bits # q.bits) <= %(within)s
"""


def near_files(file: File, *, within_bits: int) -> list[Near]:
    """All other files within `within_bits` of this one. Exact recall, with the index or without."""
    if file.kind == "video":
        return _near_videos(file, within_bits)
    forms = forms_of(file)
    if not forms:
        return []
    facts: dict[str, Any] = {
        "file": file.id,
        "within": within_bits,
        "forms": [bits(form) for form in forms],
    }
    book = matching.current(REGISTERED)
    if book is not None:
        hits = matching.near("pdq", forms, within_bits, book=book)
        facts |= {"ref": hits.ref.tolist(), "bits": hits.bits.tolist()}
    with connection.cursor() as cursor:
        cursor.execute(_LIKE.format(hits=_COMPARED if book is None else _FROM_INDEX), facts)
        return [
            Near(file_id=row[0], distance_bits=row[1], quality=row[2]) for row in cursor.fetchall()
        ]


def quality_of(file_id: UUID) -> int | None:
    """PDQ quality of a picture, or the best of a video's frames; None when it has no value."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(quality) FROM media_signal WHERE file_id = %s", [file_id])
        found = cursor.fetchone()
        return None if found is None or found[0] is None else int(found[0])


_VIDEOS = """
WITH pairs AS (
    SELECT s.file_id, s.at_ms, h.second, h.bits AS distance FROM ({hits}) AS h(second, ref, bits)
    JOIN media_signal s ON s.id = h.ref WHERE s.file_id <> %(file)s AND s.quality >= %(good)s
), shares AS (
    SELECT file_id, min(distance) AS distance,
           count(DISTINCT second)::float / %(seconds)s AS of_mine,
           count(DISTINCT at_ms)::float / (
               SELECT count(DISTINCT t.at_ms) FROM media_signal t
               WHERE t.file_id = pairs.file_id AND t.type = 'vpdq' AND t.quality >= %(good)s
           ) AS of_theirs
    FROM pairs GROUP BY file_id
)
SELECT file_id, distance FROM shares
WHERE greatest(of_mine, of_theirs) >= %(share)s AND least(of_mine, of_theirs) >= %(other)s
"""
_FRAMES_FROM_INDEX = "SELECT * FROM unnest(%(second)s::int[], %(ref)s::bigint[], %(bits)s::int[])"
_FRAMES_COMPARED = """
SELECT q.second, t.id, bit_count(t.bits # q.bits) FROM media_signal t,
    unnest(%(forms)s::text[]::bit(256)[], %(at)s::int[]) AS q(bits, second)
WHERE t.type = 'vpdq' AND bit_count(t.bits # q.bits) <= %(within)s
"""


def _near_videos(file: File, within_bits: int) -> list[Near]:
    """Every second, turned and mirrored in one way, must be found, whichever way that is."""
    forms, (at, ways) = forms_of(file), seconds_of(file)
    found: dict[UUID, int] = {}
    for side in (forms[way::ways] for way in range(ways)):
        for file_id, distance in _videos_with(file, side, at, within_bits):
            found[file_id] = min(distance, found.get(file_id, distance))
    return [
        Near(file_id=file_id, distance_bits=distance, quality=GOOD_QUALITY)
        for file_id, distance in found.items()
    ]


def _videos_with(
    file: File, forms: list[bytes], at: Sequence[int], within_bits: int
) -> list[tuple[UUID, int]]:
    """Videos that show this one, by the second that each form is from."""
    if not forms:
        return []
    facts: dict[str, Any] = {
        "file": file.id,
        "forms": [bits(form) for form in forms],
        "at": list(at),
        "seconds": len(set(at)),
        "good": GOOD_QUALITY,
        "within": within_bits,
        "share": VIDEO_SHARE,
        "other": VIDEO_SHARE_OTHER,
    }
    book = matching.current(REGISTERED)
    if book is not None:
        hits = matching.near("vpdq", forms, within_bits, book=book)
        facts |= {
            "second": [at[query] for query in hits.query.tolist()],
            "ref": hits.ref.tolist(), "bits": hits.bits.tolist(),
        }  # fmt: skip
    source = _FRAMES_COMPARED if book is None else _FRAMES_FROM_INDEX
    with connection.cursor() as cursor:
        cursor.execute(_VIDEOS.format(hits=source), facts)
        return [(row[0], row[1]) for row in cursor.fetchall()]


_BANKED = """
SELECT b.id, b.bank_id, k.case_id, b.case_id, k.action, k.hides_registered, k.asks_person,
       k.trusted, k.category, k.enabled_share, d.distance, k.threshold_bits, d.exact,
       CASE WHEN k.case_id IS NULL THEN k.name ELSE '' END
FROM media_banksignal b
JOIN media_bank k ON k.id = b.bank_id
JOIN (
    SELECT id, 0 AS distance, type = 'sha256' AS exact FROM media_banksignal
    WHERE (type = 'sha256' AND value = %(sha256)s) OR (type = 'md5' AND value = %(md5)s)
       OR (type = 'sha1' AND value = %(sha1)s)
    UNION ALL
    SELECT s.id, min(h.bits), false
    FROM ({hits}) AS h(ref, bits) JOIN media_banksignal s ON s.id = h.ref
    WHERE s.type = 'pdq' AND %(quality)s >= %(good)s AND coalesce(s.quality, 100) >= %(good)s
    GROUP BY s.id
    UNION ALL
    SELECT s.id, near.distance, false
    FROM media_banksignal s
    JOIN unnest(%(near)s::bytea[], %(near_bits)s::int[]) AS near(value, distance) USING (value)
    WHERE s.type = 'sha256'
    UNION ALL
    SELECT *, false FROM unnest(%(frames)s::bigint[], %(frames_bits)s::int[])
) d ON d.id = b.id
WHERE b.withdrawn_at IS NULL AND b.off_until IS NULL AND k.enabled
  AND (k.platform_id = %(platform)s OR k.platform_id IS NULL)
  AND (d.exact OR d.distance <= k.threshold_bits)
ORDER BY d.exact DESC, (k.action = 'block') DESC, d.distance
"""


_BANKED_COMPARED = """
SELECT t.id, bit_count(t.bits # q.bits)
FROM media_banksignal t, unnest(%(forms)s::text[]::bit(256)[]) AS q(bits)
WHERE t.type = 'pdq' AND bit_count(t.bits # q.bits) <= 40
"""


def _banked_near(file: File) -> Hits | None:
    """Banked pictures that look like this file, from the index; None without one.

    Of a video those that it shows for long, also without one.
    """
    if file.kind == "video":
        return pictures_shown(file)
    book = matching.current(BANKED)
    if book is None:
        return None
    return matching.near("pdq", forms_of(file), min(book.setting, 40), book=book)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Statements in here, in a transaction, end after so long: `OperationalError`."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{int(seconds * 1000)}ms'")
        yield
        cursor.execute("SET LOCAL statement_timeout = DEFAULT")


def banked(platform: Platform, file: File) -> list[Banked]:
    """Every banked signal of this platform (or shared) that the file meets, gravest first."""
    quality, videos, hits = quality_of(file.id), _videos_like(file), _banked_near(file)
    frames = held_by_frames(platform.id, file.id) if file.kind == "video" else []
    with connection.cursor() as cursor:
        cursor.execute(
            _BANKED.format(hits=_BANKED_COMPARED if hits is None else _FROM_INDEX),
            {
                "sha256": bytes(file.sha256),
                "md5": bytes(file.md5) if file.md5 else b"",
                "sha1": bytes(file.sha1) if file.sha1 else b"",
                "forms": [bits(form) for form in forms_of(file)] if file.kind != "video" else [],
                "ref": [] if hits is None else hits.ref.tolist(),
                "bits": [] if hits is None else hits.bits.tolist(),
                "quality": -1 if quality is None else quality,
                "good": GOOD_QUALITY,
                "platform": platform.id,
                "near": [sha256 for sha256, _ in videos],
                "near_bits": [bits_ for _, bits_ in videos],
                "frames": [signal for signal, _ in frames],
                "frames_bits": [bits_ for _, bits_ in frames],
            },
        )
        names = Banked.__slots__
        return [Banked(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _videos_like(file: File) -> list[tuple[bytes, int]]:
    """Known videos that look like this one: a banked video is found by the file that it was."""
    if file.kind != "video":
        return []
    near = {one.file_id: one.distance_bits for one in near_files(file, within_bits=VIDEO_BITS)}
    known = File.objects.filter(id__in=near).values_list("id", "sha256")
    return [(bytes(sha256), near[file_id]) for file_id, sha256 in known]


def released_before(platform: Platform, file: File, upload_ref: str) -> bool:
    """Whether a person has let this very attempt in."""
    same = Upload.objects.filter(platform=platform, file=file, upload_ref=upload_ref)
    return bool(upload_ref) and same.filter(state=Upload.State.RELEASED).exists()


def under(prefix: str, url: str) -> bool:
    """Whether an address lies under a prefix: `https://a.example` is not one of `a.example.net`."""
    rest = url[len(prefix) :]
    return url.startswith(prefix) and (prefix[-1:] == "/" or rest[:1] in ("", "/", "?", "#"))


def platform_of(url: str) -> Platform | None:
    """The platform on which this address lies; the longest prefix wins."""
    found = [
        (len(prefix), platform)
        for platform in Platform.objects.all()
        for prefix in platform.url_prefixes
        if under(prefix, url)
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def item_at(platform: Platform, url: str) -> Item | None:
    """The item at this address, at that of one of its files, or which was there before it moved.

    However it is spelt.
    """
    spelt = spellings(url)
    items = Item.objects.filter(platform=platform, url__in=spelt).order_by("registered_at")
    named = {item.url: item for item in reversed(items)}
    if named:
        return next(named[one] for one in spelt if one in named)
    places = ItemFile.objects.filter(item__platform=platform).select_related("item")
    place = places.filter(Q(url__in=spelt) | Q(preview_url__in=spelt)).first()
    if place is not None:
        return place.item
    former = FormerAddress.objects.filter(item__platform=platform, url__in=spelt)
    left = former.select_related("item").order_by("-id").first()
    return None if left is None else left.item


def file_at(item: Item, url: str) -> File | None:
    """The file of the item that this address names, if it names one."""
    spelt = spellings(url)
    named = item.files.filter(Q(url__in=spelt) | Q(preview_url__in=spelt))
    place = named.select_related("file").first()
    return None if place is None else place.file


def files_of(item_ids: Sequence[UUID]) -> QuerySet[File]:
    """The known files of these items."""
    return File.objects.filter(places__item_id__in=item_ids).distinct()
