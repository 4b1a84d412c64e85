"""An officer asks for something.

1. Keep what was asked, its clocks and its ledger entry, alone. Nothing is done by that, but that
   an emergency calls the people on duty.
2. Find the cases that it speaks about; what no case is about yet is heard as a notice.
3. To preserve harms nobody: what is named is kept from now on, whoever asks, and disclosed to none.
4. Write to the mailbox: whoever can read it, proves that much and no more. Asked again, with
   another code; six times an hour at most, whoever typed the address.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from heed.cases.models import Case, Target
from heed.cases.services import deadlines
from heed.cases.services.notices import Place
from heed.filings import ordering, orders
from heed.filings.models import Officer, Order, OrderStep
from heed.filings.ordering import OfficerIn, OrderIn
from heed.flows import wiring
from heed.flows.count_try import count_try
from heed.flows.receive_notice import NoticeIn, receive_notice
from heed.flows.shared import clocks, duty, evidence
from heed.ledger import services as ledger
from heed.media import queries as media
from heed.media.models import Platform
from heed.people.guesses import Bound
from heed.ports import MailRefused
from heed.rules import orders as rules
from heed.rules.claims import AgeThen, Category, Standing
from heed.rules.clocks import Event
from heed.rules.orders import INSTRUMENTS, Asks, Kind

logger = logging.getLogger(__name__)
TO_ONE_MAILBOX = Bound(door="officer.mail", most=6, within=timedelta(hours=1))


class NothingAsked(Exception):
    """An order names a post, an account or records. The message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What the officer is told at once. The secret is given here, and never again."""

    number: str
    link_secret: str


def receive_order(
    *, platform_id: UUID, said: OrderIn, by: OfficerIn, account: UUID | None = None, now: datetime
) -> Taken:
    """Take in one order. `account` is a signed-in agency account. Raises `NothingAsked`."""
    kind = Kind(said.kind)
    _must_ask(kind, said)
    with transaction.atomic():
        officer = _officer(by, account, now)
        kept = ordering.keep_order(platform_id, officer, said, cases=[], now=now)
        if account is not None:
            ordering.note_step(kept.order, OrderStep.What.ACCOUNT, now=now)
        ledger.enter(
            "order.received",
            subject=f"order:{kept.order.id}",
            body={"kind": kind.value, "level": officer.level, "urls": len(said.urls)},
            at=now,
        )
        _start_clocks(kept.order, [], now)
        if kind is Kind.EMERGENCY:
            duty.call_for_order(kept.order, now=now)
    cases = _cases(platform_id, said.urls, now)
    with transaction.atomic():
        ordering.note_cases(kept.order, [one.id for one in cases])
        _start_clocks(kept.order, cases, now)
        if INSTRUMENTS[kind].asks is Asks.PRESERVE:
            for case in cases:
                evidence.start(case)
    _challenge(kept.order, by.mail, kept.code, now)
    return Taken(number=kept.order.number, link_secret=kept.link_secret)


def _must_ask(kind: Kind, said: OrderIn) -> None:
    if not (said.urls or said.identifiers.strip()):
        raise NothingAsked("Name at least one address of a post, or one account.")
    if INSTRUMENTS[kind].asks in rules.DISCLOSES and not said.sought.strip():
        raise NothingAsked("Say which records you ask for.")
    if kind is Kind.EMERGENCY and not said.danger.strip():
        raise NothingAsked("Say who is in what danger, and why this can't wait for legal process.")
    if said.from_on and said.until_on and said.until_on < said.from_on:
        raise NothingAsked("The last day lies before the first.")


def _officer(by: OfficerIn, account: UUID | None, now: datetime) -> Officer:
    if account is not None:
        return Officer.objects.get(id=account)
    return ordering.keep_officer(by, official=rules.official(by.mail), now=now)


def _cases(platform_id: UUID, urls: Sequence[str], now: datetime) -> list[Case]:
    """The cases about what these addresses show; opened by a notice where there is none."""
    platform = Platform.objects.get(id=platform_id)
    found: list[Case] = []
    unknown: list[str] = []
    for url in urls:
        there = _known(platform, url)
        found += there
        if not there:
            unknown.append(url)
    ids = {one.id for one in found} | _heard(platform, unknown, now)
    return list(Case.objects.select_related("platform").filter(id__in=ids).order_by("opened_at"))


def _known(platform: Platform, url: str) -> list[Case]:
    item = media.item_at(platform, url)
    if item is None:
        return []
    about = Q(item=item) | Q(file__in=media.files_of([item.id]))
    return list(Case.objects.filter(about, platform=platform))


def _heard(platform: Platform, urls: Sequence[str], now: datetime) -> set[UUID]:
    """As any notice: no category about bodies is claimed by it, so nothing is hidden by it."""
    if not urls:
        return set()
    heard = receive_notice(
        platform_id=platform.id,
        notice=NoticeIn(
            places=tuple(Place(url=url) for url in urls),
            category=Category.OTHER,
            standing=Standing.POLICE,
            age_then=AgeThen.ADULT,
            words="Named in an order of an authority.",
        ),
        door="officer",
        verbatim={"urls": list(urls), "words": "Named in an order of an authority."},
        now=now,
    )
    named = Target.objects.filter(notice_id=heard.notice_id, item__isnull=False)
    joined = Case.objects.filter(joins__notice_id=heard.notice_id, platform=platform)
    return set(joined.values_list("id", flat=True)) if named else set()


def _start_clocks(order: Order, cases: Sequence[Case], now: datetime) -> None:
    """For each case a clock of its own; what is owed for the order itself before any is found."""
    instrument = INSTRUMENTS[Kind(order.kind)]
    if instrument.event is not None and instrument.of_the_order and not cases:
        cause = f"order:{order.number}"
        due = clocks.of_law(instrument.pack, event=instrument.event, cause=cause, at=now)
        deadlines.set_clocks(None, due, now=now)
    for case in cases:
        start_clocks(order, case, f"order:{order.number}/{case.number}", now=now)


def start_clocks(order: Order, case: Case, cause: str, *, now: datetime) -> None:
    """What this order makes due in a case. Its own law counts, switched on or not."""
    instrument = INSTRUMENTS[Kind(order.kind)]
    if instrument.event is not None and not instrument.of_the_order:
        _set(case, instrument.event, instrument.pack, cause, now)


def start_floor(order: Order, case: Case, *, now: datetime) -> None:
    """Removed under it: what the same law wants kept."""
    instrument = INSTRUMENTS[Kind(order.kind)]
    if instrument.pack:
        cause = f"order:{order.number}/{case.number}"
        _set(case, Event.REMOVED_UNDER_ORDER, instrument.pack, cause, now)


def _set(case: Case, event: Event, pack: str, cause: str, now: datetime) -> None:
    due = clocks.of_law(pack, event=event, cause=cause, at=now)
    deadlines.set_clocks(case, due, now=now)


def challenge_again(*, order_id: UUID, now: datetime) -> bool:
    """A new code for the mailbox, for which the one before counts no longer once it was sent.

    False when it could not be sent. Raises `OrderChanged`.
    """
    order = Order.objects.select_related("officer").get(id=order_id)
    if order.officer.mailbox_at is not None or order.state not in orders.WAITING:
        raise ordering.OrderChanged("The mailbox has answered, or this request is over.")
    code = ordering.made_code()
    if not _challenge(order, orders.contact(order)[0], code, now):
        return False
    with transaction.atomic():
        ordering.expect_code(order, code)
    return True


def _challenge(order: Order, mail: str, code: str, now: datetime) -> bool:
    """Also to a mailbox that is nowhere official: it proves nothing then, and we say so."""
    if TO_ONE_MAILBOX.again_at(mail, now):
        return False
    text = (
        f"Somebody gave this address with the request {order.number} at {settings.PUBLIC_URL}.\n\n"
        f"If it was you, enter this code on the page of the request: {code}\n\n"
        "If it was not you, somebody uses your name: please answer this mail."
    )
    try:
        wiring.mail().send(mail, subject=f"Request {order.number}", text=text)
    except MailRefused:
        logger.exception("mailbox challenge not sent", extra={"order": str(order.id)})
        return False
    count_try(at=TO_ONE_MAILBOX, name=mail, now=now)
    return True


def renew(*, order_id: UUID, now: datetime) -> None:
    """A preservation request is renewed: ninety days more from now. Raises `OrderChanged`."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=order_id)
        if order.kind != Kind.PRESERVATION or order.state not in orders.WAITING + orders.DONE:
            raise ordering.OrderChanged("This request is over: make a new one.")
        ordering.note_renewed(order, now=now)
        ordering.note_step(order, OrderStep.What.RENEWED, now=now)
        for case in orders.cases_of(order):
            start_clocks(order, case, f"order:{order.number}/{case.number}/{now:%Y%m%d}", now=now)
        body = {"kind": order.kind, "renewed": True}
        ledger.enter("order.received", subject=f"order:{order.id}", body=body, at=now)
