"""Evidence is kept as long as anything asks for it, and then destroyed.

1. Go through the cases that have something in the vault, some at a time.
2. Where nothing asks for it any more, destroy the keys; the ledger says so. What a hold kept here
   of an upload that another case has by now, goes to that one.
3. A person places a legal hold, or lifts one.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case
from heed.filings import custody, holding, queries
from heed.filings.models import Hold, SealedObject
from heed.flows.shared import evidence, states, uploads
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.people import queries as people
from heed.people.models import Role, Staff

AT_ONCE = 200
MAY_HOLD = frozenset({Role.LIAISON, Role.SENIOR})


class MayNotHold(Exception):
    """This person may not hold, or let go of, evidence; or no reason is given. Says which."""


def retain_evidence(*, now: datetime) -> int:
    """One round through all cases; returns how many objects it destroyed."""
    return each(_in_turn(), lambda case: _looked_at(case, now), what="case")


def _in_turn() -> Iterator[Case]:
    last = None
    while ids := custody.with_live_evidence(last, AT_ONCE):
        yield from Case.objects.filter(id__in=ids)
        last = ids[-1]


def _looked_at(case: Case, now: datetime) -> int:
    return _let_go(case.id, now) if custody.retention_of(case).over(now) else 0


def _let_go(case_id: UUID, now: datetime) -> int:
    with transaction.atomic():
        case = states.lock(case_id)  # a hold or a new round may have come in between
        kept = custody.retention_of(case)
        if not kept.over(now):
            return 0
        live = queries.sealed_of(case_id).exclude(state=SealedObject.State.DESTROYED)
        left = uploads.hand_on(list(live), now=now)
        return evidence.destroy(left, why="nothing asks for it any more", now=now)


def hold(*, case_id: UUID, reason: str, by: UUID, now: datetime) -> Hold:
    """Nothing of this case is destroyed until somebody lifts it. Raises `MayNotHold`."""
    _must_be_allowed(case_id, by)
    if not reason.strip():
        raise MayNotHold("Say why it is held: whoever lifts it has to judge that.")
    with transaction.atomic():
        states.lock(case_id)
        placed = holding.place_hold(case_id, reason=reason.strip(), by=by, now=now)
        _enter(placed, "placed", now)
    return placed


def lift(*, hold_id: UUID, by: UUID, now: datetime) -> None:
    """Raises `MayNotHold`, `holding.NotWaiting`."""
    placed = Hold.objects.get(id=hold_id)
    _must_be_allowed(placed.case_id, by)
    with transaction.atomic():
        holding.lift_hold(hold_id, by=by, now=now)
        _enter(placed, "lifted", now)


def _must_be_allowed(case_id: UUID, by: UUID) -> None:
    case = Case.objects.get(id=case_id)
    if not people.roles_of(Staff.objects.get(id=by), case.platform_id) & MAY_HOLD:
        raise MayNotHold("Only a liaison or a senior reviewer holds evidence, or lets it go.")


def _enter(placed: Hold, what: str, now: datetime) -> None:
    body = {"hold": str(placed.id), "was": what}
    ledger.enter("evidence.held", subject=f"case:{placed.case_id}", body=body, at=now)
