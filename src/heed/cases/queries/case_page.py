"""Everything that one case's page shows: facts, and no words about them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Case as Order
from django.db.models import Count, F, Prefetch, Q, QuerySet, Value, When

from heed.cases.models import (
    Appeal,
    Case,
    CaseLink,
    Copy,
    Deadline,
    Decision,
    Join,
    Message,
    Notice,
    Split,
    Supplement,
    Target,
    Translation,
)
from heed.media.models import Account, BankSignal, Item, Match, Upload
from heed.outbox import queries as outbox
from heed.outbox.models import StateTelling
from heed.people import queries as people
from heed.people.models import Contact

COPIES_SHOWN = 25  # of each kind; the rest is a page of its own
TROUBLE_SHOWN = 50  # items of each kind of trouble


def find(number: str) -> Case | None:
    """The case of this number, with what it is about."""
    found = Case.objects.select_related("platform", "file", "item")
    return found.filter(number=number).first()


def by_id(case_id: UUID) -> Case | None:
    """The same by its id."""
    return Case.objects.select_related("platform", "file", "item").filter(id=case_id).first()


def notice_by_id(notice_id: UUID) -> Notice | None:
    """A notice, whether it has a case or not."""
    return Notice.objects.filter(id=notice_id).first()


# ------------------------------------------------------------------ notices


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notice of a case, as it was sent, with what came after it."""

    notice: Notice
    targets: Sequence[Target]
    supplements: Sequence[Supplement]
    messages: Sequence[Message]
    translations: Sequence[Translation]
    contact: str  # none | unconfirmed | confirmed
    may_write: bool


def notices_of(case: Case) -> QuerySet[Notice]:
    """The notices that are joined to the case, oldest first."""
    joined = Join.objects.filter(case=case, undone_at=None)
    found = Notice.objects.filter(joins__in=joined).distinct()
    return found.order_by("received_at", "number")


def notices(case: Case) -> list[Told]:
    """All of them, with what came after each."""
    return told(notices_of(case))


def told(found: QuerySet[Notice]) -> list[Told]:
    """These notices with what came after each; the number of queries does not grow with them."""
    rows = list(
        found.select_related("peer_report").prefetch_related(
            Prefetch("targets", Target.objects.select_related("item").order_by("position")),
            Prefetch("supplements", Supplement.objects.order_by("at")),
            Prefetch("messages", Message.objects.order_by("at")),
            Prefetch("translations", Translation.objects.order_by("-made_at")),
        )
    )
    contacts = people.contacts_of([notice.id for notice in rows])
    return [_told(notice, contacts.get(notice.id)) for notice in rows]


def _told(notice: Notice, contact: Contact | None) -> Told:
    state = "none" if contact is None else "unconfirmed"
    if contact is not None and contact.confirmed_at is not None:
        state = "confirmed"
    return Told(
        notice=notice,
        targets=list(notice.targets.all()),
        supplements=list(notice.supplements.all()),
        messages=list(notice.messages.all()),
        translations=list(notice.translations.all()),
        contact=state,
        may_write=contact is None or contact.may_write,
    )


def notice_of(case: Case, number: str) -> Notice | None:
    """A notice of this case by its number; None when it belongs to another."""
    joined = Notice.objects.filter(joins__case=case, joins__undone_at=None)
    return joined.filter(number=number).first()


def language(case: Case) -> str:
    """That of the first notice, if people are told in it here; else the house's own."""
    told = Notice.objects.filter(joins__case=case, joins__undone_at=None).order_by("received_at")
    said = told.values_list("language", flat=True).first() or ""
    known = dict(settings.LANGUAGES)
    return next(
        (one for one in (said, said.partition("-")[0]) if one in known), settings.LANGUAGE_CODE
    )


def first_notice_at(case: Case) -> datetime | None:
    """Since when we have known."""
    told = Notice.objects.filter(joins__case=case, joins__undone_at=None)
    return told.order_by("received_at").values_list("received_at", flat=True).first()


# ------------------------------------------------------------------ deadlines, history, links


def deadlines(case: Case) -> QuerySet[Deadline]:
    """What is owed, the nearest first."""
    return Deadline.objects.filter(case=case).order_by(F("met_at").asc(nulls_first=True), "due_at")


def decisions(case: Case) -> list[Decision]:
    """Every decision in every round, the newest first."""
    return list(case.decisions.prefetch_related("exempt_items").order_by("-decided_at"))


def decision_of(case: Case, decision_id: UUID) -> Decision | None:
    """A decision of this case."""
    return case.decisions.filter(id=decision_id).first()


def proposal(case: Case) -> Decision | None:
    """The decision that waits for a second person."""
    return case.decisions.filter(state=Decision.State.PROPOSED).first()


def appeals(case: Case) -> list[Appeal]:
    """Every appeal, the newest first."""
    found = case.appeals.select_related("decision", "notice", "measure")
    return list(found.order_by("-opened_at"))


def appeal_of(case: Case, appeal_id: UUID) -> Appeal | None:
    """An appeal of this case."""
    return case.appeals.filter(id=appeal_id).first()


def links(case: Case) -> list[tuple[CaseLink, Case]]:
    """Cases that look alike, with the other one of each pair."""
    found = CaseLink.objects.filter(Q(case=case) | Q(other=case)).select_related("case", "other")
    return [(one, one.other if one.case_id == case.id else one.case) for one in found]


def unsplit(case: Case) -> QuerySet[Copy]:
    """The copies that are this case's matter, named ones first."""
    return (
        Copy.objects.filter(case=case, split=None)
        .select_related("item")
        .order_by(Order(When(how=Copy.How.NAMED, then=0), default=1), "found_at", "id")
    )


def splits(case: Case) -> list[Split]:
    """What was split off this case, and what this one was split from."""
    found = Split.objects.filter(Q(case=case) | Q(into=case)).select_related("case", "into")
    return list(found.order_by("made_at"))


def uploads(case: Case) -> list[Upload]:
    """What knocked at the door because of this case, what is still held first."""
    found = Upload.objects.filter(case_id=case.id).select_related("file")
    return list(found.order_by(F("ended_at").desc(nulls_first=True), "-asked_at")[:100])


def upload_of(case: Case, upload_id: UUID) -> Upload | None:
    """An upload that was held for this case."""
    return Upload.objects.filter(id=upload_id, case_id=case.id).first()


def matches(case: Case) -> list[Match]:
    """Banked signals that the case's file meets, the closest first."""
    if case.file_id is None:
        return []
    found = Match.objects.filter(file_id=case.file_id, platform_id=case.platform_id)
    found = found.select_related("bank_signal__bank")
    return list(found.order_by("distance_bits")[:50])


def banked(case: Case) -> Counter[tuple[str, str, bool]]:
    """Signals that this case put into banks: (bank, type, withdrawn) and how many.

    The bank's name is empty for the case's own, provisional one.
    """
    made = BankSignal.objects.filter(case_id=case.id).values_list(
        "bank__case_id", "bank__name", "type", "withdrawn_at"
    )
    return Counter(
        (name if own is None else "", kind, withdrawn is not None)
        for own, name, kind, withdrawn in made
    )


# ------------------------------------------------------------------ copies


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


# ------------------------------------------------------------------ spread and ledger


def published_at(case: Case) -> list[tuple[datetime, int, int]]:
    """(published, views when found, views now) of each copy, oldest first."""
    found = Copy.objects.filter(case=case, item__published_at__isnull=False)
    rows = found.order_by("item__published_at").values_list(
        "item__published_at", "views_then", "item__views"
    )
    return [(at, then, now) for at, then, now in rows if at is not None]


def entries_of(subjects: Sequence[str], limit: int = 60) -> list[UUID]:
    """The newest ledger entries about these subjects, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id FROM ledger_entrybody WHERE subject = ANY(%s)"
            " ORDER BY at DESC, entry_id LIMIT %s",
            [list(subjects), limit],
        )
        return [row[0] for row in cursor.fetchall()]


def subjects_of(case: Case) -> list[str]:
    """What the ledger calls this case and the notices in it."""
    told = Join.objects.filter(case=case, undone_at=None).values_list("notice_id", flat=True)
    made = case.decisions.values_list("id", flat=True)
    asked = case.appeals.values_list("id", flat=True)
    return [
        f"case:{case.id}",
        *(f"notice:{one}" for one in told),
        *(f"decision:{one}" for one in made),
        *(f"appeal:{one}" for one in asked),
    ]
