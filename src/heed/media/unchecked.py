"""Uploads that were held unchecked: written down, tried again, and ended by somebody or something.

A row is one question (this address, this file, under this name of the platform's), or one outage of
the gate. Asking again is the same row while it is open.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from heed.media.models import File, ItemFile, Platform, Unchecked, Upload
from heed.rules import gate

MOST_TRIES = 8
AGAIN_IN = timedelta(seconds=30)  # doubled with each try: for an hour and more


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked: an address or a file, and the platform's own names for whose it is."""

    platform_id: UUID
    url: str = ""
    file: File | None = None
    account_ref: str = ""
    upload_ref: str = ""

    @property
    def cause(self) -> bytes:
        """The same for the same question."""
        file = bytes(self.file.sha256).hex() if self.file is not None else ""
        return hashlib.sha256(f"{self.url}\0{file}\0{self.upload_ref}".encode()).digest()


# ------------------------------------------------------------------ writing


def note(asked: Question, reason: str, *, again: bool, now: datetime) -> tuple[Unchecked, bool]:
    """Held, and somebody is due; whether it is new. `again`: trying once more may help."""
    row, fresh = Unchecked.objects.get_or_create(
        platform_id=asked.platform_id,
        cause=asked.cause,
        ended_at=None,
        defaults={
            "url": asked.url,
            "file": asked.file,
            "account_ref": asked.account_ref,
            "upload_ref": asked.upload_ref,
            "reason": reason[:80],
            "since_at": now,
            "last_at": now,
            "due_at": now + gate.LOOK_WITHIN,
            "retry_at": now + AGAIN_IN if again else None,
        },
    )
    if not fresh:
        count = Unchecked.objects.filter(id=row.id, ended_at=None)
        count.update(asked=F("asked") + 1, last_at=now, reason=reason[:80])
    return row, fresh


def note_outage(
    platform: Platform, reason: str, *, uploads: int, since: datetime, now: datetime
) -> None:
    """So many uploads were held without a look, and nothing was kept of them: they come again."""
    cause = hashlib.sha256(f"outage\0{reason}".encode()).digest()
    row, fresh = Unchecked.objects.get_or_create(
        platform=platform,
        cause=cause,
        ended_at=None,
        defaults={
            "reason": reason,
            "asked": uploads,
            "since_at": since,
            "last_at": now,
            "due_at": now + gate.OUTAGE_SEEN_WITHIN,
        },
    )
    if not fresh:
        open_row = Unchecked.objects.filter(id=row.id, ended_at=None)
        open_row.update(asked=F("asked") + uploads, last_at=now)


def answered(asked: Question, *, release: bool, now: datetime) -> int:
    """The same question got its answer: what waited of it waits no more. Returns how many did."""
    same = Q(cause=asked.cause)
    if asked.upload_ref:
        same |= Q(upload_ref=asked.upload_ref)
    waiting = Unchecked.objects.filter(same, platform_id=asked.platform_id, ended_at=None)
    rows = list(waiting)
    if not rows:
        return 0
    files = [row.file_id for row in rows if row.file_id is not None]
    state = Upload.State.RELEASED if release else Upload.State.BLOCKED
    _held(asked.platform_id, files, asked.upload_ref).update(state=state, ended_at=now)
    return end([row.id for row in rows], Unchecked.End.CHECKED, now=now)


def end(ids: Collection[UUID], how: "Unchecked.End", *, now: datetime) -> int:
    """Nobody is due for these any more. Returns how many were open."""
    return Unchecked.objects.filter(id__in=ids, ended_at=None).update(ended_at=now, ended_as=how)


def keep_time(row: Unchecked) -> None:
    """What was had in the end and can't be read waits in its place, since then, until then."""
    same = Unchecked.objects.filter(
        platform_id=row.platform_id, upload_ref=row.upload_ref, account_ref=row.account_ref,
        ended_at=None, due_at__gt=row.due_at,
    )  # fmt: skip
    if row.upload_ref:
        same.update(since_at=row.since_at, due_at=row.due_at)


def take_due(*, now: datetime, limit: int, lease: timedelta) -> list[Unchecked]:
    """Those to be tried again, in this worker's hands until the lease is over."""
    due = Unchecked.objects.filter(ended_at=None, retry_at__lte=now)
    with transaction.atomic():
        free = due.select_for_update(skip_locked=True).order_by("retry_at")
        ids = list(free.values_list("id", flat=True)[:limit])
        Unchecked.objects.filter(id__in=ids).update(retry_at=now + lease, tries=F("tries") + 1)
    return list(Unchecked.objects.filter(id__in=ids).select_related("platform", "file"))


def not_yet(row: Unchecked, reason: str, *, now: datetime) -> None:
    """It failed once more; after the last try it is for a person alone."""
    wait = None if row.tries >= MOST_TRIES else now + AGAIN_IN * 2**row.tries
    Unchecked.objects.filter(id=row.id, ended_at=None).update(reason=reason[:80], retry_at=wait)


# ------------------------------------------------------------------ reading


def asked_by(row: Unchecked) -> Question:
    """The question again."""
    return Question(
        platform_id=row.platform_id, url=row.url, file=row.file, account_ref=row.account_ref,
        upload_ref=row.upload_ref,
    )  # fmt: skip


def is_registered(row: Unchecked) -> bool:
    """Whether the platform told of a post at this address since: then its file is read there."""
    here = ItemFile.objects.filter(item__platform_id=row.platform_id, url=row.url)
    return bool(row.url) and here.exists()


def held_of(row: Unchecked) -> list[Upload]:
    """The uploads that wait at the door for this row, if their bytes were had at all."""
    files = [row.file_id] if row.file_id is not None else []
    return list(_held(row.platform_id, files, row.upload_ref).select_related("file", "platform"))


def _held(platform_id: UUID, files: Collection[UUID], ref: str) -> QuerySet[Upload]:
    return Upload.objects.filter(
        platform_id=platform_id, file_id__in=files, upload_ref=ref, case_id=None,
        state=Upload.State.HELD,
    )  # fmt: skip


def open_rows(platform_ids: Collection[UUID]) -> QuerySet[Unchecked]:
    """What waits at these platforms, the first due first."""
    found = Unchecked.objects.filter(platform_id__in=platform_ids, ended_at=None)
    return found.select_related("platform").order_by("due_at", "id")


def one(row_id: UUID) -> Unchecked | None:
    """One row, ended or not."""
    return Unchecked.objects.select_related("platform", "file").filter(id=row_id).first()


_WAITING = """
SELECT platform_id, count(*), count(*) FILTER (WHERE due_at < %(now)s), min(due_at)
FROM media_unchecked
WHERE ended_at IS NULL AND %(now)s >= since_at + (due_at - since_at) / 2
GROUP BY platform_id
"""


def waiting(*, now: datetime) -> dict[UUID, tuple[int, int, datetime]]:
    """By platform: how many wait with half of their time gone, how many are late, the first due."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"now": now})
        return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}
