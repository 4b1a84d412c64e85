"""Writing down, and reading, that a life is in danger and who was told."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from heed.filings.models import Danger


class DangerEnded(Exception):
    """Somebody has answered this finding in the meantime. Read the page again."""


def found_before(
    *, case_id: UUID | None, call_id: UUID | None, why: str, by: UUID
) -> Danger | None:
    """The same by the same person, in the same words, while nobody has answered it."""
    same = Danger.objects.filter(case_id=case_id, call_id=call_id, why=why, found_by=by)
    return same.filter(told_at=None, unfounded_at=None).first()


def find(
    platform_id: UUID, *, case_id: UUID | None, call_id: UUID | None, why: str, by: UUID,
    now: datetime,
) -> Danger:  # fmt: skip
    """A person finds it."""
    return Danger.objects.create(
        platform_id=platform_id, case_id=case_id, call_id=call_id, why=why, found_by=by,
        found_at=now,
    )  # fmt: skip


def note_told(danger: Danger, *, told: str, told_ref: str, by: UUID, now: datetime) -> None:
    """An authority was told. Raises `DangerEnded`."""
    _end(danger, told=told, told_ref=told_ref, told_by=by, told_at=now)


def note_unfounded(danger: Danger, *, why: str, by: UUID, now: datetime) -> None:
    """There is none after all. Raises `DangerEnded`."""
    _end(danger, unfounded=why, unfounded_by=by, unfounded_at=now)


def _end(danger: Danger, **facts: object) -> None:
    waiting = Danger.objects.filter(id=danger.id, told_at=None, unfounded_at=None)
    if not waiting.update(**facts):
        raise DangerEnded("Somebody has answered this in the meantime. Read the page again.")
    danger.refresh_from_db()


def is_answered(danger_id: str) -> bool:
    """Whether an authority was told, or somebody found that there is none."""
    return not Danger.objects.filter(id=danger_id, told_at=None, unfounded_at=None).exists()


def by_id(danger_id: UUID) -> Danger | None:
    """One finding."""
    return Danger.objects.filter(id=danger_id).first()


def of_case(case_id: UUID) -> QuerySet[Danger]:
    """What was found in a case, the newest first."""
    return Danger.objects.filter(case_id=case_id).order_by("-found_at")


def of_call(call_id: UUID, case_id: UUID | None) -> QuerySet[Danger]:
    """What was found because of a duty call: at its case, or where it has none at the call."""
    return of_case(case_id) if case_id else Danger.objects.filter(call_id=call_id)
