"""What a platform may read of its own items and cases. Of people, and of their words, nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from heed.cases.models import Case, Copy, Notice
from heed.media.models import Item
from heed.outbox import queries as outbox
from heed.rules.visibility import Visibility, strictest

_LONGEST_NUMBER = 16
_MOST_OPEN = (Case.State.OPEN, Case.State.PROPOSED, Case.State.DECIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one item should be."""

    item: str
    visibility: str
    revision: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyState:
    """One copy: what it should be, what its platform said, what we saw."""

    item: str
    how: str
    desired: str
    revision: int
    acknowledged: str
    acknowledged_revision: int
    observed: str
    observed_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case stands, or all cases of one notice."""

    number: str
    cases: list[str]
    state: str
    level: str
    copies: dict[str, int]
    items: list[CopyState]


def restricted(platform_id: UUID, *, after: str, limit: int) -> list[Desired]:
    """Items that should not be visible, in the order of their refs, from the one after `after`."""
    items = list(
        Item.objects.filter(~Q(desired="visible"), platform_id=platform_id, ref__gt=after)
        .order_by("ref")
        .only("ref", "desired", "revision")[:limit]
    )
    told = outbox.tellings_of(item.id for item in items)
    return [
        Desired(
            item=item.ref,
            visibility=item.desired,
            revision=item.revision,
            reason=told[item.id].reason if item.id in told else "policy",
        )
        for item in items
    ]


def standing(platform_id: UUID, number: str, *, after: str, limit: int) -> Standing | None:
    """By the number of a case or a notice; None when this platform has none of it."""
    if len(number) > _LONGEST_NUMBER or "\0" in number:
        return None
    cases = _cases(platform_id, number.upper())
    if cases is None:
        return None
    copies = Copy.objects.filter(case__in=cases)
    return Standing(
        number=number.upper(),
        cases=[case.number for case in cases],
        state=_state(cases),
        level=strictest(Visibility(case.level) for case in cases).value,
        copies=_counts(copies),
        items=_page(copies, after, limit),
    )


def _cases(platform_id: UUID, number: str) -> list[Case] | None:
    notice = Notice.objects.filter(platform_id=platform_id, number=number).first()
    if notice is not None:
        joined = Case.objects.filter(joins__notice=notice, joins__undone_at=None)
        return list(joined.order_by("opened_at", "number"))
    return list(Case.objects.filter(platform_id=platform_id, number=number)) or None


def _state(cases: Sequence[Case]) -> str:
    """The one furthest from its end; "received" while a notice has no case yet."""
    states = {case.state for case in cases}
    return next((state.value for state in _MOST_OPEN if state in states), "received")


def _counts(copies: QuerySet[Copy]) -> dict[str, int]:
    """Each item once, as it stands in the list, however many of the cases carry it."""
    found = _each_once(copies).values_list("how", flat=True)
    return {how.value: 0 for how in Copy.How} | dict(Counter(found))


def _each_once(copies: QuerySet[Copy]) -> QuerySet[Copy]:
    """An item that two of the cases share, by the way it was found first."""
    return copies.order_by("item__ref", "found_at").distinct("item__ref")


def _page(copies: QuerySet[Copy], after: str, limit: int) -> list[CopyState]:
    page = _each_once(copies.filter(item__ref__gt=after)).select_related("item")[:limit]
    return [_copy(copy) for copy in page]


def _copy(copy: Copy) -> CopyState:
    item = copy.item
    return CopyState(
        item=item.ref,
        how=copy.how,
        desired=item.desired,
        revision=item.revision,
        acknowledged=item.acknowledged,
        acknowledged_revision=item.acknowledged_revision,
        observed=item.observed,
        observed_revision=item.observed_revision,
    )
