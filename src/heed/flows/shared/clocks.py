"""The clocks that an event starts, under the authorities that the operator has switched on."""

import logging
from collections.abc import Collection
from datetime import datetime

from django.conf import settings

from heed.cases.models import Case, Deadline, Join, Notice
from heed.cases.services import deadlines
from heed.flows.shared import claims
from heed.rules.clocks import Clock, Done, Event, Happening, Stop
from heed.rules.deadlines import ClockLengthened, owed

logger = logging.getLogger(__name__)


def of_notice(notice: Notice, *, event: Event, at: datetime) -> list[Clock]:
    """What a notice makes due; the cause is the notice, whatever case it is joined to."""
    return _owed(Happening(event=event, cause=cause_of(notice), at=at, claim=claims.bare(notice)))


def of_case(case: Case, *, event: Event, cause: str, at: datetime) -> list[Clock]:
    """What something that happened to a case makes due."""
    notice = case_notice(case)
    claim = None if notice is None else claims.bare(notice)
    return _owed(Happening(event=event, cause=cause, at=at, claim=claim))


def of_danger(case: Case | None, *, cause: str, at: datetime) -> list[Clock]:
    """What is due because a person of ours found a life in danger, in a case or without one."""
    if case is not None:
        return of_case(case, event=Event.DANGER_SUSPECTED, cause=cause, at=at)
    return _owed(Happening(event=Event.DANGER_SUSPECTED, cause=cause, at=at))


def of_law(pack: str, *, event: Event, cause: str, at: datetime) -> list[Clock]:
    """What an authority's own order makes due under its law, whether or not that is switched on."""
    return _owed(Happening(event=event, cause=cause, at=at), enabled=[pack])


def cause_of(notice: Notice) -> str:
    """What the clocks of a notice belong to."""
    return f"notice:{notice.id}"


def review_cause(notice: Notice, case: Case) -> str:
    """Of the clock by which a person looks, for this notice: each round of the case has its own."""
    joins = Join.objects.filter(notice=notice, case=case)
    first = joins.values_list("round", flat=True).first() or 1
    if case.round <= first:
        return f"{cause_of(notice)}/{case.number}"
    digits = case.number.partition("-")[2].replace("-", "")
    return f"{cause_of(notice)}/{digits}.{case.round}"


def note_update(notice: Notice, *, now: datetime) -> None:
    """The notifier was written to: what was owed is met, and the next update is owed."""
    before = Deadline.objects.filter(cause__startswith=cause_of(notice), stops=Stop.UPDATE_SENT)
    for cause in set(before.filter(met_at=None).values_list("cause", flat=True)):
        deadlines.done(Done.UPDATE_SENT, now=now, cause=cause)
    cause = f"{cause_of(notice)}/{before.count()}"
    claim = claims.bare(notice)
    due = _owed(Happening(event=Event.UPDATE_SENT, cause=cause, at=now, claim=claim))
    joined = notice.joins.filter(undone_at=None).select_related("case").first()
    if joined is None or joined.case.state != Case.State.DECIDED:
        deadlines.set_clocks(joined.case if joined else None, due, now=now)


def _owed(happened: Happening, *, enabled: Collection[str] | None = None) -> list[Clock]:
    """With the operator's own times. A clock is never lost because one of them is wrong."""
    packs = settings.HEED_STATUTES if enabled is None else enabled
    try:
        return owed(happened, enabled=packs, shorter=settings.HEED_SHORTER_CLOCKS)
    except ClockLengthened:
        logger.exception("an operator's own time is too long here: the law's is used")
        return owed(happened, enabled=packs)


def case_notice(case: Case) -> Notice | None:
    """The first notice of a case that still stands in it."""
    joins = case.joins.filter(undone_at=None).select_related("notice").order_by("joined_at")
    first = joins.first()
    return None if first is None else first.notice
