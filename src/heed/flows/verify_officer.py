"""Who is it that asks? A ladder, climbed step by step, each step written down.

1. The mailbox answers with its code. Of an official domain that is level 1, else nothing.
2. One of us calls a number that we found ourselves, and notes where, and who confirmed it.
3. A second of us judges that note. Agreed, it is level 2.
4. At level 2 an agency account may be opened, with a second factor: level 3, for ninety days.
5. An officer signs in to that account: by the mailbox's code and the second factor.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from allauth.mfa.totp.internal import auth as totp
from django.db import transaction

from heed.filings import ordering, orders, passkeys
from heed.filings.models import Officer, Order, OrderStep
from heed.ledger import services as ledger
from heed.people import queries as people
from heed.people import services as contacts
from heed.people.models import Role, Staff
from heed.rules.orders import ACCOUNT_LASTS, CALLED_BACK

MAY_ANSWER = frozenset({Role.LIAISON, Role.SENIOR})


class MayNotVerify(Exception):
    """Not by this person, or not so; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is noted of a call-back. All of it is asked for."""

    number_found: str  # where: an official directory, never what the officer gave us
    spoke_to: str
    supervisor: str


def must_answer_for(platform_id: UUID, by: UUID) -> None:
    """Raises `MayNotVerify` for somebody who does not speak with authorities there."""
    if not people.roles_of(Staff.objects.get(id=by), platform_id) & MAY_ANSWER:
        raise MayNotVerify("Only a liaison or a senior reviewer answers officers.")


def confirm_mailbox(*, order_id: UUID, code: str, now: datetime) -> bool:
    """The code came back. False for a wrong one. Repeating changes nothing."""
    order = Order.objects.select_related("officer").get(id=order_id)
    given = sha256(code.strip().upper().encode()).digest()
    if not hmac.compare_digest(given, bytes(order.code_hash)):
        return False
    with transaction.atomic():
        if order.officer.mailbox_at is None:
            level = 1 if order.officer.official_domain else 0
            ordering.raise_level(order.officer, level, mailbox_at=now)
            ordering.note_step(order, OrderStep.What.MAILBOX, now=now)
            _enter(order, "mailbox", now)
    return True


def note_call(*, order_id: UUID, call: Call, by: UUID, now: datetime) -> None:
    """One of us has called. Nothing follows until a second person agrees. Raises `MayNotVerify`."""
    order = Order.objects.select_related("officer").get(id=order_id)
    must_answer_for(order.platform_id, by)
    if not (call.number_found.strip() and call.spoke_to.strip() and call.supervisor.strip()):
        raise MayNotVerify("Note where the number was found, who spoke, and which supervisor.")
    given = "".join(one for one in orders.contact(order)[1] if one.isdigit())
    called = "".join(one for one in call.number_found if one.isdigit())
    if given and given in called:
        raise MayNotVerify(
            "That is the number that the officer gave. Find the agency's own number elsewhere."
        )
    note = f"found: {call.number_found}\nspoke to: {call.spoke_to}\nsupervisor: {call.supervisor}"
    with transaction.atomic():
        ordering.note_step(order, OrderStep.What.CALLED, by=by, note=note, now=now)
        _enter(order, "called", now)


def judge_call(*, order_id: UUID, agrees: bool, by: UUID, now: datetime) -> None:
    """The second person's word on the call. Raises `MayNotVerify`."""
    order = Order.objects.select_related("officer").get(id=order_id)
    must_answer_for(order.platform_id, by)
    with transaction.atomic():
        Order.objects.select_for_update().get(id=order_id)
        step = orders.call_to_second(order)
        if step is None:
            raise MayNotVerify("No call waits to be judged.")
        if step.by == by:
            raise MayNotVerify("You made this call. A different person must judge it.")
        what = OrderStep.What.SECONDED if agrees else OrderStep.What.DOUBTED
        ordering.note_step(order, what, by=by, now=now)
        if agrees:
            ordering.raise_level(order.officer, CALLED_BACK, called_at=now)
        _enter(order, what.value, now)


def open_account(*, order_id: UUID, by: UUID, now: datetime) -> str:
    """An agency account for an officer who was called back; its TOTP secret, shown this once.

    Opening it again renews it, with a new secret and no passkeys. Raises `MayNotVerify`.
    """
    order = Order.objects.select_related("officer").get(id=order_id)
    must_answer_for(order.platform_id, by)
    if order.officer.level < CALLED_BACK or order.officer.mailbox_at is None:
        raise MayNotVerify("First the mailbox and the call-back, then an account.")
    secret = str(totp.generate_totp_secret())
    with transaction.atomic():
        passkeys.forget(order.officer)
        ordering.raise_level(
            order.officer,
            CALLED_BACK,
            totp_sealed=contacts.seal(secret),
            account_until=now + ACCOUNT_LASTS,
        )
        _enter(order, "account", now)
    return secret


def sign_in(*, mail: str, code: str, now: datetime) -> UUID | None:
    """The account of this mailbox and second factor, if it has not run out; else None.

    Level 3 lasts as long as the account does.
    """
    found = Officer.objects.filter(
        mail_index=contacts.blind_index(mail), account_until__gt=now, totp_sealed__isnull=False
    )
    for officer in found.order_by("-account_until")[:3]:
        secret = contacts.unseal(bytes(officer.totp_sealed or b""))
        if totp.validate_totp_code(secret, code.strip()):
            ordering.raise_level(officer, 3)
            return officer.id
    return None


def _enter(order: Order, step: str, now: datetime) -> None:
    body = {"step": step, "level": order.officer.level}
    ledger.enter("order.verified", subject=f"order:{order.id}", body=body, at=now)
