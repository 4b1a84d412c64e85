"""Writing decisions and appeals; each changes a state that it names."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from heed.cases.models import Appeal, Case, Decision
from heed.cases.services.cases import CaseChanged
from heed.media.models import Item
from heed.people import queries as people
from heed.rules.decisions import AppealOutcome, Ruling, Scope
from heed.rules.visibility import Visibility

LONGEST = 100_000  # letters of an appeal, with all that is added: an uploader may add without end


class AlreadyDecided(Exception):
    """Another person was first. Read what they decided; a new fact or an appeal opens it again."""


def too_late(what: str, first: UUID | None, by: UUID) -> str:
    """Who was first, by name; or that one was so oneself, with a form that was sent twice."""
    if first == by:
        return f"You have answered {what} already: what you sent first stands. This was not sent."
    name = people.staff_named({first}).get(first) if first is not None else None
    return f"{name or 'Another person'} was first with {what}. What you wrote was not sent."


def record(
    case: Case,
    *,
    ruling: Ruling,
    scope: Scope,
    clause: str,
    policy_version: str,
    reasons: str,
    facts: str,
    exempt: Sequence[UUID],
    by: UUID,
    final: bool,
    now: datetime,
) -> Decision:
    """Record a judgement: final at once, or proposed until a second person agrees.

    Raises `AlreadyDecided` when the case no longer waits for one.
    """
    state = Case.State.DECIDED if final else Case.State.PROPOSED
    if not Case.objects.filter(id=case.id, state=Case.State.OPEN).update(state=state):
        last = Decision.objects.filter(case=case).order_by("-decided_at").first()
        raise AlreadyDecided(too_late(f"case {case.number}", last.decided_by if last else None, by))
    decision = Decision.objects.create(
        case=case,
        round=case.round,
        ruling=ruling.value,
        scope=scope.value,
        clause=clause,
        policy_version=policy_version,
        reasons=reasons,
        facts=facts,
        state=Decision.State.FINAL if final else Decision.State.PROPOSED,
        decided_by=by,
        decided_at=now,
    )
    decision.exempt_items.set(Item.objects.filter(id__in=exempt))
    return decision


def second(
    decision: Decision, *, agrees: bool, reasons: str, by: UUID, unseconded: bool, now: datetime
) -> None:
    """A second person's word on a proposal. Raises `CaseChanged` when it no longer waits for it."""
    state = Decision.State.FINAL if agrees else Decision.State.REFUSED
    done = Decision.objects.filter(id=decision.id, state=Decision.State.PROPOSED).update(
        state=state,
        seconded_by=by,
        seconded_at=now,
        second_reasons=reasons,
        unseconded=unseconded,
    )
    if not done:
        decision.refresh_from_db()
        raise CaseChanged(too_late("this proposal", decision.seconded_by, by))
    after = Case.State.DECIDED if agrees else Case.State.OPEN
    Case.objects.filter(id=decision.case_id, state=Case.State.PROPOSED).update(state=after)
    decision.refresh_from_db()


def set_aside(case: Case) -> None:
    """A proposal rests on what was known; more was said before anybody agreed to it."""
    proposals = Decision.objects.filter(case=case, state=Decision.State.PROPOSED)
    proposals.update(state=Decision.State.REFUSED)
    Case.objects.filter(id=case.id, state=Case.State.PROPOSED).update(state=Case.State.OPEN)
    case.refresh_from_db()


def carry(
    case: Case, ruling: Ruling, *, known_facts: Sequence[tuple[str, str]], now: datetime
) -> None:
    """The case's own lasting facts after a final decision; `known_facts` is what it rests on.

    A file that is let stand is asked nothing of any more, also where it turns up later.
    """
    removed = ruling is Ruling.REMOVE
    level = Visibility.REMOVED if removed else Visibility.VISIBLE
    Case.objects.filter(id=case.id).update(
        decided_level=level.value,
        decided_at=now,
        stood_at=None if removed else now,
        known_facts=[list(fact) for fact in known_facts],
        taken_by=None,
        taken_until=None,
        **({} if removed else {"level": Visibility.VISIBLE.value}),
    )
    case.refresh_from_db()


def open_appeal(
    case: Case, *, notice_id: UUID | None, statement_id: UUID | None,
    measure_id: UUID | None = None, text: str, now: datetime,
) -> Appeal | None:  # fmt: skip
    """Ask for another look; None when one by the same side is open already."""
    final = Decision.objects.filter(case=case, state=Decision.State.FINAL)
    try:
        with transaction.atomic():
            return Appeal.objects.create(
                case=case,
                decision=final.order_by("-decided_at").first() if measure_id is None else None,
                measure_id=measure_id,
                notice_id=notice_id,
                statement_id=statement_id,
                text=text[:LONGEST],
                opened_at=now,
            )
    except IntegrityError:
        return None


def say_more(case: Case, text: str, *, now: datetime, **side: UUID | None) -> None:
    """Words that came after the first ones of an open appeal: whoever looks reads them beneath.

    `side`: whose appeal it is, as `open_appeal` has it. Said twice they stand once.
    """
    for appeal in Appeal.objects.filter(case=case, state=Appeal.State.OPEN, **side):
        if text not in appeal.text:
            words = f"{appeal.text}\n\n{text}".strip()[:LONGEST]
            still = Appeal.objects.filter(id=appeal.id, state=Appeal.State.OPEN)
            still.update(text=words, added_at=now)


def settle_appeal(appeal: Appeal, *, now: datetime) -> bool:
    """A new decision gave what it asks for; False when somebody had answered it."""
    still = Appeal.objects.filter(id=appeal.id, state=Appeal.State.OPEN)
    return bool(still.update(state=Appeal.State.SETTLED, decided_at=now))


def end_appeal(
    appeal: Appeal, *, outcome: AppealOutcome, reasons: str, by: UUID, unseconded: bool,
    now: datetime,
) -> None:  # fmt: skip
    """Another look has ended. Raises `CaseChanged` when somebody ended it before."""
    state = Appeal.State(outcome.value)
    done = Appeal.objects.filter(id=appeal.id, state=Appeal.State.OPEN).update(
        state=state, decided_by=by, decided_at=now, reasons=reasons, unseconded=unseconded
    )
    if not done:
        appeal.refresh_from_db()
        raise CaseChanged(too_late("this appeal", appeal.decided_by, by))
    if outcome is AppealOutcome.REVERSED and appeal.decision_id is not None:
        Decision.objects.filter(id=appeal.decision_id, state=Decision.State.FINAL).update(
            state=Decision.State.REVERSED
        )
    appeal.refresh_from_db()
