"""Danger to a life calls the duty person, in the transaction that heard of it."""

from datetime import datetime

from heed.cases.models import Case, Notice
from heed.filings.models import Danger, Order
from heed.flows.shared import claims
from heed.ledger import services as ledger
from heed.people import ringing, rota
from heed.people.duty_models import Call
from heed.rules.duty import EMERGENCY_WITHIN
from heed.rules.triage import AT_ONCE, Triage


def call(notice: Notice, case: Case | None, outcome: Triage, *, now: datetime) -> None:
    """Open the call that `outcome` asks for; the worker rings. Repeating it changes nothing.

    One call for a notice, however many cases it opens, until it is over: a danger that is told of
    after that is called anew. `case` is None when what it names is nowhere here: the danger is no
    smaller for that.
    """
    if not outcome.pages_duty:
        return
    cause = _cause(notice)
    opened = ringing.open_call(
        platform_id=notice.platform_id,
        kind=Call.Kind.DANGER,
        cause=cause,
        case_id=None if case is None else case.id,
        notice_id=notice.id,
        due_at=now + outcome.review_within,
        now=now,
    )
    if opened is not None:
        subject = f"notice:{notice.id}" if case is None else f"case:{case.id}"
        ledger.enter("duty.called", subject=subject, body={"kind": opened.kind}, at=now)
    elif case is not None:
        ringing.lead_to(cause, case.id)


def _cause(notice: Notice) -> str:
    made = rota.calls_of(f"notice:{notice.id}")
    last = made[-1].ended_at if made else None
    if last is None or not claims.danger_said_since(notice, last):
        return made[-1].cause if made else f"notice:{notice.id}"
    return f"notice:{notice.id}/{len(made)}"


def call_for_order(order: Order, *, now: datetime) -> None:
    """An authority says that a life is in danger: whoever may answer officers is rung.

    The call proves nothing about who asks, and ends with the answer to the order.
    """
    opened = ringing.open_call(
        platform_id=order.platform_id,
        kind=Call.Kind.DANGER,
        cause=f"order:{order.number}",
        due_at=now + EMERGENCY_WITHIN,
        now=now,
    )
    if opened is not None:
        body = {"kind": opened.kind}
        ledger.enter("duty.called", subject=f"order:{order.id}", body=body, at=now)


def call_for_danger(found: Danger, *, now: datetime) -> None:
    """A person of ours found a danger, and nobody is rung for it yet."""
    opened = ringing.open_call(
        platform_id=found.platform_id,
        kind=Call.Kind.DANGER,
        cause=f"danger:{found.id}",
        case_id=found.case_id,
        due_at=now + AT_ONCE,
        now=now,
    )
    if opened is not None:
        subject = f"case:{found.case_id}"
        ledger.enter("duty.called", subject=subject, body={"kind": opened.kind}, at=now)
