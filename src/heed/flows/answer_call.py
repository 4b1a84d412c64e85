"""Somebody on duty takes a call, does what the protocol says, and writes down that it was done.

1. Take the call: nobody else is rung for a while.
2. Note a step of the protocol as done, with who and when.
3. End a call that neither a case nor an officer stands behind.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.ledger import services as ledger
from heed.people import ringing
from heed.people.duty_models import Call
from heed.rules import duty


def take_call(*, call_id: UUID, by: UUID, now: datetime) -> bool:
    """False when it is over, or somebody else took it in this moment."""
    with transaction.atomic():
        call = Call.objects.get(id=call_id)
        quiet = duty.quiet_until(now, danger=call.kind == Call.Kind.DANGER)
        if not ringing.take_call(call, by=by, quiet_until=quiet, now=now):
            return False
        _enter(call, {"took": True, "by": str(by)}, now)
    return True


def note_step(*, call_id: UUID, step: str, by: UUID, now: datetime) -> bool:
    """A step of the protocol is done. False when somebody had done it before."""
    with transaction.atomic():
        call = Call.objects.get(id=call_id)
        if not ringing.step_done(call, step, by=by, now=now):
            return False
        _enter(call, {"step": True, "by": str(by)}, now)
    return True


def end_call(*, call_id: UUID, by: UUID, now: datetime) -> bool:
    """Nothing is left to do. A call about a case ends with its decision, one about an officer's
    request with the answer to it, and neither here.
    """
    with transaction.atomic():
        call = Call.objects.get(id=call_id)
        if call.case_id is not None or call.order_number or not ringing.end_call(call, now=now):
            return False
        _enter(call, {"ended": True, "by": str(by)}, now)
    return True


def _enter(call: Call, body: dict[str, object], now: datetime) -> None:
    subject = f"platform:{call.platform_id}" if call.case_id is None else f"case:{call.case_id}"
    ledger.enter("duty.answered", subject=subject, body=body, at=now)
