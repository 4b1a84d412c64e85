"""Which registered files meet which banked signals: the other direction of `queries.banked`."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from heed.hashing.distance import GOOD_QUALITY
from heed.hashing.index import IndexUnusable
from heed.media import matching
from heed.media.feeds import BANKED
from heed.media.models import Bank, BankSignal, File, Item, Match, Signal
from heed.media.queries import VIDEO_BITS, forms_of, near_files
from heed.media.stills import videos_showing

AT_ONCE = 5_000  # signals in one question
FILES_AT_ONCE = 4_096  # with eight forms or more each: the index is quickest with very many
BYTES_AT_ONCE = 8 << 20  # of forms: an animation may have a thousand
COMPARED_AT_ONCE = 16_384  # forms in one question to the database, where there is no index


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A registered file that meets a banked signal."""

    file_id: UUID
    signal_id: int
    distance_bits: int


_SAME = """
SELECT f.id, b.id FROM media_banksignal b JOIN media_file f ON f.sha256 = b.value
WHERE b.id = ANY(%(ids)s) AND b.type = 'sha256'
UNION
SELECT f.id, b.id FROM media_banksignal b JOIN media_file f ON f.md5 = b.value
WHERE b.id = ANY(%(ids)s) AND b.type = 'md5'
UNION
SELECT f.id, b.id FROM media_banksignal b JOIN media_file f ON f.sha1 = b.value
WHERE b.id = ANY(%(ids)s) AND b.type = 'sha1'
"""
_COMPARED = """
SELECT q.n - 1, b.id, bit_count(b.bits # heed_bits(q.value))::int
FROM unnest(%(forms)s::bytea[]) WITH ORDINALITY AS q(value, n)
JOIN media_banksignal b ON b.id = ANY(%(ids)s) AND b.type = 'pdq'
 AND bit_count(b.bits # heed_bits(q.value)) <= %(within)s
"""


def files_that_meet(signal_ids: Sequence[int]) -> list[Met]:
    """Every registered file within the bank's threshold of these signals, whatever its platform.

    Costs one look at each registered picture, however many signals there are.
    """
    found: list[Met] = []
    for start in range(0, len(signal_ids), AT_ONCE):
        part = list(signal_ids[start : start + AT_ONCE])
        with connection.cursor() as cursor:
            cursor.execute(_SAME, {"ids": part})
            rows = cursor.fetchall()
        found += [Met(file_id=row[0], signal_id=row[1], distance_bits=0) for row in rows]
        found += _videos(part)
    return found + _pictures(signal_ids)


def _pictures(signal_ids: Sequence[int]) -> list[Met]:
    """All turned and cropped forms of each picture are asked about, as at the door."""
    good = Q(quality=None) | Q(quality__gte=GOOD_QUALITY)
    near = BankSignal.objects.filter(good, id__in=list(signal_ids), type="pdq")
    wanted = dict(near.values_list("id", "bank__threshold_bits"))
    if not wanted:
        return []
    nearest: dict[tuple[UUID, int], int] = {}
    for files in _in_parts():
        owners = [file for file, forms in files for _ in range(len(forms) // 32)]
        whole = b"".join(forms for _, forms in files)
        forms = [whole[at : at + 32] for at in range(0, len(whole), 32)]
        for query, signal, distance in _hits(forms, wanted):
            if distance <= wanted.get(signal, -1):
                key = (owners[query], signal)
                nearest[key] = min(distance, nearest.get(key, distance))
    for file, signal, distance in videos_showing(wanted):
        nearest[file, signal] = distance
    return [
        Met(file_id=file, signal_id=signal, distance_bits=distance)
        for (file, signal), distance in nearest.items()
    ]


def _in_parts() -> Iterator[list[tuple[UUID, bytes]]]:
    """Pictures that are good enough to be compared, some thousand at a time."""
    good = Signal.objects.filter(type="pdq", quality__gte=GOOD_QUALITY, file=OuterRef("id"))
    files = File.objects.filter(Exists(good)).exclude(forms=b"").exclude(kind="video")
    part: list[tuple[UUID, bytes]] = []
    held = 0
    for file, forms in files.values_list("id", "forms").iterator(FILES_AT_ONCE):
        part.append((file, bytes(forms)))
        held += len(forms)
        if len(part) == FILES_AT_ONCE or held >= BYTES_AT_ONCE:
            yield part
            part, held = [], 0
    if part:
        yield part


def _hits(forms: list[bytes], wanted: dict[int, int]) -> Iterable[tuple[int, int, int]]:
    within = max(wanted.values())
    book = matching.current(BANKED)
    if book is not None:
        hits = matching.near("pdq", forms, within, book=book)
        ours = np.isin(hits.ref, np.fromiter(wanted, np.int64))  # of millions, perhaps a few
        found = (hits.query[ours], hits.ref[ours], hits.bits[ours])
        return zip(*(row.tolist() for row in found), strict=True)
    return _compared(forms, list(wanted), within)


def _compared(forms: list[bytes], ids: list[int], within: int) -> Iterator[tuple[int, int, int]]:
    for start in range(0, len(forms), COMPARED_AT_ONCE):
        some = forms[start : start + COMPARED_AT_ONCE]
        with connection.cursor() as cursor:
            cursor.execute(_COMPARED, {"forms": some, "ids": ids, "within": within})
            rows = cursor.fetchall()
        yield from ((start + query, signal, bits) for query, signal, bits in rows)


def _videos(signal_ids: Sequence[int]) -> list[Met]:
    """A banked video is known by the file that it was, when that was ever here."""
    exact = BankSignal.objects.filter(id__in=signal_ids, type="sha256")
    by_value = {bytes(value): number for number, value in exact.values_list("id", "value")}
    known = File.objects.filter(sha256__in=list(by_value), kind="video")
    return [
        Met(file_id=near.file_id, signal_id=by_value[bytes(file.sha256)],
            distance_bits=near.distance_bits)
        for file in known
        for near in near_files(file, within_bits=VIDEO_BITS)
    ]  # fmt: skip


def touching() -> Q:
    """Signals whose bank does something about what is registered.

    A case's own signals are left out: the case itself finds its copies.
    """
    acts = Q(bank__hides_registered=True) | Q(bank__asks_person=True)
    return acts & Q(
        bank__enabled=True, bank__case_id=None, case_id=None, withdrawn_at=None, off_until=None
    )


def anything_touches(platform_ids: Iterable[UUID]) -> bool:
    """Whether any bank could do something about items of these platforms: mostly it can't."""
    here = Q(bank__platform=None) | Q(bank__platform_id__in=list(platform_ids))
    return BankSignal.objects.filter(touching() & here).exists()


def may_meet(files: Sequence[File]) -> list[File]:
    """Those of these files that some bank may know; without the index, all of them.

    One look at the index for many files, and no statement: nearly every upload meets nothing.
    """
    book = matching.current(BANKED)
    if book is None:
        return list(files)
    try:
        met = {n for n, file in enumerate(files) if file.kind == "video"}  # compared by frames
        for type in sorted(matching.EXACT):
            asked = [
                (n, bytes(value)) for n, one in enumerate(files) if (value := getattr(one, type))
            ]
            same = matching.same(type, [value for _, value in asked], book=book) if asked else None
            met |= set() if same is None else {asked[query][0] for query in same.query.tolist()}
        looks = [(n, form) for n, one in enumerate(files) for form in forms_of(one) if n not in met]
        if looks:
            forms = [form for _, form in looks]
            near = matching.near("pdq", forms, min(book.setting, 40), book=book)
            met |= {looks[query][0] for query in near.query.tolist()}
    except IndexUnusable:
        return list(files)
    return [files[n] for n in sorted(met)]


def places_of(file_ids: Iterable[UUID], platform_id: UUID | None) -> dict[tuple[UUID, UUID], int]:
    """On which platforms these files are, and on how many items: (platform, file) to a count."""
    items = Item.objects.filter(files__file_id__in=list(file_ids), deleted_at=None)
    if platform_id is not None:
        items = items.filter(platform_id=platform_id)
    counts: dict[tuple[UUID, UUID], int] = {}
    for where in items.values_list("platform_id", "files__file_id"):
        counts[where] = counts.get(where, 0) + 1
    return counts


def sample(platform_id: UUID, file_ids: Sequence[UUID], most: int) -> list[str]:
    """The platform's own names of some items that carry these files."""
    items = Item.objects.filter(platform_id=platform_id, files__file_id__in=file_ids)
    return list(items.order_by("ref").values_list("ref", flat=True).distinct()[:most])


def still_visible(platform_id: UUID, file_ids: Sequence[UUID]) -> int:
    """How many items with these files nobody asked to be hidden yet."""
    items = Item.objects.filter(platform_id=platform_id, files__file_id__in=file_ids)
    return items.filter(desired__in=("visible", "limited"), deleted_at=None).distinct().count()


def bank_named(name: str, platform_id: UUID | None) -> Bank | None:
    """The lasting bank of this name on a platform, else the shared one."""
    lasting = Bank.objects.filter(name=name, case_id=None).select_related("platform")
    if platform_id is not None:
        own = lasting.filter(platform_id=platform_id).first()
        if own is not None:
            return own
    return lasting.filter(platform__isnull=True).first()


def all_banks() -> list[dict[str, object]]:
    """Lasting banks, the live ones first, with what they do and how many signals they hold."""
    return told_of(lasting_banks())


def lasting_banks(platform_ids: Collection[UUID] | None = None) -> QuerySet[Bank]:
    """Lasting banks of these platforms and those that all share, the live ones first."""
    banks = Bank.objects.filter(case_id=None, expires_at=None).select_related("platform")
    if platform_ids is not None:
        banks = banks.filter(Q(platform_id__in=platform_ids) | Q(platform=None))
    return banks.order_by("-enabled", "name", "id")


def told_of(banks: Iterable[Bank]) -> list[dict[str, object]]:
    """What each of these does, and how many signals it holds."""
    rows = list(banks)
    live = BankSignal.objects.filter(bank__in=rows, withdrawn_at=None, off_until=None).order_by()
    held = dict(live.values_list("bank").annotate(count=Count("id")))
    return [_told(bank, held.get(bank.id, 0)) for bank in rows]


def _told(bank: Bank, held: int) -> dict[str, object]:
    person = "person" if bank.asks_person else "nothing"
    return {
        "id": bank.id,
        "name": bank.name,
        "platform": bank.platform.slug if bank.platform else "",
        "platform_name": bank.platform.name if bank.platform else "",
        "platform_id": bank.platform_id,
        "enabled": bank.enabled,
        "category": bank.category,
        "on_upload": "nothing" if bank.action == Bank.Action.PASS else bank.action,
        "on_registered": "hide" if bank.hides_registered else person,
        "trusted": bank.trusted,
        "threshold_bits": bank.threshold_bits,
        "enabled_share": bank.enabled_share,
        "signals": held,
        "tried": bank.tried,
        "tried_at": bank.tried_at,
        "changed_at": bank.changed_at,
        "made_by": bank.made_by,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A banked signal that a value meets."""

    number: int  # of the content it was put in with, or its own
    bank_id: UUID
    bank_name: str
    enabled_share: float
    distance_bits: int


_ALL = """
SELECT b.id, min({distance}) FROM media_banksignal b, unnest(%(values)s::bytea[]) AS v(value)
WHERE b.type = %(kind)s AND b.withdrawn_at IS NULL AND {meets} AND {which} GROUP BY b.id
"""
_OFF, _INDEXED = "b.off_until IS NOT NULL", "b.id = ANY(%(refs)s)"


def values_that_meet(
    platform_id: UUID, kind: str, values: Sequence[bytes], *, within_bits: int, off_too: bool
) -> list[Found]:
    """Banked signals of this type that one of these values meets, the nearest first.

    `off_too`: also those that are off, in banks that are off. Those in banks that are off are in
    the index; the few that are off themselves are not, and are compared one by one.
    """
    if not values:
        return []
    bits = _of_all(kind, values, within_bits) if off_too else _of_live(platform_id, kind, values)
    here = Q(bank__platform=None) | Q(bank__platform_id=platform_id)
    rows = BankSignal.objects.filter(here, id__in=list(bits), bank__case_id=None)
    found = {
        (one.content_id or one.id, one.bank_id): Found(
            number=one.content_id or one.id,
            bank_id=one.bank_id,
            bank_name=one.bank.name,
            enabled_share=one.bank.enabled_share,
            distance_bits=bits[one.id],
        )
        for one in rows.select_related("bank")
        if bits[one.id] <= min(within_bits, one.bank.threshold_bits)
    }
    return sorted(found.values(), key=lambda one: (one.distance_bits, one.number))


def _of_live(platform_id: UUID, kind: str, values: Sequence[bytes]) -> dict[int, int]:
    nearest: dict[int, int] = {}
    for hit in matching.meet_banks(values, type=kind, platform_id=platform_id):
        known = nearest.get(hit.signal_id, hit.distance_bits)
        nearest[hit.signal_id] = min(hit.distance_bits, known)
    return nearest


def _of_all(kind: str, values: Sequence[bytes], within_bits: int) -> dict[int, int]:
    facts: dict[str, Any] = {"values": list(values), "kind": kind, "within": within_bits}
    book = matching.current(BANKED)
    which = "true"
    if book is not None:
        hits = (
            matching.near(kind, values, within_bits, book=book)
            if kind == "pdq"
            else matching.same(kind, values, book=book)
        )
        facts["refs"] = sorted(set(hits.ref.tolist()))
        which = f"({_INDEXED} OR {_OFF})" if facts["refs"] else _OFF
    with connection.cursor() as cursor:
        cursor.execute(_asking(kind).format(which=which), facts)
        return dict(cursor.fetchall())


def _asking(kind: str) -> str:
    if kind == "pdq":
        meets = "bit_count(b.bits # heed_bits(v.value))"
        return _ALL.format(
            distance=f"{meets}::int", meets=f"{meets} <= %(within)s", which="{which}"
        )
    return _ALL.format(distance="0", meets="b.value = v.value", which="{which}")


def live_counts(platform_id: UUID) -> dict[str, int]:
    """Live signals in lasting banks that a platform may ask, by type."""
    here = Q(bank__platform=None) | Q(bank__platform_id=platform_id)
    live = BankSignal.objects.filter(
        here, bank__case_id=None, bank__enabled=True, withdrawn_at=None, off_until=None
    )
    return dict(live.values_list("type").annotate(Count("id")))


def recent_matches(bank_id: object, platform_ids: Collection[UUID]) -> list[Match]:
    """The newest matches of a bank at these platforms: many may share it."""
    found = Match.objects.filter(bank_signal__bank_id=bank_id, platform_id__in=platform_ids)  # type: ignore[misc]
    return list(found.select_related("bank_signal", "platform").order_by("-found_at")[:25])


def sources(bank_id: object) -> list[dict[str, object]]:
    """Who put how many signals in, and how many of them were withdrawn. All cases are one source:
    there are thousands, and those of other platforms are not named.
    """
    whose = Case(When(source__startswith="case:", then=Value("cases")), default=F("source"))
    mine = BankSignal.objects.filter(bank_id=bank_id)  # type: ignore[misc]
    gone = Count("id", filter=Q(withdrawn_at__isnull=False))
    counted = mine.annotate(whose=whose).values_list("whose", "type")
    rows = counted.annotate(count=Count("id"), gone=gone).order_by("whose", "type")
    return [
        {"source": source, "type": type, "count": count, "withdrawn": withdrawn}
        for source, type, count, withdrawn in rows
    ]
