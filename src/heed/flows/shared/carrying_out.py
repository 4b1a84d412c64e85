"""What follows from a final decision: states, banks, uploads, clocks, and who must be told."""

from datetime import datetime

from heed.cases.models import Case, Decision
from heed.cases.queries import exemptions as reading
from heed.cases.services import cases, deadlines, decisions, exemptions, restrictions
from heed.flows import jobs
from heed.flows.shared import (
    appeals,
    banks,
    claims,
    clocks,
    evidence,
    exempting,
    matches,
    on_accounts,
    states,
    uploads,
)
from heed.ledger import services as ledger
from heed.rules.clocks import Done, Event
from heed.rules.decisions import Ruling, Scope

CHILD_CLAUSE = "child-sexual"  # rules.policy: the finding that 18 U.S.C. 2258A speaks about


def carry_out(case: Case, decision: Decision, *, now: datetime) -> None:
    """In the transaction of the decision; the case is locked by the caller."""
    ruling = Ruling(decision.ruling)
    by = f"decision:{decision.id}"
    matches.judged(case, case.file_id, right=ruling is Ruling.REMOVE, by=by, now=now)
    decisions.carry(case, ruling, known_facts=claims.known_facts(case), now=now)
    exemptions.pass_over(case, decision)
    if ruling is Ruling.REMOVE:
        _remove(case, decision, now)
    else:
        _let_stand(case, now)
    appeals.settle(case, ruling, now=now)
    _start_clocks(case, decision, now)
    evidence.end_review(case, now=now)
    ledger.enter(
        "decision.made",
        subject=f"case:{case.id}",
        body={
            "decision": str(decision.id),
            "ruling": ruling.value,
            "clause": decision.clause,
            "policy": decision.policy_version,
            "unseconded": decision.unseconded,
        },
        at=now,
    )
    jobs.later("answer_notifiers", once=f"answer:{decision.id}", decision_id=str(decision.id))
    states.search_on(case.id)


def _remove(case: Case, decision: Decision, now: datetime) -> None:
    """What it would free on a body stays as it is; nothing else waits for that."""
    freed = exempting.by_decision(case, decision, now=now)
    states.apply(case, now=now, lower=True)
    on_accounts.fall(case, given_back=reading.said(decision).left, now=now)
    if case.threat_of is not None:
        banks.keep_holding(case, now=now)
    elif decision.scope == Scope.FILE:
        banks.keep_for_good(case, now=now)
        uploads.settle_exact(case, now=now)
    else:  # the same bytes may be fine elsewhere: nothing is held, and a person says of what waits
        banks.let_go(case, now=now)
    deadlines.done(Done.PERSON_LOOKED, now=now, case_id=case.id)
    if freed is not None:
        exempting.owe_second(case, freed, now=now)
    if uploads.held(case.id) or cases.unjudged(case):
        states.set_review(case, cause=f"near:{decision.id}", now=now)


def _let_stand(case: Case, now: datetime) -> None:
    states.tell(case, restrictions.lift(case, None, now=now), now=now)
    banks.let_go(case, now=now)
    uploads.release_all(case, now=now)
    on_accounts.fall(case, now=now)
    for done in (Done.PERSON_LOOKED, Done.REFUSED):
        deadlines.done(done, now=now, case_id=case.id)


def _start_clocks(case: Case, decision: Decision, now: datetime) -> None:
    cause = f"decision:{decision.id}"
    events = [Event.DECIDED]
    if decision.ruling == Ruling.REMOVE and decision.clause == CHILD_CLAUSE:
        events.append(Event.ABUSE_FOUND)
    for event in events:
        due = clocks.of_case(case, event=event, cause=cause, at=now)
        deadlines.set_clocks(case, due, now=now)
