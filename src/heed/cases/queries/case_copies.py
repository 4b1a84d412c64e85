"""The copies of one case: how they were found, how they stand, and how they spread."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Case as Order
from django.db.models import Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from heed.cases.models import Case, Copy
from heed.cases.queries import exemptions
from heed.media.models import Account, Item
from heed.outbox import queries as outbox
from heed.outbox.models import StateTelling

COPIES_SHOWN = 25  # of each kind; the rest is a page of its own
MAY_STAY = 200  # of each kind: nobody reads more in a form
TROUBLE_SHOWN = 50  # items of each kind of trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """The copies of one kind: how many in which states, and the first of them."""

    how: str
    total: int
    desired: Counter[str]
    acknowledged: int  # as desired
    gone: int
    seen: int
    unverifiable: int
    views_then: int
    views_now: int
    first: Sequence[Copy]


_TALLY = """
SELECT c.how, i.desired, count(*),
       count(*) FILTER (WHERE i.acknowledged_revision >= i.revision
                          AND i.answer IN ('', 'applied')),
       count(*) FILTER (WHERE i.revision > 0 AND i.observed = 'gone'),
       count(*) FILTER (WHERE i.revision > 0 AND i.observed = 'seen'),
       count(*) FILTER (WHERE i.revision > 0 AND i.observed = 'unverifiable'),
       coalesce(sum(c.views_then), 0), coalesce(sum(i.views), 0)
FROM cases_copy c JOIN media_item i ON i.id = c.item_id
WHERE c.case_id = %s GROUP BY c.how, i.desired
"""


def copies(case: Case) -> list[Copies]:
    """The copies by the way they were found."""
    with connection.cursor() as cursor:
        cursor.execute(_TALLY, [case.id])
        rows = cursor.fetchall()
    return [_tallied(case, how, rows) for how in Copy.How.values if any(r[0] == how for r in rows)]


def _tallied(case: Case, how: str, rows: Sequence[tuple[str | int, ...]]) -> Copies:
    mine = [row for row in rows if row[0] == how]
    total, acknowledged, gone, seen, unverifiable, then, now = (
        sum(int(row[at]) for row in mine) for at in range(2, 9)
    )
    return Copies(
        how=how,
        total=total,
        desired=Counter({str(row[1]): int(row[2]) for row in mine}),
        acknowledged=acknowledged,
        gone=gone,
        seen=seen,
        unverifiable=unverifiable,
        views_then=then,
        views_now=now,
        first=list(copies_of(case, how)[:COPIES_SHOWN]),
    )


def copies_of(case: Case, how: str = "") -> QuerySet[Copy]:
    """The copies of one kind (or all), those that are not as they should be first."""
    found = Copy.objects.filter(case=case).select_related("item__account", "near_file")
    found = found.filter(how=how) if how else found
    return found.annotate(wrong=_WRONG).order_by("wrong", "distance_bits", "item__ref")


def may_stay(case: Case, read: Sequence[Copies] = ()) -> list[Copy]:
    """Those that a decision may except: the named ones, then what has the very same bytes.

    One's own original was found as often as named. It was there first: the oldest come first.
    `read`: the page's own list, which is asked where it has them all.
    """
    named, exact = _all_of(Copy.How.NAMED, read), _all_of(Copy.How.EXACT, read)
    if named is None:
        named = list(copies_of(case, Copy.How.NAMED)[:MAY_STAY])
    if exact is None:
        oldest = Coalesce("item__published_at", "item__registered_at")
        exact = list(copies_of(case, Copy.How.EXACT).order_by(oldest)[:MAY_STAY])
    listed = [*named, *sorted(exact, key=_posted_at)]
    return [*listed, *_left_before(case, {one.item_id for one in listed})]


def _left_before(case: Case, listed: set[UUID]) -> list[Copy]:
    """What the removal that holds leaves alone, however it was found: who decides anew sees it."""
    left = exemptions.held_on(case) - listed if case.decided_level else frozenset()
    if not left:
        return []
    return list(copies_of(case).filter(item_id__in=left))


def _all_of(how: str, read: Sequence[Copies]) -> Sequence[Copy] | None:
    """All of this kind, if the page has read them."""
    mine = [one for one in read if one.how == how]
    whole = bool(read) and all(len(one.first) == one.total for one in mine)
    return [copy for one in mine for copy in one.first] if whole else None


def _posted_at(copy: Copy) -> datetime:
    return copy.item.published_at or copy.item.registered_at


_TOLD = Q(item__acknowledged_revision__gte=F("item__revision"))
_GONE = Q(item__desired__in=("hidden", "removed"))
_WRONG = Order(  # the worst first: disagrees, not acknowledged, can't be verified, as it should be
    When(~Q(item__answer__in=("", "applied")), then=Value(0)),
    When(_TOLD & _GONE & Q(item__observed="seen"), then=Value(0)),
    When(~_TOLD, then=Value(1)),
    When(_GONE & Q(item__observed="unverifiable"), then=Value(2)),
    default=Value(3),
)


def accounts(case: Case) -> list[UUID]:
    """The accounts involved, in the order in which they first published a copy."""
    found = Item.objects.filter(copies__case=case, account__isnull=False)
    ordered = found.order_by(F("published_at").asc(nulls_last=True), "ref")
    ids = ordered.values_list("account_id", flat=True)
    return list(dict.fromkeys(ids))


def account_refs(ids: Sequence[UUID]) -> dict[UUID, str]:
    """The platform's own names of these accounts: for after the decision on the content."""
    return dict(Account.objects.filter(id__in=ids).values_list("id", "ref"))


def unsplit(case: Case) -> QuerySet[Copy]:
    """The copies that are this case's matter, named ones first."""
    return (
        Copy.objects.filter(case=case, split=None)
        .select_related("item")
        .order_by(Order(When(how=Copy.How.NAMED, then=0), default=1), "found_at", "id")
    )


def published_at(case: Case) -> list[tuple[datetime, int, int]]:
    """(published, views when found, views now) of each copy, oldest first."""
    found = Copy.objects.filter(case=case, item__published_at__isnull=False)
    rows = found.order_by("item__published_at").values_list(
        "item__published_at", "views_then", "item__views"
    )
    return [(at, then, now) for at, then, now in rows if at is not None]


# ------------------------------------------------------------------ what is not as it should be


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Items of a case where desired, acknowledged and observed do not agree."""

    lying: QuerySet[Item]  # "applied", and the address still shows it: the first of them
    lying_count: int
    refused: QuerySet[Item]  # the platform answered, and it was not "applied": the first of them
    refused_count: int
    waiting: int  # not yet acknowledged
    unverifiable: int
    dead: int  # given up on

    def __bool__(self) -> bool:
        wrong = (self.lying_count, self.refused_count, self.waiting, self.unverifiable, self.dead)
        return any(wrong)


def given_up(case: Case) -> QuerySet[StateTelling]:
    """What the platform was not told of this case's items, after all tries."""
    items = Copy.objects.filter(case=case).values("item_id")
    return outbox.dead_states(case.platform_id).filter(item_id__in=items)


_SAID = Q(acknowledged_revision=F("revision"), acknowledged__in=("hidden", "removed"))
_LYING = _SAID & Q(observed="seen")
_REFUSED = ~Q(answer__in=("", "applied"))
_WAITING = Q(acknowledged_revision__lt=F("revision")) & ~_REFUSED
_UNSEEN = _SAID & Q(observed="unverifiable")


def trouble(case: Case) -> Trouble:
    """Where what should be, what the platform says and what we see differ."""
    copies = Copy.objects.filter(case=case).values("item_id")
    items = Item.objects.filter(id__in=copies, revision__gt=0)
    found = items.aggregate(  # one reading of what may be ten thousand copies
        lying=Count("id", filter=_LYING),
        refused=Count("id", filter=_REFUSED),
        waiting=Count("id", filter=_WAITING),
        unseen=Count("id", filter=_UNSEEN),
    )
    return Trouble(
        lying=items.filter(_LYING).order_by("ref")[:TROUBLE_SHOWN],
        lying_count=found["lying"],
        refused=items.filter(_REFUSED).order_by("ref")[:TROUBLE_SHOWN],
        refused_count=found["refused"],
        waiting=found["waiting"],
        unverifiable=found["unseen"],
        dead=given_up(case).count(),
    )
