"""Clocks as rows: set once for their cause, held, met, or breached in the open."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Exists, F, Min, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat

from heed.cases.models import Case, Copy, Deadline, Exemption, Join
from heed.ledger import services as ledger
from heed.media.models import Item
from heed.rules.clocks import Clock, Done, Effect, Status, Stop
from heed.rules.deadlines import stops
from heed.rules.observation import Observed
from heed.rules.visibility import Visibility

_REMOVED = Visibility.REMOVED.value
_GONE = (Visibility.HIDDEN.value, _REMOVED)
_LONGEST_CAUSE = 60
_LOOKED_AT = (Observed.GONE.value, Observed.UNVERIFIABLE.value)


def set_clocks(
    case: Case | None, clocks: Iterable[Clock], *, did: Collection[Done] = (), now: datetime
) -> None:
    """Start these clocks; one that runs already for the same cause and citation stays as it is.

    `did`: what the same moment does. A clock that waits for it is met as it starts.
    """
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
            met_at=now if any(stops(clock.stops, deed) is Effect.MET for deed in did) else None,
        )
        for clock in clocks
    ]
    if not rows:
        return
    Deadline.objects.bulk_create(rows, ignore_conflicts=True)
    if case is not None:
        note_due(case.id)


def set_sooner(case: Case, clock: Clock, *, now: datetime) -> None:
    """Beside the clock of this cause that runs, where this one is due first: the strictest wins.

    None is ever moved. Repeating adds nothing.
    """
    mine = Q(cause=clock.cause) | Q(cause__startswith=f"{clock.cause}/")
    running = Deadline.objects.filter(mine, citation=clock.citation, met_at=None)
    nearest = running.order_by("due_at").first()
    if nearest is not None and clock.due_at < nearest.due_at:
        span = f"/{int((clock.due_at - now).total_seconds() // 60)}"
        cause = clock.cause[: _LONGEST_CAUSE - len(span)] + span
        set_clocks(case, [replace(clock, cause=cause)], now=now)


def done(
    what: Done, *, now: datetime, case_id: UUID | None = None, cause: str | None = None,
    looked_since: datetime | None = None,
) -> list[UUID]:  # fmt: skip
    """Something was done for a case, or for one cause (a notice, a decision) wherever it shows.

    Meets or holds the clocks that wait for it; returns those that were met. A notice about
    several files is not done with when one of its cases is. With both: one notice of the case.
    `looked_since`: since when we have looked at all of it. Whoever said "it is back" after that
    has not been answered by it.
    """
    waiting = [one for one in _waiting_for(what, case_id, cause) if not _doubted(one, looked_since)]
    effects = [(deadline, stops(Stop(deadline.stops), what)) for deadline in waiting]
    if case_id is not None:
        effects = _without_waiting(effects, case_id)
    met = [deadline.id for deadline, effect in effects if effect is Effect.MET]
    held = [deadline.id for deadline, effect in effects if effect is Effect.PROVISIONAL]
    _say_late([one for one, effect in effects if effect is Effect.MET], now)
    Deadline.objects.filter(id__in=met).update(met_at=now)
    Deadline.objects.filter(id__in=held, held_at=None).update(held_at=now)
    for shown_at in {deadline.case_id for deadline, _ in effects if deadline.case_id}:
        note_due(shown_at)
    return met


def _doubted(deadline: Deadline, looked_since: datetime | None) -> bool:
    found_by_us = deadline.cause.startswith(f"back:{deadline.case_id}:")
    said = deadline.cause.startswith("back:") and not found_by_us
    return said and looked_since is not None and deadline.set_at > looked_since


def looked_since(case_id: UUID) -> datetime | None:
    """When the look at what is removed of a case that is longest ago was; None without any."""
    items = Item.objects.filter(copies__case_id=case_id, desired=_REMOVED)
    first: datetime | None = items.aggregate(first=Min("observed_at"))["first"]
    return first


def _say_late(met: Iterable[Deadline], now: datetime) -> None:
    """Met, and too late, before a sweep came by: it is a breach all the same."""
    for one in met:
        binds = one.status != Status.ADVISORY and one.stops != Stop.TIME_PASSED
        if not binds or one.due_at >= now or one.held_at is not None or one.breached_at is not None:
            continue
        if Deadline.objects.filter(id=one.id, breached_at=None).update(breached_at=now):
            enter_breach(one, now=now)


def enter_breach(deadline: Deadline, *, now: datetime) -> None:
    """Never closed silently: an entry in the ledger, in the caller's transaction."""
    subject = f"case:{deadline.case_id}" if deadline.case_id else deadline.cause
    ledger.enter(
        "deadline.breached",
        subject=subject,
        body={"deadline": str(deadline.id), "citation": deadline.citation},
        at=now,
    )


def _waiting_for(what: Done, case_id: UUID | None, cause: str | None) -> list[Deadline]:
    """Clocks that this deed meets or holds, and that it has not met or held before.

    A crowd may have told of one case: thousands of clocks, nearly all of them held already.
    """
    effects = {stop: stops(stop, what) for stop in Stop}
    meets = [stop for stop, effect in effects.items() if effect is Effect.MET]
    holds = [stop for stop, effect in effects.items() if effect is Effect.PROVISIONAL]
    waiting = Deadline.objects.filter(
        Q(stops__in=meets) | Q(stops__in=holds, held_at=None), met_at=None
    )
    if case_id is None or cause is not None:
        return list(waiting.filter(cause=cause))
    joined = Join.objects.filter(case_id=case_id, undone_at=None)
    causes = joined.annotate(of=Concat(Value("notice:"), Cast("notice_id", CharField())))
    shown = list(waiting.filter(case_id=case_id))
    elsewhere = waiting.filter(cause__in=causes.values("of"))
    return shown + list(elsewhere.exclude(id__in=[one.id for one in shown]))


def _without_waiting(
    effects: list[tuple[Deadline, Effect]], case_id: UUID
) -> list[tuple[Deadline, Effect]]:
    """Leave out notices that another of their cases is still open for (for a hold: not hidden).

    A removal clock also waits for what another of them decided to remove, and is not gone yet.
    """
    asked = {_notice_of(one) for one, effect in effects if effect is not Effect.NONE} - {""}
    others = Join.objects.filter(notice_id__in=asked, undone_at=None).exclude(case_id=case_id)
    still_open = others.exclude(case__state=Case.State.DECIDED)
    levels: dict[str, set[str]] = {}
    for notice_id, level in still_open.values_list("notice_id", "case__level"):
        levels.setdefault(str(notice_id), set()).add(level)
    going = others.filter(case__state=Case.State.DECIDED, case__decided_level=_REMOVED)
    leaving = {str(one) for one in going.filter(_not_gone()).values_list("notice_id", flat=True)}

    def waits(deadline: Deadline, effect: Effect) -> bool:
        held_by = {Visibility.HIDDEN.value} if effect is Effect.PROVISIONAL else set()
        if levels.get(_notice_of(deadline), set()) - held_by:
            return True
        to_be_met = effect is Effect.MET and deadline.stops == Stop.REMOVED_AND_SEARCHED
        return to_be_met and _notice_of(deadline) in leaving

    return [pair for pair in effects if not waits(*pair)]


def all_gone(case_id: UUID) -> bool:
    """Whether all that is to be removed of a case was answered for and looked at.

    What its author deleted first is gone too: the platform has none, and we see none. What somebody
    named after the removal, and people have not decided about, is not; nor is what may yet go.
    """
    asked = Copy.objects.filter(case_id=case_id, asked_at__gt=F("case__decided_at"))
    waits = Exemption.objects.filter(
        decision__case_id=case_id, state=Exemption.State.PROPOSED
    )  # for a second person, who may say that it goes
    to_go = _to_go().filter(copies__case_id=case_id)
    return not (to_go.exists() or asked.exists() or waits.exists())


def _not_gone() -> Exists:
    return Exists(_to_go().filter(copies__case=OuterRef("case_id")))


def _to_go() -> QuerySet[Item]:
    has_none = Q(answer="not_found", acknowledged_revision=F("revision"))
    gone = Q(Q(acknowledged=_REMOVED) | has_none, observed__in=_LOOKED_AT)
    return Item.objects.filter(desired=_REMOVED).exclude(gone)


def _notice_of(deadline: Deadline) -> str:
    """The notice that set this clock for all of its cases; empty for any other cause."""
    kind, _, notice_id = deadline.cause.partition(":")
    return notice_id if kind == "notice" and "/" not in notice_id else ""


def breach(*, now: datetime) -> list[Deadline]:
    """What passed unmet, for `note_breach`; floors that passed are kept promises, not breaches.

    A clock stands still while things are hidden, not while we only wish that they were.
    """
    past = Deadline.objects.filter(due_at__lt=now, met_at=None, breached_at=None)
    past.filter(stops=Stop.TIME_PASSED.value).update(met_at=now)
    open_ones = past.annotate(of_notice=_OF_NOTICE).filter(Q(held_at=None) | _still_up())
    binding = open_ones.exclude(stops=Stop.TIME_PASSED.value)
    return list(binding.exclude(status=Status.ADVISORY.value).order_by("due_at")[:1_000])


def note_breach(deadline: Deadline, *, now: datetime) -> bool:
    """Mark it, and enter it; False when it was marked before."""
    unmarked = Deadline.objects.filter(id=deadline.id, breached_at=None, met_at=None)
    if not unmarked.update(breached_at=now):
        return False
    enter_breach(deadline, now=now)
    return True


def _still_up() -> Exists:
    """Some copy was to be out of sight by then, and by the platform's word or our look it is not.

    Where the platform has no such thing, and nobody has seen it, nothing is up. A notice's clock
    shows at its first case, and stands for all of them.
    """
    items = Item.objects.filter(desired__in=_GONE, desired_at__lte=OuterRef("due_at"))
    seen = Q(observed="seen", observed_revision=F("revision"))
    unsaid = ~Q(acknowledged__in=_GONE) & ~Q(answer="not_found")
    told = Join.objects.filter(notice_id=OuterRef(OuterRef("of_notice")), undone_at=None)
    here = Q(copies__case=OuterRef("case_id")) | Q(copies__case__in=told.values("case_id"))
    return Exists(items.filter(seen | unsaid).filter(here))


# The notice that a clock belongs to, whichever case shows it; for any other cause NULL.
_OF_NOTICE = RawSQL(
    "CASE WHEN cases_deadline.cause ~ '^notice:[0-9a-f-]{36}$'"
    " THEN substr(cases_deadline.cause, 8)::uuid END",
    [],
)


def note_due(case_id: UUID) -> None:
    """Keep the nearest unmet deadline at the case, for the queue.

    As it is already, nothing is written: who holds the case to find its copies is not waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_DUE, [case_id, Stop.TIME_PASSED.value, case_id])


_NOTE_DUE = """
UPDATE cases_case SET due_at = nearest.due_at FROM (
    SELECT min(due_at) AS due_at FROM cases_deadline
    WHERE case_id = %s AND met_at IS NULL AND held_at IS NULL AND stops <> %s
) AS nearest
WHERE id = %s AND cases_case.due_at IS DISTINCT FROM nearest.due_at
"""


def pause(waiting: Iterable[Deadline], *, now: datetime) -> None:
    """Stand still: an order with manifest errors waits for its clarification."""
    ids = [one.id for one in waiting]
    Deadline.objects.filter(id__in=ids, met_at=None, held_at=None).update(held_at=now)


def attach(cause: str, case_id: UUID) -> None:
    """Show the clocks of this cause at a case, unless another case shows them already.

    `set_clocks` of the same case follows, and notes which is the nearest.
    """
    Deadline.objects.filter(cause=cause, case=None).update(case_id=case_id)
