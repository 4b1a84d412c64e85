"""Some copies of a case are another matter: they get a case of their own.

1. Open a case on the first of them, as grave as the old one, with the notices that name them and
   every clock that still runs. It asks of each item what the old case asked; only then the old one
   lets go, so nothing is visible again by a split. Both cases and the log say that it was done.
2. Ask the worker to find what reshares them, and to keep the evidence of the new case.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Copy, Restriction
from heed.cases.services import cases, restrictions, splits
from heed.cases.services.cases import Subject
from heed.cases.services.restrictions import Wish
from heed.flows.shared import evidence, states
from heed.ledger import services as ledger
from heed.media import services as media
from heed.rules.visibility import Visibility

MOST = 200  # copies in one split


class NotSplit(Exception):
    """This can't be split so; the message says why, and what can be done."""


def split(*, case_id: UUID, items: Sequence[UUID], why: str, by: UUID, now: datetime) -> Case:
    """The case that these copies have from now on. Raises `NotSplit`."""
    with transaction.atomic():
        case = states.lock(case_id)
        chosen = _chosen(case, items, why)
        into = _opened(case, chosen[0], now)
        wishes = _asked_now(case, [one.item_id for one in chosen])
        media.lock([one.item_id for one in chosen])
        level = max((wish.level for wish in wishes.values()), default=Visibility.VISIBLE)
        splits.weigh_as(into, case, level)
        ids = [one.item_id for one in chosen]
        splits.record(case, into, ids, why=why.strip(), by=by, now=now)
        joined = splits.share_notices(case, into, ids, now=now)
        splits.copy_clocks(case, into, now=now)
        changed = restrictions.restrict(into, wishes, now=now)
        changed += restrictions.lift(case, ids, now=now)
        states.tell(case, changed, now=now)
        _enter(case, into, ids, joined, now)
        states.search_on(into.id)
        if level >= Visibility.HIDDEN:
            evidence.start(into)
    return into


def _chosen(case: Case, items: Sequence[UUID], why: str) -> list[Copy]:
    if case.state != Case.State.OPEN:
        raise NotSplit("Only an open case is split. An appeal or a new fact opens it again.")
    if not why.strip():
        raise NotSplit("Say why they are another matter: the next person reads it.")
    copies = Copy.objects.filter(case=case, split=None).select_related("item")
    chosen = list(copies.filter(item_id__in=items).order_by("found_at", "id")[: MOST + 1])
    if not chosen:
        raise NotSplit("Choose at least one copy that is another matter.")
    if len(chosen) > MOST:
        raise NotSplit(f"At most {MOST} copies are split off at once.")
    if len(chosen) == copies.count():
        raise NotSplit("At least one copy stays: a case can't be emptied, it is decided.")
    return chosen


def _opened(case: Case, first: Copy, now: datetime) -> Case:
    """A case on the item itself: the file has one already, which is this one."""
    into, made = cases.open_for(case.platform, Subject(item=first.item), case.category, now=now)
    if into.id == case.id:
        raise NotSplit("This case is about that very item: choose the others.")
    if not made:
        into = states.lock(into.id)
        cases.new_round(into, now=now)
    if into.state == Case.State.PROPOSED:
        raise NotSplit(f"Case {into.number}, about this item, waits for a second person first.")
    return into


def _asked_now(case: Case, items: Sequence[UUID]) -> dict[UUID, Wish]:
    live = Restriction.objects.filter(case=case, item_id__in=items, lifted_at=None)
    return {one.item_id: Wish(Visibility(one.level), one.basis) for one in live}


def _enter(case: Case, into: Case, items: Sequence[UUID], notices: int, now: datetime) -> None:
    ledger.enter(
        "case.split",
        subject=f"case:{case.id}",
        body={"into": str(into.id), "copies": len(items), "notices": notices},
        batch=[str(one) for one in items],
        at=now,
    )
