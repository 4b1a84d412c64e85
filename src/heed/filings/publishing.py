"""Writing down which statements the Transparency Database was told, and reading them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, QuerySet

from heed.filings.models import Publication

State = Publication.State
LEASE = timedelta(minutes=5)


def ask_for(
    rows: Sequence[tuple[UUID, UUID, Mapping[str, Any]]], *, cause: str, now: datetime
) -> None:
    """Statements are to be published: (publication id, statement id, what is said)."""
    made = [
        Publication(id=own, statement_id=statement, cause=cause, payload=payload, due_at=now)
        for own, statement, payload in rows
    ]
    Publication.objects.bulk_create(made, ignore_conflicts=True)


def take(*, now: datetime, limit: int, unsure: bool) -> list[Publication]:
    """Some that are due, in this worker's hands until the lease is over."""
    state = State.UNSURE if unsure else State.WAITING
    due = Publication.objects.filter(state=state, due_at__lte=now).order_by("due_at", "id")
    with transaction.atomic():
        rows = list(due.select_for_update(skip_locked=True)[:limit])
        ids = [one.id for one in rows]
        Publication.objects.filter(id__in=ids).update(due_at=now + LEASE, tries=F("tries") + 1)
    return rows


def note_sent(rows: Sequence[Publication], refs: Mapping[str, str], *, now: datetime) -> None:
    """They are in the database. `refs` are its own ids, by ours."""
    for one in rows:
        one.state, one.sent_at, one.why_not = State.SENT, now, ""
        one.ref = refs.get(str(one.id), "")
    Publication.objects.bulk_update(rows, ["state", "sent_at", "why_not", "ref"], batch_size=500)


def finished(rows: Sequence[Publication]) -> set[str]:
    """Of the causes of these: those of which nothing is left to be published."""
    causes = {one.cause for one in rows}
    left = Publication.objects.filter(cause__in=causes).exclude(state=State.SENT)
    return causes - set(left.values_list("cause", flat=True))


def note_refused(row: Publication, why: str) -> None:
    """It is wrong as it stands: in sight, and not tried again by itself."""
    Publication.objects.filter(id=row.id).update(state=State.REFUSED, why_not=why[:500])


def put_off(rows: Sequence[Publication], why: str, *, until: datetime, unsure: bool) -> None:
    """Tried again then; `unsure` ones are asked after first."""
    Publication.objects.filter(id__in=[one.id for one in rows]).update(
        state=State.UNSURE if unsure else State.WAITING, due_at=until, why_not=why[:500]
    )


def try_again(publication_ids: Sequence[UUID], *, now: datetime) -> int:
    """A person has refused ones tried again."""
    refused = Publication.objects.filter(id__in=publication_ids, state=State.REFUSED)
    return refused.update(state=State.WAITING, due_at=now, why_not="")


def counts(platform_ids: Collection[UUID]) -> dict[str, int]:
    """How many of these platforms stand where."""
    rows = Publication.objects.filter(statement__platform_id__in=platform_ids)
    found = dict(rows.values_list("state").annotate(count=Count("id")))
    return {state: found.get(state, 0) for state in State.values}


def refused(platform_ids: Collection[UUID], words: str = "") -> QuerySet[Publication]:
    """What the database would not take of these platforms, the oldest first.

    `words` stand in why it was refused.
    """
    rows = Publication.objects.filter(statement__platform_id__in=platform_ids)
    return rows.filter(state=State.REFUSED, why_not__icontains=words).order_by("due_at", "id")
