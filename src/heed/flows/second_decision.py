"""A second, different person agrees to "no violation" on a body, or does not.

1. Check who may second: both have seen the file, by their own viewing logs. Who proposed it may
   take it back at once, alone or not: that only protects.
2. Agreed: the decision is final and is carried out. Not agreed: the case is open again.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Appeal, Case, Decision
from heed.cases.queries import case_files
from heed.cases.services import decisions
from heed.flows.decide_case import must_have_read
from heed.flows.shared import claims, states
from heed.flows.shared.carrying_out import carry_out
from heed.ledger import services as ledger
from heed.media import matching
from heed.media.feeds import BANKED
from heed.people import queries as people
from heed.rules.decisions import ALONE_WAITS, Agreement, may_second


class MayNotSecond(Exception):
    """This person can't agree to it now; the message says why and what would help."""


def second(
    *,
    decision_id: UUID,
    agrees: bool,
    reasons: str = "",
    heard_until: datetime | None = None,
    by: UUID,
    now: datetime,
) -> Agreement:
    """Second a proposal, or take one's own back. `heard_until` as for `decide`, of who seconds.

    Raises `MayNotSecond`, `NotRead`, `cases.CaseChanged`.
    """
    with transaction.atomic():
        case = states.lock(Decision.objects.get(id=decision_id).case_id)
        decision = Decision.objects.get(id=decision_id)
        must_have_read(case, heard_until if agrees else None)
        taken_back = by == decision.decided_by and not agrees
        agreement = Agreement.WAITING if taken_back else _allowed(case, decision, by, now)
        unseconded = agreement is Agreement.UNSECONDED
        decisions.second(
            decision,
            agrees=agrees,
            reasons=reasons.strip(),
            by=by,
            unseconded=unseconded,
            now=now,
        )
        case.refresh_from_db()
        _enter(case, decision, agrees, reasons, now)
        if agrees:
            carry_out(case, decision, now=now)
    matching.catch_up(BANKED)
    return agreement


def _allowed(case: Case, decision: Decision, by: UUID, now: datetime) -> Agreement:
    _must_be_new_to_an_appeal(case, decision, by)
    agreement = _agreement(case, decision, by, now)
    if agreement is Agreement.WAITING:
        raise MayNotSecond(_why(case, decision, by))
    return agreement


def _must_be_new_to_an_appeal(case: Case, decision: Decision, by: UUID) -> None:
    """What an appeal reversed is seconded by nobody who had decided before the appeal."""
    reversed_at = Appeal.objects.filter(case=case, state=Appeal.State.REVERSED)
    if not reversed_at.filter(decided_by=decision.decided_by).exists():
        return
    earlier = Decision.objects.filter(case=case, decided_at__lt=decision.decided_at)
    if str(by) in claims.decisions_of(case, earlier):
        raise MayNotSecond("You decided here before the appeal: a person new to it must agree.")


def _agreement(case: Case, decision: Decision, by: UUID, now: datetime) -> Agreement:
    both = all(
        people.has_viewed(person, case.id, file.id)
        for file in case_files.to_be_seen(case)
        for person in (by, decision.decided_by)
    )
    return may_second(
        str(decision.decided_by),
        str(by),
        both_viewed=both,
        staffing=len(people.deciders(case.platform_id)),
        waited=now - decision.decided_at,
    )


def _why(case: Case, decision: Decision, by: UUID) -> str:
    if by != decision.decided_by:
        return "Open the file in full first, a video to its end: both people must have seen it."
    if len(people.deciders(case.platform_id)) > 1:
        return "You proposed this. A different person must agree."
    hours = int(ALONE_WAITS.total_seconds() // 3600)
    return (
        f"You proposed this, and you are the only one here: you may confirm it after {hours} hours."
        " It will be published as unseconded. Or invite an outside reviewer."
    )


def _enter(case: Case, decision: Decision, agrees: bool, reasons: str, now: datetime) -> None:
    ledger.enter(
        "decision.seconded",
        subject=f"case:{case.id}",
        body={"decision": str(decision.id), "agrees": agrees, "reasons": bool(reasons.strip())},
        at=now,
    )
