"""What an appeal asks for, and those that a new decision leaves nothing to answer."""

from datetime import datetime
from uuid import UUID

from heed.cases.models import Appeal, Case, MeasureOnAccount
from heed.cases.queries import exemptions
from heed.cases.services import deadlines, decisions
from heed.filings import queries as filings
from heed.flows.shared import claims, states
from heed.ledger import services as ledger
from heed.people import queries as people
from heed.rules.clocks import Done
from heed.rules.decisions import Ruling


def other_way(appeal: Appeal) -> Ruling:
    """An uploader who is right gets it back, also when nobody but a rule had restricted it."""
    if appeal.statement_id is not None:
        return Ruling.KEEP
    kept = appeal.decision is None or Ruling(appeal.decision.ruling) is Ruling.KEEP
    return Ruling.REMOVE if kept else Ruling.KEEP


def _gives(case: Case, appeal: Appeal, ruling: Ruling) -> bool:
    """Whether what is decided now, and applied already, is what they asked for.

    A removal may leave an uploader's place alone; and who told us of a place that a removal has
    left alone wants it gone as well.
    """
    if appeal.statement_id is not None:
        own = filings.item_of_statement(appeal.statement_id)
        return ruling is Ruling.KEEP or (own is not None and _is_left_alone(case, own))
    assert appeal.notice_id is not None
    named = exemptions.named_by(appeal.notice_id, case)
    if other_way(appeal) is Ruling.REMOVE or named & exemptions.said(appeal.decision).left:
        return ruling is Ruling.REMOVE and not states.beyond(case, named)
    return ruling is Ruling.KEEP


def _is_left_alone(case: Case, item_id: UUID) -> bool:
    waits = exemptions.items_waiting([case.id]).filter(id=item_id).exists()
    return not waits and bool(states.beyond(case, {item_id}))


def spoke_before(case: Case) -> set[str]:
    """Who looks at it again is none of these: whoever decided anything here, or ended an appeal."""
    return claims.decisions_of(case) | claims.appealed_to(case)


def others(case: Case, before: set[str]) -> set[str]:
    """Who may decide here and is none of those."""
    return {str(one) for one in people.deciders(case.platform_id)} - before


def settle(case: Case, ruling: Ruling, *, now: datetime) -> None:
    """It was decided anew, as they asked, before anybody had answered: to reverse would be to turn
    that again. What was done to an account is another question (`settle_about`).
    """
    waiting = Appeal.objects.filter(case=case, state=Appeal.State.OPEN, measure=None)
    for appeal in waiting.select_related("decision"):
        if _gives(case, appeal, ruling):
            _end(case, appeal, now)


def settle_about(case: Case, measure: MeasureOnAccount, *, now: datetime) -> None:
    """What was done to an account has ended: nothing is left to ask about it."""
    for appeal in Appeal.objects.filter(measure=measure, state=Appeal.State.OPEN):
        _end(case, appeal, now)


def _end(case: Case, appeal: Appeal, now: datetime) -> None:
    if decisions.settle_appeal(appeal, now=now):
        deadlines.done(Done.COMPLAINT_ANSWERED, now=now, cause=f"appeal:{appeal.id}")
        body = {"appeal": str(appeal.id), "outcome": Appeal.State.SETTLED.value}
        ledger.enter("appeal.decided", subject=f"case:{case.id}", body=body, at=now)
