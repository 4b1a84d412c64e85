"""What each item should be, as one case sees it: restrict, tell the platform, write it down."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.db.models import Q
from django.db.models.expressions import RawSQL

from heed.cases.models import Case, Copy, Decision, Join, Restriction
from heed.cases.queries import exemptions, search
from heed.cases.services import deadlines, restrictions
from heed.cases.services.restrictions import Changed, Wish
from heed.flows import jobs
from heed.flows.shared import clocks, evidence
from heed.ids import array
from heed.ledger import services as ledger
from heed.media import services as media
from heed.media.models import Item
from heed.outbox import queries as outbox_queries
from heed.outbox import services as outbox
from heed.rules import deadlines as rules
from heed.rules import spread
from heed.rules.claims import Category
from heed.rules.clocks import Done, Event
from heed.rules.decisions import Scope
from heed.rules.reasons import reason_class
from heed.rules.visibility import Visibility

_OF_NAMED = (Copy.How.NAMED, Copy.How.RESHARE)
EVIDENCE_WITHIN = timedelta(minutes=10)  # then it is told all the same; the case says what is lost


def lock(case_id: UUID) -> Case:
    """The case, held for this transaction: what it asks for changes in one hand at a time."""
    return (
        Case.objects.select_for_update(of=("self",), no_key=True)
        .select_related("platform", "file", "item")
        .get(id=case_id)
    )


def apply(
    case: Case,
    *,
    now: datetime,
    items: Sequence[UUID] | None = None,
    lower: bool = False,
    told_by: UUID | None = None,
) -> list[Changed]:
    """Ask for each copy (of `items`, or all) what the rules allow; tell the platform of changes.

    `told_by`: a notice that told the case nothing graver than it knew; those of the others stand.
    """
    wishes = _wishes(case, items)
    media.lock(list(wishes))  # all at once: what is lifted as well as what is restricted
    kept = {item: wish for item, wish in wishes.items() if wish.kept}
    settled = {item: wish for item, wish in wishes.items() if not wish.kept}
    changed = restrictions.restrict(case, settled, now=now, lower=lower)
    changed += restrictions.restrict(case, kept, now=now) if kept else []
    if lower:
        bare = [item for item, wish in settled.items() if wish.level is Visibility.VISIBLE]
        changed += restrictions.lift(case, bare, now=now)
    tell(case, changed, now=now)
    _owe_statements(case, changed, now)
    if {Visibility.HIDDEN, Visibility.REMOVED} & {one.desired for one in changed}:
        evidence.start(case)
    if any(wish.level >= Visibility.HIDDEN for wish in wishes.values()):
        cause = None if told_by is None else f"notice:{told_by}"
        deadlines.done(Done.HIDDEN, now=now, case_id=case.id, cause=cause)
    return changed


def search_on(case_id: UUID, *, last: bool = False) -> None:
    """Have the worker find every copy, from the start: one search of a case at a time.

    `last`: after the searches of other cases, for what only a flood has told of.
    """
    once = f"copies:{case_id}"
    jobs.later("find_copies", once=once, alone=True, last=last, case_id=str(case_id))


def _owe_statements(case: Case, changed: Sequence[Changed], now: datetime) -> None:
    """Every restriction owes its uploader a statement of reasons, the provisional one too."""
    steps = {(Visibility(one.was), Visibility(one.desired)) for one in changed}
    stricter = [desired for was, desired in steps if desired > was]
    if stricter:
        cause = f"restricted:{case.id}:{case.round}:{max(stricter)}"
        due = clocks.of_case(case, event=Event.RESTRICTED, cause=cause, at=now)
        deadlines.set_clocks(case, due, now=now)
        jobs.later("issue_statements", once=f"statements:{case.id}", case_id=str(case.id))


def would_remove(case: Case, scope: Scope) -> dict[UUID, Wish]:
    """What each copy would be if the case were decided so now. Writes nothing."""
    return _wishes(case, None, decided=True, scope=scope)


def freed(case: Case, wishes: Mapping[UUID, Wish] | None = None) -> list[UUID]:
    """What the case restricts now, and would leave alone by what was decided (or these wishes)."""
    wanted = _wishes(case, None) if wishes is None else wishes
    bare = [item for item, wish in wanted.items() if wish.level is Visibility.VISIBLE]
    live = Restriction.objects.filter(case=case, item_id__in=bare, lifted_at=None)
    return sorted(live.exclude(level=Visibility.VISIBLE).values_list("item_id", flat=True))


def _wishes(
    case: Case,
    items: Sequence[UUID] | None,
    *,
    decided: bool | None = None,
    scope: Scope | None = None,
) -> dict[UUID, Wish]:
    copies = Copy.objects.filter(case=case)
    if items is not None:  # near ones count, for the bound on them; no other copy bears on these
        these = RawSQL("SELECT unnest(%s::uuid[])", [array(items)])
        copies = copies.filter(Q(item_id__in=these) | Q(how=Copy.How.NEAR))
    stands = (
        exemptions.last_word(case) if decided is None else None
    )  # what would be has nothing before it
    wanted = None if items is None else set(items)
    ruled = case.decided_level == Visibility.REMOVED if decided is None else decided
    meant = scope or (Scope.FILE if stands is None else Scope(stands.scope))
    asked = _asked_again(case, stands) if ruled and decided is None else set()
    said = exemptions.said(stands) if ruled else exemptions.Said()
    waiting = _waiting(case, said)
    left = _exempt(case, said, ruled, meant) - asked
    found = search.as_found(case, copies, left)
    claimed = Visibility(case.level)

    @cache
    def wish(one: spread.Found, near_before: int, ruled: bool, scope: Scope, kept: bool) -> Wish:
        level = spread.reach(one, claimed, ruled, near_before=near_before, scope=scope)
        return Wish(level, spread.basis(one, ruled, near_before=near_before), kept)

    wishes: dict[UUID, Wish] = {}
    near_before = 0
    for item_id, one in found:
        if wanted is None or item_id in wanted:
            kept = item_id in waiting
            reaches = Scope.FILE if item_id in said.refused else meant
            holds = ruled and item_id not in asked and not kept
            wishes[item_id] = wish(one, near_before, holds, reaches, kept)
        near_before += one.by is spread.FoundBy.NEAR
    return wishes


def _asked_again(case: Case, decision: Decision | None) -> set[UUID]:
    """What somebody named after this removal had left it alone, and whoever passes that on."""
    asked = Copy.objects.filter(case=case, asked_at__isnull=False)
    if decision is not None:
        asked = asked.filter(asked_at__gt=decision.decided_at)
    roots = set(asked.values_list("item_id", flat=True))
    return roots | search.passed_on(case, roots)


def left_alone(case: Case, items: Collection[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Which of these places, if somebody names them now, the case's removal does not reach.

    First those that nobody has looked at, then those that people have let stand. Neither holds what
    waits for a person already, or what is another case's matter.
    """
    stands = exemptions.last_word(case)
    if case.decided_level != Visibility.REMOVED or stands is None:
        return set(), set()
    scope, said = Scope(stands.scope), exemptions.said(stands)
    here = set(items) - _asked_again(case, stands) - _waiting(case, said)
    mine = Copy.objects.filter(case=case, item_id__in=here)
    here -= set(mine.filter(split__isnull=False).values_list("item_id", flat=True))
    excepted = here & _exempt(case, said, ruled=True, scope=Scope.FILE)
    if scope is Scope.FILE:
        return set(), excepted
    reached = set(mine.filter(how__in=_OF_NAMED).values_list("item_id", flat=True)) | said.refused
    return here - excepted - (reached - _exempt(case, said, ruled=True, scope=scope)), excepted


def beyond(case: Case, items: Collection[UUID]) -> set[UUID]:
    """Which of these copies the case's removal leaves alone, or may yet."""
    stands = exemptions.last_word(case)
    scope = Scope.FILE if stands is None else Scope(stands.scope)
    said = exemptions.said(stands)
    left = _exempt(case, said, ruled=True, scope=scope) | _waiting(case, said)
    if scope is Scope.ITEMS:
        near = Copy.objects.filter(case=case, how=Copy.How.NEAR, item_id__in=items)
        left |= set(near.values_list("item_id", flat=True)) - said.refused
    return (left - _asked_again(case, stands)) & set(items)


def _waiting(case: Case, said: exemptions.Said) -> set[UUID]:
    """What a second person must agree to leave alone, and whoever passes that on meanwhile: it
    stays as it is. What was split off waits for nobody here.
    """
    if not said.waiting:
        return set()
    mine = Copy.objects.filter(case=case, split__isnull=False, item_id__in=said.waiting)
    waiting = set(said.waiting) - set(mine.values_list("item_id", flat=True))
    return waiting | search.passed_on(case, waiting)


def _exempt(case: Case, said: exemptions.Said, ruled: bool, scope: Scope) -> set[UUID]:
    """Of what was split off another case sees to; a removal may except others, or reach the named
    ones alone. Whoever passes on what this case leaves alone does nothing else than that.
    """
    mine = Copy.objects.filter(case=case)
    split = set(mine.filter(split__isnull=False).values_list("item_id", flat=True))
    left = split | said.left
    if ruled and scope is Scope.ITEMS:
        left |= set(mine.filter(how=Copy.How.EXACT).values_list("item_id", flat=True))
    held = (said.refused | _waiting(case, said)) - split
    left -= held
    return (left | search.passed_on(case, left)) - held


def tell(case: Case, changed: Sequence[Changed], *, now: datetime) -> None:
    """Queue the new states for the platform, and enter them in the ledger as one entry."""
    if not changed:
        return
    waits, matched = _may_wait(case, changed), by_match(case)
    levels = Counter(one.desired for one in changed)
    reasons = {level: _reason(case, level, matched) for level in levels}
    rows = [
        outbox.Telling(
            item_id=one.item_id,
            platform_id=case.platform_id,
            item_ref=one.item_ref,
            visibility=one.desired,
            revision=one.revision,
            reason=reasons[one.desired],
            not_before=now + EVIDENCE_WITHIN if one.item_id in waits else None,
        )
        for one in changed
    ]
    outbox.tell_states(rows, now=now)
    jobs.later(
        "deliver",
        once=f"deliver:{case.platform_id}",
        queue="deliver",
        platform_id=str(case.platform_id),
    )
    if Visibility.VISIBLE in levels:
        jobs.later("issue_statements", once=f"statements:{case.id}", case_id=str(case.id))
    steps = Counter((Visibility(one.was), Visibility(one.desired)) for one in changed)
    released = sum(count for (was, desired), count in steps.items() if desired < was)
    ledger.enter(
        "item.released" if released == len(changed) else "copies.restricted",
        subject=f"case:{case.id}",
        body={"levels": dict(levels)},
        batch=[f"{one.item_id} {one.revision} {one.desired}" for one in changed],
        at=now,
    )


def _may_wait(case: Case, changed: Sequence[Changed]) -> set[UUID]:
    """Removals of what the platform hides already, while the case's evidence is being sealed.

    A platform may destroy what is removed. What anybody can still see never waits for this.
    """
    gone = [one.item_id for one in changed if one.desired == Visibility.REMOVED]
    if not gone or not evidence.is_being_kept(case):
        return set()
    hidden = Item.objects.filter(id__in=gone, acknowledged=Visibility.HIDDEN)
    return set(hidden.values_list("id", flat=True))


def tell_waiting(*, settled: UUID | None = None, now: datetime) -> int:
    """Removals that waited, and whose evidence is kept by now or can't be; returns how many.

    `settled`: the case that the job which asks has just done with.
    """
    items = outbox_queries.waiting_removals(now=now)
    cases = Case.objects.select_related("platform").filter(copies__item__in=items).distinct()
    busy = [one.id for one in cases if one.id != settled and evidence.is_being_kept(one)]
    kept = Item.objects.filter(id__in=items).exclude(copies__case__in=busy)
    return outbox.hasten(list(kept.values_list("id", flat=True)), now=now)


def _reason(case: Case, level: str, matched: bool) -> str:
    return reason_class(
        Category(case.category),
        Visibility(level),
        about_a_child=case.about_child,
        by_match=matched,
    ).value


def by_match(case: Case) -> bool:
    """A bank's match is all there is: nobody told us, and nobody has decided."""
    decided = case.decided_level == Visibility.REMOVED
    return not decided and not Join.objects.filter(case=case, undone_at=None).exists()


def set_review(case: Case, *, cause: str, now: datetime) -> None:
    """Somebody is due: what waits in a provisional state is looked at by a time."""
    deadlines.set_clocks(case, [rules.found_review(cause=cause, at=now)], now=now)
