"""Somebody takes a decision before an out-of-court body (DSA article 21).

1. Note it: while it is open, nothing of the case's evidence is destroyed, and the body's own time
   runs, in sight.
2. Note how it ended, and whether we followed it; a change of ours is a decision like any other.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from heed.cases.models import Case
from heed.cases.services import deadlines
from heed.filings import holding
from heed.filings.models import Dispute
from heed.flows.shared import clocks
from heed.flows.verify_officer import must_answer_for
from heed.ledger import services as ledger
from heed.rules.clocks import Done, Event


class NotNoted(Exception):
    """It can't be noted so; the message says what is missing, or that it is there already."""


def open_dispute(
    *, case_id: UUID, side: str, body: str, dispute_ref: str, by: UUID, now: datetime
) -> Dispute:
    """Raises `NotNoted`, `verify_officer.MayNotVerify`."""
    case = Case.objects.get(id=case_id)
    must_answer_for(case.platform_id, by)
    if case.decided_at is None:
        raise NotNoted("There is no decision yet that could be disputed.")
    if not body.strip() or not dispute_ref.strip():
        raise NotNoted("Name the body, and its number for the dispute.")
    try:
        with transaction.atomic():
            noted = holding.note_dispute(
                case_id, side=side, body=body.strip(), ref=dispute_ref.strip(), by=by, now=now
            )
            due = clocks.of_case(case, event=Event.DISPUTE_RECEIVED, cause=_cause(noted), at=now)
            deadlines.set_clocks(case, due, now=now)
            _enter(noted, "appeal.opened", {"before": "out-of-court body", "side": side}, now)
    except IntegrityError as twice:
        raise NotNoted("This dispute was noted before.") from twice
    return noted


def end_dispute(*, dispute_id: UUID, outcome: str, followed: bool, by: UUID, now: datetime) -> None:
    """Raises `holding.NotWaiting`, `verify_officer.MayNotVerify`."""
    noted = Dispute.objects.get(id=dispute_id)
    must_answer_for(Case.objects.get(id=noted.case_id).platform_id, by)
    with transaction.atomic():
        holding.end_dispute(noted, outcome=outcome, followed=followed, now=now)
        deadlines.done(Done.DISPUTE_DECIDED, now=now, cause=_cause(noted))
        said = {"before": "out-of-court body", "outcome": outcome, "followed": followed}
        _enter(noted, "appeal.decided", said, now)


def _cause(noted: Dispute) -> str:
    return f"dispute:{noted.id}"


def _enter(noted: Dispute, event: str, body: dict[str, object], now: datetime) -> None:
    ledger.enter(event, subject=f"case:{noted.case_id}", body=body, at=now)
