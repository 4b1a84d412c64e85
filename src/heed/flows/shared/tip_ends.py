"""How a tip ends: filed, stalled, or its report at the authority given up."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case
from heed.cases.services import deadlines
from heed.filings import tip_queries, tips
from heed.filings.models import Tip, TipFile
from heed.filings.tips import State
from heed.flows.shared import clocks, tipline
from heed.ledger import services as ledger
from heed.ports import (
    TipEnded,
    TiplineBusy,
    TiplineLocked,
    TiplineUnreachable,
    TipRefused,
    TipUnknown,
)
from heed.rules.clocks import Done, Event
from heed.rules.tips.authorities import NCA, NCMEC

logger = logging.getLogger(__name__)
REASON = 300  # characters kept of the other's words
_TROUBLE = (TiplineUnreachable, TiplineBusy, TiplineLocked, TipRefused, TipUnknown, TipEnded)


# What is then to be kept: for NCMEC's year, and for the NCA's, whom NCMEC stands for.
_AFTER = {
    NCMEC: (Event.CYBERTIP_FINISHED, Event.AUTHORITY_TOLD),
    NCA: (Event.AUTHORITY_TOLD,),
}


def cause_of(tip: Tip) -> str:
    """What the clock of an open report belongs to: each opening is its own."""
    return f"cybertip:{tip.id}/{tip.openings}"


def finished(
    tip: Tip, *, raw: bytes, differs: str, now: datetime, by: UUID | None = None, **facts: Any
) -> None:
    """Filed, `by` a person or by protocol. Meets what was owed, and starts the year of keeping.
    In the caller's transaction.
    """
    tips.move(
        tip, [State.FINISHING, State.HANDED_OVER, State.READY], State.FINISHED,
        finished_at=now, answer=raw, asking="", trouble=differs[:REASON], due_at=None, **facts,
    )  # fmt: skip
    ledger.enter(
        "cybertip.finished",
        subject=f"case:{tip.case_id}",
        body={
            "tip": str(tip.id),
            "practice": tip.practice,
            "as_sent": not differs,
            **({} if by is None else {"by": str(by)}),
        },
        at=now,
    )
    if differs:
        logger.error("an authority names other files than were sent", extra={"tip": str(tip.id)})
    deadlines.done(Done.CYBERTIP_FINISHED, now=now, cause=cause_of(tip))
    if not tip.practice:
        _meet(tip, now)


def _meet(tip: Tip, now: datetime) -> None:
    """A report to NCMEC counts as one to the NCA too (Online Safety Act 2023, section 66)."""
    case = Case.objects.get(id=tip.case_id)
    if not tip_queries.others_unfinished(tip):
        if tip.authority == NCMEC:
            deadlines.done(Done.CYBERTIP_FINISHED, now=now, case_id=case.id)
        deadlines.done(Done.AUTHORITY_TOLD, now=now, case_id=case.id)
    for event in _AFTER.get(tip.authority, ()):
        due = clocks.of_case(case, event=event, cause=f"cybertip:{tip.id}", at=now)
        deadlines.set_clocks(case, due, now=now)


def stalled(tip: Tip, why: str, *, now: datetime) -> None:
    """A person has to look; it stays where it is, and its deadlines go on."""
    logger.error("a tip needs a person", extra={"tip": str(tip.id)})
    with transaction.atomic():
        facts: dict[str, Any] = {"trouble": why[:REASON], "leased_until": None, "due_at": None}
        tips.move(tip, tips.ON_THE_WAY, State.STALLED, **facts)
        ledger.enter(
            "cybertip.stalled", subject=f"case:{tip.case_id}", body={"tip": str(tip.id)}, at=now
        )


def resumes_as(tip: Tip) -> State:
    """Where filing goes on; what may have been filed is only ever finished again."""
    if tip.asking == "finish":
        return State.FINISHING
    return State.OPEN if tip.report_ref else State.READY


def retract(tip: Tip, *, now: datetime) -> None:
    """Have an open report deleted, if it still is one. What can't be reached expires by itself."""
    if not tip.report_ref or tip.state == State.FINISHED:
        return
    gone = _gone(tip)
    with transaction.atomic():
        Tip.objects.filter(id=tip.id).update(report_ref="", opened_at=None, asking="")
        TipFile.objects.filter(tip=tip).update(
            file_ref="", md5="", uploaded_at=None, informed_at=None
        )
        if gone:
            deadlines.done(Done.CYBERTIP_FINISHED, now=now, cause=cause_of(tip))
    tip.refresh_from_db()


def _gone(tip: Tip) -> bool:
    if tip.environment != tipline.environment(tip.authority, tip.platform_id):
        return False  # opened elsewhere: it is left to expire there
    try:
        tipline.tipline(tip.platform_id).retract(tip.report_ref)
    except _TROUBLE as why:
        logger.warning(
            "a report could not be retracted", extra={"tip": str(tip.id), "why": type(why).__name__}
        )
        return False
    return True
