"""A second, different person agrees that places may stay though the rest is removed, or does not.

1. Check who may second: both have seen the file, and what such a place shows instead of it. Who
   proposed it may take it back at once, alone or not: that only protects.
2. Agreed: they are shown again. Not agreed: they go with the rest. Nothing else changes.
3. Ask the worker to tell the uploader, and whoever named these places.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Exemption
from heed.cases.queries import exemptions as reading
from heed.cases.queries import search
from heed.cases.services import deadlines, exemptions
from heed.flows import jobs
from heed.flows.decide_case import must_have_read
from heed.flows.observe_states import settle_case
from heed.flows.shared import appeals, claims, evidence, exempting, on_accounts, states
from heed.flows.shared.seconding import MayNotSecond, Proposed, agreement
from heed.ledger import services as ledger
from heed.rules.clocks import Done
from heed.rules.decisions import Agreement, Ruling


def second_exemption(
    *,
    exemption_id: UUID,
    agrees: bool,
    reasons: str = "",
    heard_until: datetime | None = None,
    by: UUID,
    now: datetime,
) -> Agreement:
    """Second what a removal leaves alone. `heard_until` as for `decide`, of who seconds.

    Raises `MayNotSecond`, `NotRead`, `cases.CaseChanged`.
    """
    with transaction.atomic():
        case = states.lock(Exemption.objects.get(id=exemption_id).decision.case_id)
        exemption = Exemption.objects.select_related("decision__case").get(id=exemption_id)
        _must_be_its_turn(case, exemption)
        must_have_read(case, heard_until if agrees else None)
        found = agreement(case, _proposed(case, exemption), agrees=agrees, by=by, now=now)
        unseconded = found is Agreement.UNSECONDED
        exemptions.second(
            exemption, agrees=agrees, reasons=reasons.strip(), by=by, unseconded=unseconded, now=now
        )
        _enter(case, exemption, agrees, now)
        _carry_out(case, exemption, now)
    return found


def _must_be_its_turn(case: Case, exemption: Exemption) -> None:
    """What came since is decided first, and these places with it."""
    waits = exemption.state == Exemption.State.PROPOSED
    if waits and case.state != Case.State.DECIDED:
        raise MayNotSecond(
            "The case is open again: whoever decides it now says of these places as well. They "
            "stay as they are until then."
        )


def _proposed(case: Case, exemption: Exemption) -> Proposed:
    by = exemption.proposed_by
    before = claims.decisions_of(case) - {str(by)} if exemption.appeal_id is not None else set()
    return Proposed(
        by=by, at=exemption.proposed_at, files=reading.to_be_seen(exemption), barred=before
    )


def _carry_out(case: Case, exemption: Exemption, now: datetime) -> None:
    items = set(exemption.items.values_list("id", flat=True))
    items |= search.passed_on(case, items)
    states.apply(case, items=sorted(items), lower=True, now=now)
    appeals.settle(case, Ruling.REMOVE, now=now)
    if exemption.state == Exemption.State.FINAL:
        on_accounts.fall(case, given_back=items, now=now)
    deadlines.done(Done.PERSON_LOOKED, now=now, cause=exempting.cause(exemption))
    settle_case(case, now=now)
    evidence.end_review(case, now=now)
    answers = f"answer:{exemption.decision_id}"
    jobs.later("answer_notifiers", once=answers, decision_id=str(exemption.decision_id))


def _enter(case: Case, exemption: Exemption, agrees: bool, now: datetime) -> None:
    ledger.enter(
        "exemption.seconded",
        subject=f"case:{case.id}",
        body={
            "exemption": str(exemption.id),
            "agrees": agrees,
            "unseconded": exemption.unseconded,
        },
        at=now,
    )
    if agrees:
        exempting.enter(case, exemption, "exemption.made", now=now)
