"""Clocks as rows: set once for their cause, held, met, or breached in the open."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Min

from heed.cases.models import Case, Deadline
from heed.rules.clocks import Clock, Done, Effect, Stop
from heed.rules.deadlines import stops


def set_clocks(case: Case | None, clocks: Iterable[Clock], *, now: datetime) -> None:
    """Start these clocks; one that runs already for the same cause and citation stays as it is."""
    rows = [
        Deadline(
            case=case,
            cause=clock.cause,
            citation=clock.citation,
            clock=clock.id,
            stops=clock.stops.value,
            kind=clock.kind.value,
            status=clock.status.value,
            set_at=now,
            due_at=clock.due_at,
        )
        for clock in clocks
    ]
    Deadline.objects.bulk_create(rows, ignore_conflicts=True)
    if case is not None:
        note_due(case.id)


def done(case_id: UUID, what: Done, *, now: datetime, cause: str | None = None) -> list[UUID]:
    """Something was done: meet or hold the clocks that wait for it. Returns those that were met."""
    waiting = Deadline.objects.filter(case_id=case_id, met_at=None)
    if cause is not None:
        waiting = waiting.filter(cause=cause)
    met, held = [], []
    for deadline in waiting:
        effect = stops(Stop(deadline.stops), what)
        if effect is Effect.MET:
            met.append(deadline.id)
        elif effect is Effect.PROVISIONAL and deadline.held_at is None:
            held.append(deadline.id)
    Deadline.objects.filter(id__in=met).update(met_at=now)
    Deadline.objects.filter(id__in=held).update(held_at=now)
    note_due(case_id)
    return met


def release(case_id: UUID) -> None:
    """Its items are no longer hidden: clocks that stood still run on, to their old time."""
    Deadline.objects.filter(case_id=case_id, met_at=None).update(held_at=None)
    note_due(case_id)


def breach(*, now: datetime) -> list[Deadline]:
    """Mark what passed unmet; floors that passed are kept promises, not breaches."""
    past = Deadline.objects.filter(due_at__lt=now, met_at=None, breached_at=None)
    past.filter(stops=Stop.TIME_PASSED.value).update(met_at=now)
    late = list(past.filter(held_at=None).exclude(stops=Stop.TIME_PASSED.value)[:1_000])
    ids = [deadline.id for deadline in late]
    Deadline.objects.filter(id__in=ids, breached_at=None).update(breached_at=now)
    return late


def note_due(case_id: UUID) -> None:
    """Keep the nearest unmet deadline at the case, for the queue."""
    open_ones = Deadline.objects.filter(case_id=case_id, met_at=None, held_at=None)
    nearest = open_ones.exclude(stops=Stop.TIME_PASSED.value).aggregate(due=Min("due_at"))["due"]
    Case.objects.filter(id=case_id).update(due_at=nearest)


def attach(cause: str, case_id: UUID) -> None:
    """Show the clocks of this cause at a case, unless another case shows them already."""
    Deadline.objects.filter(cause=cause, case=None).update(case_id=case_id)
    note_due(case_id)


def done_for_cause(cause: str, what: Done, *, now: datetime) -> None:
    """Something was done for one notice or decision, whatever case its clocks show at."""
    cases = Deadline.objects.filter(cause=cause, met_at=None).values_list("case_id", flat=True)
    for case_id in set(cases):
        if case_id is not None:
            done(case_id, what, now=now, cause=cause)
