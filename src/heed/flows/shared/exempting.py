"""What a removal leaves alone though its case restricts it: on a body, when a second one agrees."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from heed.cases.models import Appeal, Case, Decision, Exemption
from heed.cases.services import exemptions
from heed.flows.shared import states
from heed.ledger import services as ledger
from heed.rules.claims import Category
from heed.rules.decisions import Ruling, Scope, needs_second


def by_decision(case: Case, decision: Decision, *, now: datetime) -> Exemption | None:
    """Before a removal is carried out: what it would free. None where it frees nothing."""
    if decision.scope == Scope.FILE and not decision.exempt_items.exists():
        return None
    freed = states.freed(case)
    return leave(case, decision, freed, by=decision.decided_by, now=now) if freed else None


def waits_for_second(case: Case) -> bool:
    """Whether what a removal of this case frees is only proposed."""
    return needs_second(Category(case.category), Ruling.REMOVE, frees=True)


def leave(
    case: Case,
    decision: Decision,
    items: Collection[UUID],
    *,
    by: UUID,
    appeal: Appeal | None = None,
    now: datetime,
) -> Exemption:
    """These are left alone: at once, or when a second person agrees. The caller states them."""
    waits = waits_for_second(case)
    state = Exemption.State.PROPOSED if waits else Exemption.State.FINAL
    made = exemptions.record(decision, items, state=state, by=by, appeal=appeal, now=now)
    enter(case, made, "exemption.proposed" if waits else "exemption.made", now=now)
    return made


def owe_second(case: Case, exemption: Exemption, *, now: datetime) -> None:
    """Somebody is due to agree, or not."""
    if exemption.state == Exemption.State.PROPOSED:
        states.set_review(case, cause=cause(exemption), now=now)


def cause(exemption: Exemption) -> str:
    """Of the clock that runs until a second person has looked."""
    return f"exempt:{exemption.id}"


def enter(case: Case, exemption: Exemption, event: str, *, now: datetime) -> None:
    """What became of it, with the items that it is about."""
    items = exemption.items.order_by("id").values_list("id", flat=True)
    ledger.enter(
        event,
        subject=f"case:{case.id}",
        body={"exemption": str(exemption.id), "decision": str(exemption.decision_id)},
        batch=[str(item) for item in items],
        at=now,
    )
