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
from heed.flows.shared.seconding import MayNotSecond as MayNotSecond
from heed.flows.shared.seconding import Proposed, agreement
from heed.ledger import services as ledger
from heed.media import matching
from heed.media.feeds import BANKED
from heed.rules.decisions import Agreement


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
        found = agreement(case, _proposed(case, decision), agrees=agrees, by=by, now=now)
        unseconded = found is Agreement.UNSECONDED
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
        else:  # all that was due before the proposal may be met already
            states.set_review(case, cause=f"refused:{decision.id}", now=now)
    matching.catch_up(BANKED)
    return found


def _proposed(case: Case, decision: Decision) -> Proposed:
    return Proposed(
        by=decision.decided_by,
        at=decision.decided_at,
        files=case_files.to_be_seen(case),
        barred=_before_an_appeal(case, decision),
    )


def _before_an_appeal(case: Case, decision: Decision) -> set[str]:
    """What an appeal reversed is seconded by nobody who had decided before the appeal."""
    reversed_at = Appeal.objects.filter(case=case, state=Appeal.State.REVERSED)
    if not reversed_at.filter(decided_by=decision.decided_by).exists():
        return set()
    return claims.decisions_of(case, before=decision.decided_at)


def _enter(case: Case, decision: Decision, agrees: bool, reasons: str, now: datetime) -> None:
    ledger.enter(
        "decision.seconded",
        subject=f"case:{case.id}",
        body={"decision": str(decision.id), "agrees": agrees, "reasons": bool(reasons.strip())},
        at=now,
    )
