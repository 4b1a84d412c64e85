"""Another look, by somebody who has not decided before.

0. Say beforehand what it would do to reverse: the side that asked may not want that. Write nothing.
1. Check that this person is a different one; end the appeal with reasons.
2. Reversed: the case opens again and is decided the other way at once; what was done to an account
   is lifted, and the content stays as it is. Stands: the answer says so.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Appeal, Case, Restriction
from heed.cases.services import cases, deadlines, decisions
from heed.flows.decide_case import MayNotDecide, decide
from heed.flows.shared import claims, states
from heed.flows.shared.appeals import other_way
from heed.flows.shared.on_accounts import lift
from heed.ledger import services as ledger
from heed.media import matching
from heed.media.feeds import BANKED
from heed.people import queries as people
from heed.rules import policy
from heed.rules.claims import Category
from heed.rules.clocks import Done
from heed.rules.decisions import (
    ALONE_WAITS,
    Agreement,
    AppealOutcome,
    Ruling,
    Scope,
    may_decide_appeal,
    needs_second,
)
from heed.rules.visibility import Visibility

HOURS = int(ALONE_WAITS.total_seconds() // 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What it would do to reverse. `ruling`: of the new decision; None where only an account's
    measure is lifted.
    """

    ruling: Ruling | None
    second: bool  # it would only be proposed
    places: int  # that the case asks to be restricted now
    of_notifier: bool  # who asked for this look is one of those who told us


def effect(appeal: Appeal) -> Effect:
    """Of an appeal that is open."""
    ruling = None if appeal.measure_id is not None else other_way(appeal)
    live = Restriction.objects.filter(case_id=appeal.case_id, lifted_at=None)
    return Effect(
        ruling=ruling,
        second=ruling is not None and needs_second(Category(appeal.case.category), ruling),
        places=live.exclude(level=Visibility.VISIBLE).count(),
        of_notifier=appeal.notice_id is not None,
    )


def decide_appeal(
    *, appeal_id: UUID, outcome: AppealOutcome, reasons: str, by: UUID, now: datetime
) -> None:
    """End an appeal. Raises `MayNotDecide`, `cases.CaseChanged`, `decisions.AlreadyDecided`.

    To reverse "remove" on a body is to propose "no violation": a second person must agree.
    """
    with transaction.atomic():
        appeal = Appeal.objects.select_related("decision", "measure").get(id=appeal_id)
        case = states.lock(appeal.case_id)
        alone = _alone(case, appeal, by, now)
        turned = outcome is AppealOutcome.REVERSED
        decisions.end_appeal(
            appeal, reversed_=turned, reasons=reasons, by=by, unseconded=alone, now=now
        )
        deadlines.done(Done.COMPLAINT_ANSWERED, now=now, cause=f"appeal:{appeal.id}")
        _enter(case, appeal, outcome, now)
        if turned and appeal.measure is not None:
            lift(case, appeal.measure, now=now)
        elif turned:
            _turn(case, appeal, reasons, by, now)
    matching.catch_up(BANKED)


def _alone(case: Case, appeal: Appeal, by: UUID, now: datetime) -> bool:
    """Whether one who decided before answers, since there is nobody else. Raises `MayNotDecide`."""
    before = claims.decisions_of(case) | claims.appealed_to(case)
    if appeal.measure is not None:
        before |= {str(appeal.measure.proposed_by), str(appeal.measure.signed_by)}
    others = {str(one) for one in people.deciders(case.platform_id)} - before
    allowed = may_decide_appeal(str(by), before, others=len(others), waited=now - appeal.opened_at)
    if allowed is Agreement.WAITING:
        wait = "" if others else f" There is nobody else: after {HOURS} hours you may answer it."
        raise MayNotDecide(
            f"You have decided in this case before: an appeal goes to another person.{wait}"
        )
    return allowed is Agreement.UNSECONDED


def _turn(case: Case, appeal: Appeal, reasons: str, by: UUID, now: datetime) -> None:
    ruling = other_way(appeal)
    cases.new_round(case, now=now)
    decide(
        case_id=case.id,
        ruling=ruling,
        scope=Scope.FILE if appeal.decision is None else Scope(appeal.decision.scope),
        clause=_clause(case, appeal, ruling),
        reasons=reasons,
        by=by,
        now=now,
    )


def _clause(case: Case, appeal: Appeal, ruling: Ruling) -> str:
    if ruling is Ruling.REMOVE or appeal.decision is None:
        return policy.default_clause(Category(case.category), about_a_child=case.about_child).id
    return appeal.decision.clause


def _enter(case: Case, appeal: Appeal, outcome: AppealOutcome, now: datetime) -> None:
    ledger.enter(
        "appeal.decided",
        subject=f"case:{case.id}",
        body={"appeal": str(appeal.id), "outcome": outcome.value},
        at=now,
    )
    if outcome is AppealOutcome.REVERSED:
        ledger.enter(
            "decision.reversed", subject=f"case:{case.id}", body={"appeal": str(appeal.id)}, at=now
        )
