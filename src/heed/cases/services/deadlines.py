"""Clocks as rows: set once for their cause, held, met, or breached in the open."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Min, Q

from heed.cases.models import Case, Deadline, Join
from heed.rules.clocks import Clock, Done, Effect, Status, Stop
from heed.rules.deadlines import stops
from heed.rules.visibility import Visibility


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


def done(
    what: Done, *, now: datetime, case_id: UUID | None = None, cause: str | None = None
) -> list[UUID]:
    """Something was done for a case, or for one cause (a notice, a decision) wherever it shows.

    Meets or holds the clocks that wait for it; returns those that were met. A notice about
    several files is not done with when one of its cases is.
    """
    waiting = Deadline.objects.filter(_concerned(case_id, cause), met_at=None)
    effects = [(deadline, stops(Stop(deadline.stops), what)) for deadline in waiting]
    if case_id is not None:
        effects = [pair for pair in effects if not _waits_for_others(*pair, case_id)]
    met = [deadline.id for deadline, effect in effects if effect is Effect.MET]
    held = [deadline.id for deadline, effect in effects if effect is Effect.PROVISIONAL]
    Deadline.objects.filter(id__in=met).update(met_at=now)
    Deadline.objects.filter(id__in=held, held_at=None).update(held_at=now)
    for shown_at in {deadline.case_id for deadline, _ in effects if deadline.case_id}:
        note_due(shown_at)
    return met


def _concerned(case_id: UUID | None, cause: str | None) -> Q:
    if case_id is None:
        return Q(cause=cause)
    joined = Join.objects.filter(case_id=case_id, undone_at=None)
    notices = joined.values_list("notice_id", flat=True)
    ours = Q(case_id=case_id) | Q(cause__in=[f"notice:{notice}" for notice in notices])
    return ours if cause is None else ours & Q(cause=cause)


def _waits_for_others(deadline: Deadline, effect: Effect, case_id: UUID) -> bool:
    """Another case of the same notice is still open (for a hold: open, and not hidden)."""
    kind, _, notice_id = deadline.cause.partition(":")
    if effect is Effect.NONE or kind != "notice" or "/" in notice_id:
        return False
    others = Case.objects.filter(joins__notice_id=notice_id, joins__undone_at=None)
    others = others.exclude(id=case_id).exclude(state=Case.State.DECIDED)
    if effect is Effect.PROVISIONAL:
        others = others.exclude(level=Visibility.HIDDEN)
    return others.exists()


def release(case_id: UUID) -> None:
    """Its items are no longer hidden: clocks that stood still run on, to their old time."""
    Deadline.objects.filter(case_id=case_id, met_at=None).update(held_at=None)
    note_due(case_id)


def breach(*, now: datetime) -> list[Deadline]:
    """Mark what passed unmet; floors that passed are kept promises, not breaches."""
    past = Deadline.objects.filter(due_at__lt=now, met_at=None, breached_at=None)
    past.filter(stops=Stop.TIME_PASSED.value).update(met_at=now)
    binding = past.filter(held_at=None).exclude(stops=Stop.TIME_PASSED.value)
    late = list(binding.exclude(status=Status.ADVISORY.value)[:1_000])
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
