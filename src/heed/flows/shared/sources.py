"""Where notices come from, and how much: bounds on what nobody stands behind (docs/policy.md)."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from heed.cases.models import Case, Notice
from heed.people.models import Contact
from heed.people.services import blind_index
from heed.rules import misuse
from heed.rules.visibility import Visibility

_USUAL_FOR = timedelta(minutes=10)  # a month of notices need not be counted for every one
_MOST_ASKED = 1_000
_asked_at: dict[tuple[bytes, bytes], datetime] = {}
_usual_at: dict[str, tuple[datetime, int]] = {}


def words_index(words: str) -> bytes | None:
    """By what texts that say the same are found, and not read."""
    alike = misuse.said_alike(words)
    return blind_index(alike) if alike else None


def alike_index_of(platform_id: UUID, notice: Any) -> bytes:
    """By what notices (`receive_notice.NoticeIn`) that say exactly the same are found."""
    facts = asdict(notice)
    urls = sorted(place.url or str(place.signals) for place in notice.places)
    said = {**facts, "platform": str(platform_id), "places": urls}
    return blind_index(json.dumps(said, sort_keys=True, default=str))


def said_before(source_index: bytes, alike: bytes, *, now: datetime) -> int:
    """How often this source has said exactly this, lately."""
    lately = Notice.objects.filter(
        source_index=source_index, alike_index=alike, received_at__gt=now - misuse.ALIKE_WITHIN
    )
    return lately[: misuse.ALIKE_AT_MOST + 1].count()


def crowding(source_index: bytes | None, *, now: datetime) -> bool:
    """This source sends so many notices at this moment that others are protected first."""
    if source_index is None:
        return False
    since = now - misuse.CROWDING_WITHIN
    recent = Notice.objects.filter(source_index=source_index, received_at__gt=since)
    return recent[: misuse.CROWDING + 1].count() > misuse.CROWDING


def over_bound(notice: Notice, *, now: datetime) -> bool:
    """Its source, or the wave that says the same, has had far more hidden than anybody usually."""
    if notice.source_index is not None and _over(
        Notice.objects.filter(source_index=notice.source_index), notice, now
    ):
        return True
    return notice.words_index is not None and _over(
        Notice.objects.filter(words_index=notice.words_index), notice, now
    )


def _over(alike: QuerySet[Notice], notice: Notice, now: datetime) -> bool:
    sure = Contact.objects.filter(notice_id=OuterRef("id"), confirmed_at__isnull=False)
    others = alike.filter(received_at__gt=now - misuse.WINDOW, verified_channel=False)
    others = others.exclude(id=notice.id).filter(~Exists(sure)).order_by("-received_at")
    ids = list(others.values_list("id", flat=True)[: misuse.MANY_NOTICES + 1])
    if len(ids) <= misuse.NEVER_TOO_MANY:
        return False  # nearly always
    if len(ids) > misuse.MANY_NOTICES:
        return True
    # What people let stand since counts as well: the loss sticks to the source.
    was = Q(level=Visibility.HIDDEN) | Q(stood_at__gt=now - misuse.WINDOW)
    hidden = Case.objects.filter(was, joins__notice__in=ids, joins__undone_at=None)
    count = hidden.distinct().count()
    return count > misuse.NEVER_TOO_MANY and misuse.over_bound(count, _usual(now))


def _usual(now: datetime) -> int:
    """95th percentile of cases per source and day in a month; 0 while little is known."""
    at, known = _usual_at.get("cases", (now - _USUAL_FOR, 0))
    if timedelta(0) <= now - at < _USUAL_FOR:
        return known
    recent = (
        Notice.objects.filter(received_at__gt=now - misuse.WINDOW * 30, source_index__isnull=False)
        .values("source_index")
        .annotate(named=Count("joins__case", distinct=True))
        .values_list("named", flat=True)
    )
    counts = sorted(recent[:10_000])
    usual = counts[int(len(counts) * 0.95)] // 30 if counts else 0
    _usual_at["cases"] = now, usual
    return usual


def says_more(notice: Notice, *, now: datetime) -> bool:
    """It holds something that a script does not send by the hundred: so it is no mere flood."""
    address = Contact.objects.filter(notice_id=notice.id, address_sealed__isnull=False)
    if notice.police_reference or address.exists():
        return True
    return own_words(notice.words_index, now=now)


def own_words(index: bytes | memoryview | None, *, now: datetime) -> bool:
    """Whether somebody wrote a sentence that hardly anybody else has sent lately."""
    if index is None:
        return False
    since = now - misuse.WINDOW
    same = Notice.objects.filter(words_index=index, received_at__gt=since)
    return same[: misuse.ALIKE_AT_MOST + 1].count() <= misuse.ALIKE_AT_MOST


def hidden_by_its_source(notice: Notice, *, now: datetime) -> list[Case]:
    """What unconfirmed notices of the same source, or of the same words, have hidden lately.

    Asked once in ten minutes for each source and text in this process: empty in between.
    """
    asked = (bytes(notice.source_index or b""), bytes(notice.words_index or b""))
    if timedelta(0) <= now - _asked_at.get(asked, now - _USUAL_FOR) < _USUAL_FOR:
        return []
    while len(_asked_at) > _MOST_ASKED:
        _asked_at.pop(next(iter(_asked_at)))
    _asked_at[asked] = now
    alike = Q(pk=notice.pk)
    if notice.words_index:
        alike |= Q(words_index=notice.words_index)
    if notice.source_index:
        alike |= Q(source_index=notice.source_index)
    recent = Notice.objects.filter(alike, received_at__gt=now - misuse.WINDOW)
    open_ = Case.objects.filter(state=Case.State.OPEN, level=Visibility.HIDDEN)
    found = open_.filter(joins__notice__in=recent.values("id"), joins__undone_at=None)
    return list(found.distinct().order_by("-opened_at")[: misuse.MANY_NOTICES])
