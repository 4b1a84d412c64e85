"""Which cases wait, in the order of harm: the same order as `rules.order.queue_key`, in SQL."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Page
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models import Case as Order
from django.db.models.functions import Collate, Greatest

from heed.cases.models import Appeal, Case, Copy, Decision, Exemption, Join, Target
from heed.cases.queries.pages import CountedPages
from heed.media.models import File, Item, ItemFile, Upload
from heed.rules.order import Rung
from heed.rules.visibility import Visibility

_CROWD_STEP = When(crowd=True, then=Greatest("rung", Value(int(Rung.INTIMATE_OR_EXTORTION))))
ORDER = (
    Order(_CROWD_STEP, default=F("rung"), output_field=IntegerField()).asc(),
    F("crowd").asc(),
    F("rung").asc(),
    F("due_at").asc(nulls_last=True),
    F("speed_per_hour").desc(),
    Collate(F("number"), "C").asc(),  # as Python compares, whatever the database's language
)
STATES = ("waiting", "decision", "second", "appeal", "uploads", "copies", "overdue", "all")
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asked the queue for."""

    state: str = "waiting"
    platform: str = ""  # a slug
    category: str = ""
    words: str = ""
    also: Collection[UUID] = ()  # cases that the words name elsewhere: a CyberTip's number


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case of the queue with what waits in it."""

    case: Case
    copies: int
    appeals: int
    uploads: int
    near: int
    bundle: tuple[str, ...] = ()  # numbers of the other cases of the same notice
    proposed_by: UUID | None = None
    may_stay_by: tuple[UUID, ...] = ()  # who proposed that places stay, where a second one is due
    deciders: frozenset[UUID] = field(default_factory=frozenset)  # where somebody appeals


# Sets, and not "exists": in a count PostgreSQL would look for each case by itself.
_APPEAL = Q(id__in=Appeal.objects.filter(state=Appeal.State.OPEN).values("case_id"))
_UPLOAD = Q(
    id__in=Upload.objects.filter(state=Upload.State.HELD, case_id__isnull=False).values("case_id")
)
_NEAR = Q(id__in=Copy.objects.filter(how=Copy.How.NEAR, same=None).values("case_id"))
_MAY_STAY = Q(
    id__in=Exemption.objects.filter(state=Exemption.State.PROPOSED).values("decision__case_id"),
    state=Case.State.DECIDED,
)
_OPEN = ~Q(state=Case.State.DECIDED)
_REMOVED = Q(state=Case.State.DECIDED, decided_level=Visibility.REMOVED.value)
_WAITING = _OPEN | _APPEAL | _UPLOAD | _MAY_STAY | (_REMOVED & _NEAR)


def cases_of(
    platform_ids: Collection[UUID], wanted: Wanted | None = None, *, now: datetime
) -> QuerySet[Case]:
    """The cases of these platforms that are wanted, gravest first."""
    wanted = wanted or Wanted()
    found = Case.objects.filter(platform_id__in=platform_ids)
    if wanted.words.strip():
        found = found.filter(_said(wanted.words.strip(), platform_ids) | Q(id__in=wanted.also))
    if wanted.platform:
        found = found.filter(platform__slug=wanted.platform)
    if wanted.category:
        found = found.filter(category=wanted.category)
    return found.filter(_in_state(wanted.state, now)).order_by(*ORDER)


def openable(cases: QuerySet[Case], minors_at: Collection[UUID]) -> QuerySet[Case]:
    """Without what this person could take and not look at: minors' files at other platforms.

    Words alone, and items whose files nobody could read yet, are for everybody.
    """
    closed = Q(file__isnull=False) | Exists(
        ItemFile.objects.filter(item=OuterRef("item"), file__isnull=False)
    )
    return cases.exclude(Q(about_child=True) & ~Q(platform_id__in=minors_at) & closed)


def for_person(cases: QuerySet[Case], me: UUID) -> QuerySet[Case]:
    """What this person may bring forward: decide, second, or hear an appeal on. In any order."""
    made = Decision.objects.filter(case=OuterRef("pk"))
    proposed = Exists(made.filter(state=Decision.State.PROPOSED, decided_by=me))
    decided = Exists(made.filter(Q(decided_by=me) | Q(seconded_by=me)))
    heard = Exists(Appeal.objects.filter(case=OuterRef("pk"), decided_by=me))
    stays = Exemption.objects.filter(decision__case=OuterRef("pk"))
    spoke = Exists(stays.filter(Q(proposed_by=me) | Q(seconded_by=me)))
    others = stays.filter(state=Exemption.State.PROPOSED).exclude(proposed_by=me)
    proposed_here = Exists(others.filter(appeal=None))
    proposed_on_appeal = Exists(others.filter(appeal__isnull=False))
    return cases.filter(
        Q(state=Case.State.OPEN)
        | Q(~proposed, state=Case.State.PROPOSED)
        | Q(_APPEAL, ~decided, ~heard, ~spoke, state=Case.State.DECIDED)
        | Q(_MAY_STAY, proposed_here)
        | Q(_MAY_STAY, ~decided, ~spoke, proposed_on_appeal)
    )


def _in_state(state: str, now: datetime) -> Q:
    return {
        "decision": Q(state=Case.State.OPEN),
        "second": Q(state=Case.State.PROPOSED) | _MAY_STAY,
        "appeal": _APPEAL,
        "uploads": _UPLOAD,
        "copies": _REMOVED & _NEAR,
        "overdue": _WAITING & Q(due_at__lt=now),
        "all": Q(),
    }.get(state, _WAITING)


def _said(words: str, platform_ids: Collection[UUID]) -> Q:
    """A number, a hash, an address or the platform's own id of an item, or words of a notice.

    Each way is asked for itself: joined by "or", they would read whole tables.
    """
    digest = _digest(words)
    if digest:
        return Q(id__in=_with_bytes(digest))
    if "://" in words:
        return Q(id__in=_at(words, platform_ids))
    here = Q(platform_id__in=platform_ids)
    told = Join.objects.filter(undone_at=None, notice__platform_id__in=platform_ids)
    numbered = {
        *Case.objects.filter(here, number=words.upper()).values_list("id", flat=True),
        *told.filter(notice__number=words.upper()).values_list("case_id", flat=True),
    }
    if numbered:  # a number is nothing else
        return Q(id__in=numbered)
    named = Copy.objects.filter(item__platform_id__in=platform_ids, item__ref=words)
    written = told.filter(
        Q(notice__police_reference__iexact=words) | Q(notice__words__icontains=words)
    )
    return _any_of(named.values("case_id")) | _any_of(written.values("case_id"))


def _any_of(found: QuerySet[Any, Any]) -> Q:
    """Among the cases found: thousands, perhaps, which stay in the database.

    As an array they are looked for once, whatever PostgreSQL expects their number to be.
    """
    array = Func(ArraySubquery(found), template="(SELECT unnest(%(expressions)s))")
    whole = {"template": "%(expressions)s", "arg_joiner": " IN "}
    return Q(Func(F("id"), array, output_field=BooleanField(), **whole))


def _with_bytes(digest: bytes) -> set[UUID]:
    files = list(
        File.objects.filter(Q(sha256=digest) | Q(sha1=digest) | Q(md5=digest)).values_list(
            "id", flat=True
        )
    )
    carried = Copy.objects.filter(item__files__file__in=files).order_by()
    return {
        *Case.objects.filter(file__in=files).values_list("id", flat=True),
        *carried.values_list("case_id", flat=True).distinct(),
    }


def _at(url: str, platform_ids: Collection[UUID]) -> set[UUID]:
    items = {
        *Item.objects.filter(platform_id__in=platform_ids, url=url).values_list("id", flat=True),
        *ItemFile.objects.filter(url=url).values_list("item_id", flat=True),
        *ItemFile.objects.filter(preview_url=url).values_list("item_id", flat=True),
        *Target.objects.filter(url=url, item__isnull=False).values_list("item_id", flat=True),
    }
    found = Copy.objects.filter(item__in=items).order_by()
    return set(found.values_list("case_id", flat=True).distinct())


def _digest(words: str) -> bytes | None:
    """SHA-256, SHA-1 or MD5 in hexadecimal; None when it is none of them."""
    try:
        digest = bytes.fromhex(words)
    except ValueError:
        return None
    return digest if len(digest) in (16, 20, 32) else None


def page_of(cases: QuerySet[Case], asked: str | None) -> "Page[Case]":
    """One page of cases of which only the id is known."""
    number = int(asked[:9]) if asked and asked.isdecimal() else 1
    return CountedPages(cases.only("id"), PAGE).get_page(max(number, 1))


def rows(ids: Sequence[UUID]) -> list[Row]:
    """A page of cases with what waits in each; the number of queries does not grow with it."""
    whole = Case.objects.defer("because", "known_facts").in_bulk(ids)
    page = [whole[one] for one in ids if one in whole]
    copies, uploads = _copies(ids), _uploads(ids)
    asked = list(_asked(ids))
    appeals = Counter(one.case_id for one in asked if one.state == Appeal.State.OPEN)
    made = list(_made([one.id for one in page if one.id in appeals or _is_proposed(one)]))
    stays = list(_stays(ids))
    proposals = (one for one in made if one.state == Decision.State.PROPOSED)
    proposers = {one.case_id: one.decided_by for one in proposals}
    bundles, deciders = bundles_of(ids), deciders_in(made, asked, stays)
    may_stay: dict[UUID, tuple[UUID, ...]] = {}
    for one in stays:
        if one.state == Exemption.State.PROPOSED:
            of = one.decision.case_id
            may_stay[of] = (*may_stay.get(of, ()), one.proposed_by)
    return [
        Row(
            case=case,
            copies=copies.get(case.id, (0, 0))[0],
            appeals=appeals[case.id],
            uploads=uploads.get(case.id, 0),
            near=copies.get(case.id, (0, 0))[1],
            bundle=bundles.get(case.id, ()),
            proposed_by=proposers.get(case.id),
            may_stay_by=may_stay.get(case.id, ()) if case.state == Case.State.DECIDED else (),
            deciders=deciders.get(case.id, frozenset()),
        )
        for case in page
    ]


def _uploads(ids: Sequence[UUID]) -> dict[UUID | None, int]:
    held = Upload.objects.filter(case_id__in=ids, state=Upload.State.HELD).order_by()
    return dict(held.values_list("case_id").annotate(n=Count("id")))


def _copies(ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """For each case its copies, and the near files that are to be judged.

    Different files, not items: one look at one picture settles all its copies.
    """
    found = Copy.objects.filter(case_id__in=ids).order_by().values_list("case_id")
    to_judge = Count("near_file", distinct=True, filter=Q(how=Copy.How.NEAR, same=None))
    return {case: (n, near) for case, n, near in found.annotate(n=Count("id"), near=to_judge)}


def bundles_of(ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """For each case the numbers of the others that a notice opened together with it."""
    mine = Join.objects.filter(case_id__in=ids, undone_at=None)
    notices = set(mine.values_list("notice_id", flat=True))  # joined to itself, all would be read
    rows = Join.objects.filter(notice_id__in=notices, undone_at=None)
    by_notice: dict[UUID, dict[UUID, str]] = {}
    for notice, case, number in rows.values_list("notice_id", "case_id", "case__number"):
        by_notice.setdefault(notice, {})[case] = number
    found: dict[UUID, set[str]] = {}
    for together in by_notice.values():
        for case in together:
            found.setdefault(case, set()).update(together[one] for one in together if one != case)
    return {case: tuple(sorted(others)) for case, others in found.items() if others}


def _is_proposed(case: Case) -> bool:
    return case.state == Case.State.PROPOSED


def _made(ids: Sequence[UUID]) -> QuerySet[Decision]:
    found = Decision.objects.filter(case_id__in=ids)
    return found.only("case_id", "state", "decided_by", "seconded_by")


def _asked(ids: Sequence[UUID]) -> QuerySet[Appeal]:
    return Appeal.objects.filter(case_id__in=ids).only("case_id", "state", "decided_by")


def _stays(ids: Sequence[UUID]) -> QuerySet[Exemption]:
    found = Exemption.objects.filter(decision__case_id__in=ids).select_related("decision")
    return found.only("decision__case_id", "state", "proposed_by", "seconded_by")


def deciders_in(
    made: Iterable[Decision], asked: Iterable[Appeal], stays: Iterable[Exemption] = ()
) -> Mapping[UUID, frozenset[UUID]]:
    """Everyone who decided, proposed, seconded or ended an appeal in each case, in any round, or
    spoke of what a removal leaves alone.
    """
    found: dict[UUID, set[UUID | None]] = {}
    for spoken in stays:
        people = found.setdefault(spoken.decision.case_id, set())
        people.update((spoken.proposed_by, spoken.seconded_by))
    for one in made:
        found.setdefault(one.case_id, set()).update((one.decided_by, one.seconded_by))
    for last in asked:
        found.setdefault(last.case_id, set()).add(last.decided_by)
    return {
        case: frozenset(one for one in people if one is not None) for case, people in found.items()
    }


def counts(platform_ids: Collection[UUID], *, now: datetime) -> dict[str, int]:
    """How many cases wait for what, for the head of the queue: each is one of those that wait."""
    cases = Case.objects.filter(_WAITING, platform_id__in=platform_ids)
    counted: dict[str, int] = cases.aggregate(
        waiting=Count("id"),
        decision=Count("id", filter=_in_state("decision", now)),
        second=Count("id", filter=_in_state("second", now)),
        appeal=Count("id", filter=_APPEAL),
        overdue=Count("id", filter=Q(due_at__lt=now)),
    )
    return counted
