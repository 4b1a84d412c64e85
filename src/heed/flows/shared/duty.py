"""Danger to a life calls the duty person, in the transaction that heard of it."""

from datetime import datetime

from heed.cases.models import Case, Notice
from heed.ledger import services as ledger
from heed.people import ringing
from heed.people.duty_models import Call
from heed.rules.triage import Triage


def call(notice: Notice, case: Case | None, outcome: Triage, *, now: datetime) -> None:
    """Open the call that `outcome` asks for; the worker rings. Repeating it changes nothing.

    One call for a notice, however many cases it opens. `case` is None when what it names is
    nowhere here: the danger is no smaller for that.
    """
    if not outcome.pages_duty:
        return
    opened = ringing.open_call(
        platform_id=notice.platform_id,
        kind=Call.Kind.DANGER,
        cause=f"notice:{notice.id}",
        case_id=None if case is None else case.id,
        notice_id=notice.id,
        due_at=now + outcome.review_within,
        now=now,
    )
    if opened is not None:
        subject = f"notice:{notice.id}" if case is None else f"case:{case.id}"
        ledger.enter("duty.called", subject=subject, body={"kind": opened.kind}, at=now)
