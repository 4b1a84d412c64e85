"""What an appeal asks for, and those that a new decision leaves nothing to answer."""

from datetime import datetime

from heed.cases.models import Appeal, Case
from heed.cases.services import deadlines, decisions
from heed.ledger import services as ledger
from heed.rules.clocks import Done
from heed.rules.decisions import Ruling


def other_way(appeal: Appeal) -> Ruling:
    """An uploader who is right gets it back, also when nobody but a rule had restricted it."""
    if appeal.statement_id is not None:
        return Ruling.KEEP
    kept = appeal.decision is None or Ruling(appeal.decision.ruling) is Ruling.KEEP
    return Ruling.REMOVE if kept else Ruling.KEEP


def settle(case: Case, ruling: Ruling, *, now: datetime) -> None:
    """It was decided anew, as they asked, before anybody had answered: to reverse would be to turn
    that again. What was done to an account is another question, and goes on.
    """
    waiting = Appeal.objects.filter(case=case, state=Appeal.State.OPEN, measure=None)
    for appeal in waiting.select_related("decision"):
        if other_way(appeal) is ruling and decisions.settle_appeal(appeal, now=now):
            deadlines.done(Done.COMPLAINT_ANSWERED, now=now, cause=f"appeal:{appeal.id}")
            body = {"appeal": str(appeal.id), "outcome": Appeal.State.SETTLED.value}
            ledger.enter("appeal.decided", subject=f"case:{case.id}", body=body, at=now)
