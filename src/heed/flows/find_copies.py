"""Every copy of a case's file, now and later.

1. Ask of the copies that are known already what the case asks now; it may have grown graver.
2. Search: named items, same bytes, near pictures, and reshares of all of them through any depth.
   Note how each was found, and restrict it as far as the rules allow; tell the platform.
3. Search again until nothing new is found: what was registered meanwhile is then seen.
4. Decided, and nothing of it is to be removed (a threat, what nobody ever posted): the search was
   all that was owed.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Copy
from heed.cases.queries import search
from heed.cases.services import cases, deadlines
from heed.cases.services.cases import CopyIn
from heed.flows.failpoints import reached
from heed.flows.observe_states import settle_case
from heed.flows.shared import clocks, states
from heed.ledger import services as ledger
from heed.rules.clocks import Event
from heed.rules.visibility import Visibility

PART = 2_000  # copies in one transaction: the first are told while the next are written down
ROUNDS = 50  # each adds a generation of reshares that were made while we searched; then the sweep


def find_copies(*, case_id: UUID, now: datetime) -> int:
    """Find and restrict every copy; returns how many there are. Repeating finds what is new."""
    with transaction.atomic():
        states.apply(states.lock(case_id), now=now)
    for _ in range(ROUNDS):
        case = Case.objects.select_related("file").get(id=case_id)
        found = search.all_copies(case)
        parts = [found[at : at + PART] for at in range(0, len(found), PART)]
        if not sum([add(case_id, part, now=now) for part in parts]):
            break
    _settle(case_id, now)
    return Copy.objects.filter(case_id=case_id).count()


def add(case_id: UUID, found: Sequence[CopyIn], *, now: datetime) -> int:
    """Step 2: take these into the case. Returns how many were new."""
    if not cases.news(case_id, found):
        return 0  # and nobody waited for the case: a sweep meets what a search has just taken in
    with transaction.atomic():
        case = states.lock(case_id)
        new = cases.news(case_id, found)
        if new:
            cases.add_copies(case, new, now=now)
            cases.note_speed(case, now=now)
            _enter(case, new, now)
            _reappeared(case, new, now)
            states.apply(case, items=[one.item_id for one in new], now=now)
            _link_near(case, new, now)
    reached("copies-restricted")
    return len(new)


def _settle(case_id: UUID, now: datetime) -> None:
    """Where something is to be removed, its clocks are met by looking: see `observe_states`."""
    case = Case.objects.get(id=case_id)
    to_go = Copy.objects.filter(case_id=case_id, item__desired=Visibility.REMOVED)
    if case.decided_level == Visibility.REMOVED and not to_go.exists():
        with transaction.atomic():
            settle_case(case, now=now)


def _enter(case: Case, new: Sequence[CopyIn], now: datetime) -> None:
    counts = {how: sum(one.how == how for one in new) for how in Copy.How.values}
    ledger.enter(
        "copies.found",
        subject=f"case:{case.id}",
        body={how: count for how, count in counts.items() if count},
        batch=[f"{one.item_id} {one.how}" for one in new],
        at=now,
    )


def _reappeared(case: Case, new: Sequence[CopyIn], now: datetime) -> None:
    """A removed thing that is there again starts a new clock; a near one waits for a person.

    What the removal leaves alone was never removed: it is not back.
    """
    if case.decided_level != Visibility.REMOVED or case.decided_at is None:
        return
    beyond = states.beyond(case, [one.item_id for one in new])
    new = [one for one in new if one.item_id not in beyond]
    if not new:
        return
    cause = f"back:{case.id}:{now:%Y%m%dT%H%M}"
    due = clocks.of_case(case, event=Event.REAPPEARED, cause=cause, at=now)
    deadlines.set_clocks(case, due, now=now)
    if any(one.how == Copy.How.NEAR for one in new):
        cases.new_round(case, now=now)
        states.set_review(case, cause=f"near:{case.id}:{case.round}", now=now)


def _link_near(case: Case, new: Sequence[CopyIn], now: datetime) -> None:
    """A near file that has a case of its own: linked, and a person says if they are one."""
    near = {one.near_file_id: one.distance_bits for one in new if one.near_file_id}
    others = Case.objects.filter(platform_id=case.platform_id, file_id__in=near).exclude(id=case.id)
    for other in others:
        if other.file_id and cases.link(case, other, near[other.file_id], now=now):
            ledger.enter(
                "case.linked", subject=f"case:{case.id}", body={"other": str(other.id)}, at=now
            )
