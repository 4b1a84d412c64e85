"""Reading orders: for the liaison, for the officer who asked, and for everybody."""

import hmac
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case as Order_
from django.db.models import Count, IntegerField, Q, QuerySet, Value, When

from heed.cases.models import Case, Deadline, Restriction
from heed.filings.models import Disclosure, Officer, Order, OrderStep
from heed.media.models import Platform
from heed.people import services as people
from heed.rules.clocks import Stop
from heed.rules.orders import INSTRUMENTS, Kind

WAITING = (Order.State.RECEIVED, Order.State.CLARIFY)
DONE = (Order.State.DONE,)
PUBLISHED = 50  # on one page


def waiting(platforms: Collection[UUID]) -> QuerySet[Order]:
    """Orders that wait for us, emergencies and removals first, then by age."""
    first = Order_(
        When(kind=Kind.EMERGENCY, then=Value(0)),
        When(kind__in=[Kind.TCO, Kind.ESAFETY], then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    open_ones = Order.objects.filter(platform_id__in=platforms, state__in=WAITING)
    return (
        open_ones.select_related("officer")
        .annotate(first=first)
        .order_by("first", "received_at", "id")
    )


def answered(platforms: Collection[UUID]) -> QuerySet[Order]:
    """What was answered, the newest first."""
    done = Order.objects.filter(platform_id__in=platforms).exclude(state__in=WAITING)
    return done.select_related("officer").order_by("-answered_at", "id")


def found_by(rows: QuerySet[Order], *, words: str = "", kind: str = "") -> QuerySet[Order]:
    """Of these, those of an instrument, and with the words in a number or the authority's name."""
    said = Q(number__icontains=words) | Q(instrument_ref__icontains=words)
    rows = rows.filter(said | Q(officer__agency__icontains=words))
    return rows.filter(kind=kind) if kind else rows


def owed(rows: Collection[Order]) -> dict[str, list[Deadline]]:
    """What is still owed under each of these, by number, the next first."""
    causes = Q()
    for one in rows:
        causes |= Q(cause__startswith=f"order:{one.number}")
    open_ones = Deadline.objects.filter(causes, met_at=None).exclude(stops=Stop.TIME_PASSED.value)
    found: dict[str, list[Deadline]] = {}
    for clock in open_ones.order_by("due_at") if rows else ():
        number = clock.cause.removeprefix("order:").partition("/")[0]
        found.setdefault(number, []).append(clock)
    return found


def find(number: str) -> Order | None:
    """An order by its number."""
    return Order.objects.select_related("officer").filter(number=number).first()


def is_answered(number: str) -> bool:
    """Whether nothing of it waits for us, or for the officer, any more."""
    return not Order.objects.filter(number=number, state__in=WAITING).exists()


def opened_with(number: str, secret: str) -> Order | None:
    """An order by number and the secret of its private link; None for a wrong one."""
    order = find(number)
    kept = bytes(order.link_hash) if order else b"\0" * 32
    right = hmac.compare_digest(sha256(secret.encode()).digest(), kept)
    return order if right else None


def steps(order: Order) -> QuerySet[OrderStep]:
    """What was checked and said, in order."""
    return order.steps.order_by("at")


def call_to_second(order: Order) -> OrderStep | None:
    """A call-back that no second person has judged yet."""
    last = order.steps.filter(
        what__in=[OrderStep.What.CALLED, OrderStep.What.SECONDED, OrderStep.What.DOUBTED]
    ).order_by("-at")
    first = last.first()
    return first if first is not None and first.what == OrderStep.What.CALLED else None


def disclosures(order: Order) -> QuerySet[Disclosure]:
    """What was, or is to be, given out."""
    return order.disclosures.order_by("proposed_at")


def deadlines(order: Order) -> QuerySet[Deadline]:
    """Its clocks."""
    return Deadline.objects.filter(cause__startswith=f"order:{order.number}").order_by("due_at")


def cases_of(order: Order) -> list[Case]:
    """The cases that it speaks about."""
    return list(Case.objects.filter(id__in=order.cases).order_by("opened_at"))


def open_for_case(case_id: UUID) -> bool:
    """Whether an order waits that speaks about this case: nothing of it is destroyed meanwhile."""
    return Order.objects.filter(cases__contains=[case_id], state__in=WAITING).exists()


def silenced(case_id: UUID, *, now: datetime) -> Order | None:
    """A documented order that forbids telling the uploader, verified by call-back, while it lasts.

    Nobody's word alone silences anything.
    """
    lasting = Q(non_disclosure_until=None) | Q(non_disclosure_until__gte=now.date())
    named = Order.objects.filter(lasting, cases__contains=[case_id], non_disclosure=True)
    return named.filter(officer__level__gte=2).exclude(state="withdrawn").first()


def contact(order: Order) -> tuple[str, str]:
    """Mailbox and telephone as the officer gave them, for the liaison's page."""
    return contact_of(order.officer)


def contact_of(officer: Officer) -> tuple[str, str]:
    """Mailbox and telephone of an officer."""
    return (
        people.unseal(bytes(officer.mail_sealed)),
        people.unseal(bytes(officer.phone_sealed)),
    )


def account(officer_id: UUID, *, now: datetime) -> Officer | None:
    """An agency account, while it lasts."""
    return Officer.objects.filter(id=officer_id, account_until__gt=now).first()


def open_question(order: Order) -> str:
    """What we asked the officer and they have not answered; empty when nothing."""
    if order.state != Order.State.CLARIFY:
        return ""
    last = order.steps.filter(what=OrderStep.What.CLARIFY).order_by("-at").first()
    return last.note if last else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An order as everybody may read it: no person, no address of a post, no reference."""

    number: str
    kind: str
    citation: str
    authority: str
    country: str
    platform: str
    received_at: datetime
    answered_at: datetime
    state: str
    items: int
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPage:
    """Some of them. `silent`: how many may not be told of yet."""

    rows: list[Published]
    page: "Page[Order]"
    silent: int


def published(*, now: datetime, asked: str = "") -> PublishedPage:
    """Answered orders, the newest first. `asked`: the page's number, as it was typed."""
    lasting = Q(non_disclosure=True) & (
        Q(non_disclosure_until=None) | Q(non_disclosure_until__gte=now.date())
    )
    done = Order.objects.exclude(answered_at=None).select_related("officer")
    shown = done.exclude(lasting).order_by("-answered_at", "-id")
    page = Paginator(shown, PUBLISHED).get_page(asked)
    names, removed = dict(Platform.objects.values_list("id", "name")), _removed(page)
    rows = [_published(one, names, sum(removed[case] for case in one.cases)) for one in page]
    return PublishedPage(rows=rows, page=page, silent=done.filter(lasting).count())


def _removed(orders: Iterable[Order]) -> Counter[UUID]:
    """For each case of these that were done: how many items stay removed."""
    cases = [case for order in orders if order.state == Order.State.DONE for case in order.cases]
    found = Restriction.objects.filter(case_id__in=cases, level="removed", lifted_at=None)
    return Counter(dict(found.order_by().values_list("case_id").annotate(n=Count("id"))))


def _published(order: Order, names: dict[UUID, str], removed: int) -> Published:
    instrument = INSTRUMENTS[Kind(order.kind)]
    assert order.answered_at is not None
    verified = order.officer.level >= 2
    return Published(
        number=order.number,
        kind=instrument.title,
        citation=instrument.citation,
        authority=order.officer.agency if verified else "somebody who was not verified",
        country=order.officer.country,
        platform=names.get(order.platform_id, ""),
        received_at=order.received_at,
        answered_at=order.answered_at,
        state=order.get_state_display(),
        items=removed if order.state == Order.State.DONE else 0,
        challenge=order.challenge,
    )
