"""What a removal leaves alone, what it does not after all, and what waits for a second person."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from heed.cases.models import Case, Copy, Decision, Exemption
from heed.cases.queries import case_files
from heed.media.models import File, Item
from heed.rules.decisions import Scope

SHOWN = 25  # places of one exemption, on a case's page


@dataclass(frozen=True, slots=True)
class Said:
    """The last word on each item that one removal speaks about."""

    left: frozenset[UUID] = frozenset()
    refused: frozenset[UUID] = frozenset()
    waiting: frozenset[UUID] = frozenset()


def last_word(case: Case) -> Decision | None:
    """What stands now. One that an appeal turned stands until the new one is carried out."""
    carried_out = (Decision.State.FINAL, Decision.State.REVERSED)
    decisions = Decision.objects.filter(case=case, state__in=carried_out)
    return decisions.order_by("-round", "-decided_at").first()


def said(decision: Decision | None) -> Said:
    """Of this removal; what it named and nothing was asked of is left alone by itself.

    What lies outside the named items only is left alone by its scope: of that place nobody spoke.
    """
    if decision is None:
        return Said()
    every = Exemption.objects.filter(decision=decision)
    passed = every.filter(state=Exemption.State.PASSED)
    spoken = every.exclude(state=Exemption.State.PASSED)
    rows = spoken.order_by("proposed_at", "id").values_list("items", "state")
    last: dict[UUID, str] = dict(rows)
    named = set(decision.exempt_items.values_list("id", flat=True))
    asked = set(spoken.filter(appeal__isnull=False).values_list("items", flat=True))
    final = _in(last.items(), Exemption.State.FINAL) & (named | asked)
    return Said(
        left=frozenset(named - last.keys() - set(passed.values_list("items", flat=True))) | final,
        refused=_in(last.items(), Exemption.State.REFUSED),
        waiting=_in(last.items(), Exemption.State.PROPOSED),
    )


def _in(last: Iterable[tuple[UUID, str]], state: str) -> frozenset[UUID]:
    return frozenset(item for item, one in last if one == state)


def waiting(cases: Collection[UUID]) -> QuerySet[Exemption]:
    """Those that wait for a second person, the oldest first."""
    found = Exemption.objects.filter(decision__case__in=cases, state=Exemption.State.PROPOSED)
    return found.select_related("decision", "appeal").order_by("proposed_at", "id")


def waiting_on(appeal_id: UUID) -> bool:
    """Whether what this appeal ended in waits for a second person."""
    waits = Exemption.objects.filter(appeal=appeal_id, state=Exemption.State.PROPOSED)
    return waits.exists()


def refused_on(appeal_id: UUID) -> bool:
    """Whether a second person did not agree to what this appeal ended in."""
    refused = Exemption.objects.filter(appeal=appeal_id, state=Exemption.State.REFUSED)
    return refused.filter(seconded_by__isnull=False).exists()


def of_appeals(case: Case) -> dict[UUID, str]:
    """The state of what each appeal said of one place alone; nothing of other appeals."""
    found = Exemption.objects.filter(decision__case=case, appeal__isnull=False)
    return dict(found.order_by("proposed_at").values_list("appeal_id", "state"))


def items_waiting(cases: Collection[UUID]) -> QuerySet[Item]:
    """The items of these."""
    return Item.objects.filter(id__in=waiting(cases).order_by().values("items"))


def of_case(case: Case) -> list[Exemption]:
    """All of a case, the newest first."""
    found = Exemption.objects.filter(decision__case=case).select_related("decision", "appeal")
    return list(found.order_by("-proposed_at", "-id"))


def find(case: Case, exemption_id: UUID) -> Exemption | None:
    """One of this case."""
    return Exemption.objects.filter(decision__case=case, id=exemption_id).first()


def was_proposed_by(exemption_id: UUID, person: UUID) -> bool:
    """Whether this person said first that these places may stay."""
    return Exemption.objects.filter(id=exemption_id, proposed_by=person).exists()


def places(exemption: Exemption) -> tuple[list[Item], int]:
    """The first of its items, those that a person named before what came with them; and how many
    there are.
    """
    chosen = _chosen(exemption)
    rest = exemption.items.exclude(id__in=chosen.values("id")).order_by("ref")
    first = [*chosen.order_by("ref")[:SHOWN], *rest[:SHOWN]][:SHOWN]
    return first, exemption.items.count()


def shown_at(case: Case, items: Collection[UUID]) -> list[Copy]:
    """The first of these places, with what each of them shows if that is not the case's file."""
    if not items:
        return []
    found = Copy.objects.filter(case=case, item_id__in=items).select_related("item")
    return list(found.order_by("found_at", "id")[:SHOWN])


def to_be_seen(exemption: Exemption) -> list[File]:
    """What both people must have seen, all of it: the case's own file, and what somebody named of
    these items shows instead.
    """
    case = exemption.decision.case
    near = Copy.objects.filter(case=case, how=Copy.How.NEAR, item__in=_chosen(exemption))
    own = case_files.to_be_seen(case)
    others = File.objects.filter(id__in=near.values("near_file_id"))
    return own + list(others.exclude(id__in=[one.id for one in own]).order_by("id"))


def _chosen(exemption: Exemption) -> QuerySet[Item]:
    """Named by a person, and not only outside of what the removal reaches."""
    if exemption.appeal_id is not None or exemption.decision.scope == Scope.FILE:
        return exemption.items.all()
    named = exemption.decision.exempt_items.values("id")
    return exemption.items.filter(id__in=named)


def named_by(notice_id: UUID, case: Case) -> set[UUID]:
    """What one notice names of this case's copies, and is this case's matter."""
    mine = Copy.objects.filter(case=case, split=None, item__targets__notice=notice_id)
    return set(mine.values_list("item_id", flat=True))


def held_on(case: Case) -> frozenset[UUID]:
    """What a person named as left alone by the removal that stands, or proposed to, and of which
    nobody has told us since.
    """
    stands = last_word(case)
    if stands is None:
        return frozenset()
    words = said(stands)
    asked = Exemption.objects.filter(decision=stands, appeal__isnull=False).values("items")
    named = set(stands.exempt_items.values_list("id", flat=True))
    named |= set(Item.objects.filter(id__in=asked).values_list("id", flat=True))
    since = stands.decided_at
    later = Q(item__targets__notice__received_at__gt=since) | Q(asked_at__gt=since)
    told = Copy.objects.filter(later, case=case, item__in=named)
    named -= set(told.values_list("item_id", flat=True))
    return frozenset(named & (words.left | words.waiting))
