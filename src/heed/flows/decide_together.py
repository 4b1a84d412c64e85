"""Several cases that share a file or a match are decided in one go, each for itself.

1. Say beforehand, case by case, what would happen; write nothing.
2. Decide each in a transaction of its own, by the rules for one: who must have looked, who must
   agree, what must have been read. One that can't be decided stays as it is, and the answer says
   why.
3. Enter that they were decided together.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from heed.cases.models import Case, Decision, Restriction
from heed.cases.queries import case_files, case_page, together
from heed.cases.services import decisions
from heed.flows.decide_case import MayNotDecide, NotRead, decide
from heed.flows.shared import exempting, states, uploads
from heed.ledger import services as ledger
from heed.people import queries as people
from heed.rules.claims import Category
from heed.rules.decisions import Ruling, Scope, needs_second
from heed.rules.policy import NoSuchClause
from heed.rules.visibility import Visibility

TOLD_MEANWHILE = (
    "We were told something new in this case while you decided. Open it, read what was said, and "
    "decide it then."
)


class NotTogether(Exception):
    """These cases have nothing in common: each is decided for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a decision would do to one case. `becomes`: how many items would turn to what."""

    case: Case
    why: str
    becomes: tuple[tuple[str, int], ...]
    unchanged: int
    notifiers: int
    uploads: int  # that wait at the door, and would be settled
    second: bool  # it would only be proposed
    may_stay: int  # items that a removal would leave as they are until a second person agrees
    unseen: bool  # and this person has not seen all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one case; `why_not` is empty when it was decided or proposed."""

    case: Case
    proposed: bool = False
    why_not: str = ""


def preview(
    *, case_id: UUID, others: Sequence[UUID], ruling: Ruling, scope: Scope, by: UUID
) -> list[Effect]:
    """Every effect, case by case. Raises `NotTogether`."""
    return [_effect(one, why, ruling, scope, by) for one, why in _chosen(case_id, others)]


def decide_together(
    *, case_id: UUID, others: Sequence[UUID], ruling: Ruling, scope: Scope, clause: str,
    reasons: str, facts: str = "", heard_until: Mapping[UUID, datetime] | None = None, by: UUID,
    now: datetime,
) -> list[Outcome]:  # fmt: skip
    """Decide the case and the others alike. Raises `NotTogether`.

    `heard_until`: by case, the last that whoever decides may have read of what we were told.
    """
    read, found = heard_until or {}, []
    for case, _ in _chosen(case_id, others):
        try:
            made = decide(
                case_id=case.id, ruling=ruling, scope=scope, clause=clause, reasons=reasons,
                facts=facts, heard_until=read.get(case.id), by=by, now=now,
            )  # fmt: skip
        except NotRead:
            found.append(Outcome(case=case, why_not=TOLD_MEANWHILE))
        except (MayNotDecide, decisions.AlreadyDecided, NoSuchClause) as why:
            found.append(Outcome(case=case, why_not=str(why)))
        else:
            proposed = made.state == Decision.State.PROPOSED
            found.append(Outcome(case=case, proposed=proposed))
    done = [str(one.case.id) for one in found if not one.why_not]
    ledger.enter(
        "cases.decided_together", subject=f"case:{case_id}", body={"cases": len(done)},
        batch=done, at=now,
    )  # fmt: skip
    return found


def _chosen(case_id: UUID, others: Sequence[UUID]) -> list[tuple[Case, str]]:
    case = Case.objects.select_related("platform", "file", "item").get(id=case_id)
    shared = {one.case.id: one for one in together.sharing(case)}
    if not others or not set(others) <= set(shared):
        raise NotTogether(
            "Only open cases that share a file or a match with this one are decided with it."
        )
    return [(case, "")] + [(shared[one].case, shared[one].why) for one in dict.fromkeys(others)]


def _effect(case: Case, why: str, ruling: Ruling, scope: Scope, by: UUID) -> Effect:
    stay = _may_stay(case, ruling, scope)
    after = _after(case, ruling, scope, stay)
    now_is = dict(case.copies.values_list("item_id", "item__desired"))
    turned = Counter(level for item, level in after.items() if now_is.get(item) != level)
    files = case_files.to_be_seen(case)
    waits = uploads.held(case.id)
    return Effect(
        case=case,
        why=why,
        becomes=tuple(sorted(turned.items())),
        unchanged=len(now_is) - turned.total(),
        notifiers=case_page.notices_of(case).count(),
        uploads=len(list(waits)) if waits else 0,
        second=needs_second(Category(case.category), ruling),
        may_stay=len(stay),
        unseen=not all(people.has_viewed(by, case.id, one.id) for one in files),
    )


def _may_stay(case: Case, ruling: Ruling, scope: Scope) -> set[UUID]:
    """What a removal would show again, if a second person agrees."""
    if ruling is not Ruling.REMOVE or not exempting.waits_for_second(case):
        return set()
    return set(states.freed(case, states.would_remove(case, scope)))


def _after(case: Case, ruling: Ruling, scope: Scope, stay: set[UUID]) -> dict[UUID, str]:
    """What each copy would be, with what other cases ask of it."""
    items = list(case.copies.values_list("item_id", flat=True))
    others = ~Q(case=case) | Q(item_id__in=stay)
    asked = Restriction.objects.filter(others, item_id__in=items, lifted_at=None)
    levels = dict.fromkeys(items, Visibility.VISIBLE)
    for item, level in asked.values_list("item_id", "level"):
        levels[item] = max(levels[item], Visibility(level))
    if ruling is Ruling.REMOVE:
        for item, wish in states.would_remove(case, scope).items():
            levels[item] = max(levels[item], wish.level)
    return {item: level.value for item, level in levels.items()}
