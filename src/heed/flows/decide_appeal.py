"""Another look, by somebody who has not decided before.

0. Say beforehand what it would do to reverse: the side that asked may not want that. Write nothing.
1. Check that this person is a different one; end the appeal with reasons.
2. Reversed: the case opens again and is decided the other way at once; what was done to an account
   is lifted, and the content stays as it is. Stands: the answer says so. Partly: the removal holds,
   and of the places that were asked about the other is said: an uploader's is left alone, what it
   had left alone of a notifier's goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Appeal, Case, Decision, Exemption, Restriction
from heed.cases.queries import exemptions, search
from heed.cases.services import cases, deadlines, decisions
from heed.cases.services import exemptions as writing
from heed.filings import queries as filings
from heed.flows import jobs
from heed.flows.decide_case import (
    IF_IT_STAYS,
    MayNotDecide,
    decide,
    must_have_looked,
    must_have_read,
)
from heed.flows.shared import evidence, exempting, on_accounts, states
from heed.flows.shared.appeals import other_way, others, spoke_before
from heed.ledger import services as ledger
from heed.media import matching
from heed.media.feeds import BANKED
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
    second_of_one: bool  # so is what is said of a place of the uploader's alone
    apart: Sequence[UUID]  # places of whoever asked: of these alone the other can be said


def effect(appeal: Appeal) -> Effect:
    """Of an appeal that is open."""
    ruling = None if appeal.measure_id is not None else other_way(appeal)
    live = Restriction.objects.filter(case_id=appeal.case_id, lifted_at=None)
    return Effect(
        ruling=ruling,
        second=ruling is not None and needs_second(Category(appeal.case.category), ruling),
        places=live.exclude(level=Visibility.VISIBLE).count(),
        of_notifier=appeal.notice_id is not None,
        second_of_one=exempting.waits_for_second(appeal.case),
        apart=_apart(appeal.case, appeal),
    )


def decide_appeal(
    *,
    appeal_id: UUID,
    outcome: AppealOutcome,
    reasons: str,
    heard_until: datetime | None = None,
    by: UUID,
    now: datetime,
) -> None:
    """End an appeal; `heard_until` as for `decide`. Raises `MayNotDecide`, `NotRead`,
    `cases.CaseChanged`, `decisions.AlreadyDecided`.

    To reverse "remove" on a body is to propose "no violation": a second person must agree. So it is
    where one place alone may be seen again.
    """
    with transaction.atomic():
        appeal = Appeal.objects.select_related("decision", "measure").get(id=appeal_id)
        case = states.lock(appeal.case_id)
        alone = _alone(case, appeal, by, now)
        must_have_read(case, heard_until)
        turned = outcome is AppealOutcome.REVERSED
        decisions.end_appeal(
            appeal, outcome=outcome, reasons=reasons, by=by, unseconded=alone, now=now
        )
        deadlines.done(Done.COMPLAINT_ANSWERED, now=now, cause=f"appeal:{appeal.id}")
        _enter(case, appeal, outcome, now)
        if turned and appeal.measure is not None:
            on_accounts.lift(case, appeal.measure, now=now)
        elif turned:
            _turn(case, appeal, reasons, by, now)
        elif outcome is AppealOutcome.PARTLY:
            _say_otherwise(case, appeal, by, now)
        evidence.end_review(case, now=now)
    matching.catch_up(BANKED)


def _alone(case: Case, appeal: Appeal, by: UUID, now: datetime) -> bool:
    """Whether one who decided before answers, since there is nobody else. Raises `MayNotDecide`."""
    before = spoke_before(case)
    if appeal.measure is not None:
        before |= {str(appeal.measure.proposed_by), str(appeal.measure.signed_by)}
    free = len(others(case, before))
    allowed = may_decide_appeal(str(by), before, others=free, waited=now - appeal.opened_at)
    if allowed is Agreement.WAITING:
        wait = "" if free else f" There is nobody else: after {HOURS} hours you may answer it."
        raise MayNotDecide(
            f"You have decided in this case before: an appeal goes to another person.{wait}"
        )
    return allowed is Agreement.UNSECONDED


def _turn(case: Case, appeal: Appeal, reasons: str, by: UUID, now: datetime) -> None:
    ruling = other_way(appeal)
    cases.new_round(case, now=now)
    made = decide(
        case_id=case.id,
        ruling=ruling,
        scope=Scope.FILE if appeal.decision is None else Scope(appeal.decision.scope),
        clause=_clause(case, appeal, ruling),
        reasons=reasons,
        by=by,
        now=now,
    )
    if made.state == Decision.State.PROPOSED:  # what was due before the first decision was met
        states.set_review(case, cause=f"second:{made.id}", now=now)


def _apart(case: Case, appeal: Appeal) -> list[UUID]:
    """The places of whoever asked of which the removal that stands can be undone, or extended."""
    if _stands(case) is None:
        return []
    if appeal.notice_id is not None:
        named = exemptions.named_by(appeal.notice_id, case)
        return sorted(named - _restricted(case, named))
    own = filings.item_of_statement(appeal.statement_id) if appeal.statement_id else None
    if own is None or not _restricted(case, {own}):
        return []
    if exemptions.items_waiting([case.id]).filter(id=own).exists():
        return []  # a second person is asked about it already
    return sorted({own} | _restricted(case, search.passed_on(case, {own})))


def _restricted(case: Case, items: set[UUID]) -> set[UUID]:
    live = Restriction.objects.filter(case=case, item_id__in=items, lifted_at=None)
    return set(live.exclude(level=Visibility.VISIBLE).values_list("item_id", flat=True))


def _stands(case: Case) -> Decision | None:
    """The removal that holds now; None where the case waits for a decision, or was let stand."""
    final = Decision.objects.filter(case=case, state=Decision.State.FINAL).order_by("-decided_at")
    last = final.first() if case.state == Case.State.DECIDED else None
    return last if last is not None and last.ruling == Ruling.REMOVE else None


def _say_otherwise(case: Case, appeal: Appeal, by: UUID, now: datetime) -> None:
    stands, places = _stands(case), _apart(case, appeal)
    if stands is None or not places:
        raise MayNotDecide(
            "There is no place any more of which something else could be said: it was decided "
            "anew, or changed, meanwhile. Read the case again."
        )
    if appeal.notice_id is not None:
        goes = Exemption.State.REFUSED
        writing.record(stands, places, state=goes, by=by, appeal=appeal, now=now)
        states.apply(case, items=places, lower=True, now=now)
        return
    made = exempting.leave(case, stands, places, by=by, appeal=appeal, now=now)
    if made.state == Exemption.State.PROPOSED:
        must_have_looked(case, exemptions.to_be_seen(made), by, IF_IT_STAYS)
        exempting.owe_second(case, made, now=now)
        evidence.start(case)  # a second person needs a copy to look at
        return
    states.apply(case, items=places, lower=True, now=now)
    on_accounts.fall(case, given_back=places, now=now)
    once = f"answer:{stands.id}"
    jobs.later("answer_notifiers", once=once, decision_id=str(stands.id))


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
