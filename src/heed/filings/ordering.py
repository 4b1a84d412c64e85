"""Writing down what officers ask, how they were verified, and what they were given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from heed.filings.models import Disclosure, Officer, Order, OrderStep
from heed.ids import number, secret
from heed.people import services as people


class OrderChanged(Exception):
    """Somebody else was first with this order. Read the page again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerIn:
    """Who asks, as they say."""

    name: str
    agency: str
    mail: str
    phone: str
    agency_address: str = ""
    badge: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIn:
    """What is asked, as it was asked."""

    kind: str
    instrument_ref: str
    legal_basis: str
    urls: Sequence[str] = ()
    identifiers: str = ""
    sought: str = ""
    from_on: date | None = None
    until_on: date | None = None
    danger: str = ""
    non_disclosure: bool = False
    non_disclosure_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOrder:
    """An order as it was just written down, with the secrets that only its officer gets."""

    order: Order
    link_secret: str
    code: str


def keep_officer(said: OfficerIn, *, official: bool, now: datetime) -> Officer:
    """A row for each order, at level 0: nothing that was proven before is taken for granted."""
    return Officer.objects.create(
        name=said.name,
        agency=said.agency,
        agency_address=said.agency_address,
        badge=said.badge,
        country=said.country,
        mail_sealed=people.seal(said.mail.strip()),
        phone_sealed=people.seal(said.phone.strip()),
        mail_index=people.blind_index(said.mail),
        official_domain=official,
        made_at=now,
    )


def keep_order(
    platform_id: UUID, officer: Officer, said: OrderIn, *, cases: Sequence[UUID], now: datetime
) -> KeptOrder:
    """An order as it was said, with its private link and the code for its mailbox."""
    link, code = secret(), made_code()
    order = Order.objects.create(
        number=number("O"),
        platform_id=platform_id,
        officer=officer,
        kind=said.kind,
        instrument_ref=said.instrument_ref,
        legal_basis=said.legal_basis,
        urls=list(said.urls),
        identifiers=said.identifiers,
        sought=said.sought,
        from_on=said.from_on,
        until_on=said.until_on,
        danger=said.danger,
        non_disclosure=said.non_disclosure,
        non_disclosure_until=said.non_disclosure_until,
        link_hash=_digest(link),
        code_hash=_digest(code),
        received_at=now,
        cases=list(cases),
    )
    return KeptOrder(order=order, link_secret=link, code=code)


def made_code() -> str:
    """A code that can be typed from a mail."""
    return secret()[:10].upper()


def expect_code(order: Order, code: str) -> None:
    """This code was sent to its mailbox; the one before counts no longer."""
    Order.objects.filter(id=order.id).update(code_hash=_digest(code))


def note_step(
    order: Order, what: str, *, by: UUID | None = None, note: str = "", now: datetime
) -> OrderStep:
    """Something was checked or said."""
    return OrderStep.objects.create(order=order, what=what, by=by, note=note, at=now)


def raise_level(officer: Officer, level: int, **more: object) -> None:
    """The ladder is only climbed here."""
    Officer.objects.filter(id=officer.id, level__lt=level).update(level=level)
    Officer.objects.filter(id=officer.id).update(**more)
    officer.refresh_from_db()


def move(order: Order, to: str, *, expected: Sequence[str], **more: object) -> None:
    """Raises `OrderChanged`."""
    if not Order.objects.filter(id=order.id, state__in=expected).update(state=to, **more):
        raise OrderChanged("Somebody has answered this order in the meantime.")
    order.refresh_from_db()


def note_challenge(order: Order, words: str, *, now: datetime) -> None:
    """We contest it, before whom and why: published with the order."""
    Order.objects.filter(id=order.id).update(challenged_at=now, challenge=words)
    order.refresh_from_db()


def note_renewed(order: Order, *, now: datetime) -> None:
    """Asked to be kept longer."""
    Order.objects.filter(id=order.id).update(renewed_at=now)
    order.refresh_from_db()


def propose(
    order: Order, *, case_id: UUID, contents: bool, basis: str, recipient: str, by: UUID,
    now: datetime,
) -> Disclosure:  # fmt: skip
    """One of ours says what would be given out. Nothing is built."""
    return Disclosure.objects.create(
        order=order, case_id=case_id, contents=contents, basis=basis, recipient=recipient,
        proposed_by=by, proposed_at=now,
    )  # fmt: skip


def move_disclosure(given: Disclosure, to: str, *, expected: str, **more: object) -> None:
    """Raises `OrderChanged`."""
    live = Disclosure.objects.filter(id=given.id, state=expected)
    if not live.update(state=to, **more):
        raise OrderChanged("Somebody has answered this in the meantime.")
    given.refresh_from_db()


def note_fetched(given: Disclosure, *, now: datetime) -> bool:
    """The officer has fetched it; True the first time."""
    return bool(Disclosure.objects.filter(id=given.id, fetched_at=None).update(fetched_at=now))


def note_cases(order: Order, cases: Sequence[UUID]) -> None:
    """The cases that it speaks about."""
    Order.objects.filter(id=order.id).update(cases=list(cases))
    order.refresh_from_db()


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
