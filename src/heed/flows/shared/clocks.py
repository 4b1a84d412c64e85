"""The clocks that an event starts, under the authorities that the operator has switched on."""

from datetime import datetime

from django.conf import settings

from heed.cases.models import Case, Notice
from heed.flows.shared import claims
from heed.rules.clocks import Clock, Event, Happening
from heed.rules.deadlines import owed


def of_notice(notice: Notice, *, event: Event, at: datetime) -> list[Clock]:
    """What a notice makes due; the cause is the notice, whatever case it is joined to."""
    claim = claims.bare(notice)
    return owed(
        Happening(event=event, cause=f"notice:{notice.id}", at=at, claim=claim),
        enabled=settings.HEED_STATUTES,
    )


def of_case(case: Case, *, event: Event, cause: str, at: datetime) -> list[Clock]:
    """What something that happened to a case makes due."""
    notice = case_notice(case)
    claim = None if notice is None else claims.bare(notice)
    return owed(
        Happening(event=event, cause=cause, at=at, claim=claim), enabled=settings.HEED_STATUTES
    )


def case_notice(case: Case) -> Notice | None:
    """The first notice of a case that still stands in it."""
    joins = case.joins.filter(undone_at=None).select_related("notice").order_by("joined_at")
    first = joins.first()
    return None if first is None else first.notice
