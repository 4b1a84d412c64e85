"""Reads of the outbox: what is due, what hangs, what was given up on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Min, Q, QuerySet

from heed.outbox.models import Letter, StateTelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How an outbox stands. `unacknowledged` counts every state without a final word."""

    states_due: int
    states_in_flight: int
    states_unacknowledged: int
    states_dead: int
    letters_due: int
    letters_dead: int


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lte=now)


def due_platforms(*, now: datetime) -> list[UUID]:
    """Platforms for which a claim would find something."""
    due = Q(due_at__lte=now) & _free(now)
    states = StateTelling.objects.filter(due).values_list("platform_id", flat=True).distinct()
    letters = Letter.objects.filter(due).values_list("platform_id", flat=True).distinct()
    return sorted({*states, *letters})


def has_news(*, now: datetime) -> bool:
    """Whether a platform is still to hear something for the first time, or just hears it."""
    return StateTelling.objects.filter(due_at__lte=now, attempts=0).exists()


def next_due_at() -> datetime | None:
    """When the outbox next wants a look (may be past); `None` when nothing waits."""
    times = [
        model.objects.filter(due_at__isnull=False).aggregate(at=Min("due_at"))["at"]
        for model in (StateTelling, Letter)
    ]
    return min((at for at in times if at is not None), default=None)


def tellings_of(item_ids: Iterable[UUID]) -> dict[UUID, StateTelling]:
    """The rows of these items, for a page that shows desired beside acknowledged."""
    return StateTelling.objects.in_bulk(list(item_ids))


def waiting_removals(*, now: datetime) -> list[UUID]:
    """Items whose removal is told later, because it may wait for something."""
    rows = StateTelling.objects.filter(visibility="removed", attempts=0, due_at__gt=now)
    return list(rows.order_by("due_at").values_list("item_id", flat=True)[:1_000])


def dead_states(platform_id: UUID | None = None) -> QuerySet[StateTelling]:
    """States given up on, longest first."""
    rows = StateTelling.objects.filter(dead_at__isnull=False).order_by("dead_at", "item_id")
    return rows if platform_id is None else rows.filter(platform_id=platform_id)


def dead_letters(platform_id: UUID | None = None) -> QuerySet[Letter]:
    """Letters given up on, longest first."""
    rows = Letter.objects.filter(dead_at__isnull=False).order_by("dead_at", "id")
    return rows if platform_id is None else rows.filter(platform_id=platform_id)


def waiting_letters(
    *, enqueued_before: datetime, platform_id: UUID | None = None
) -> QuerySet[Letter]:
    """Letters that are still to be delivered, oldest first."""
    rows = Letter.objects.filter(due_at__isnull=False, enqueued_at__lt=enqueued_before)
    rows = rows if platform_id is None else rows.filter(platform_id=platform_id)
    return rows.order_by("enqueued_at", "id")


_UNSETTLED = Q(acknowledged_revision__isnull=True) | Q(acknowledged_revision__lt=F("revision"))


def unacknowledged(
    *, enqueued_before: datetime, platform_id: UUID | None = None
) -> QuerySet[StateTelling]:
    """States without the platform's final word on their newest revision, oldest first."""
    rows = StateTelling.objects.filter(_UNSETTLED, enqueued_at__lt=enqueued_before)
    rows = rows if platform_id is None else rows.filter(platform_id=platform_id)
    return rows.order_by("enqueued_at", "item_id")


def reasons(rows: QuerySet[StateTelling]) -> list[str]:
    """Why these were last not told, by name; at most four."""
    failed = rows.exclude(last_error="").order_by("last_error")
    return list(failed.values_list("last_error", flat=True).distinct()[:4])


def counts(*, now: datetime, platform_id: UUID | None = None) -> Counts:
    """How the outbox of one platform, or of all, stands."""
    which = Q() if platform_id is None else Q(platform_id=platform_id)
    due = Q(due_at__lte=now) & _free(now)
    states = StateTelling.objects.filter(which).aggregate(
        states_due=Count("item_id", filter=due),
        states_in_flight=Count("item_id", filter=Q(leased_until__gt=now)),
        states_unacknowledged=Count("item_id", filter=_UNSETTLED),
        states_dead=Count("item_id", filter=Q(dead_at__isnull=False)),
    )
    letters = Letter.objects.filter(which).aggregate(
        letters_due=Count("id", filter=due),
        letters_dead=Count("id", filter=Q(dead_at__isnull=False)),
    )
    return Counts(**states, **letters)
