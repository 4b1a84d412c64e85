"""An officer hands in the instrument itself, a signed paper: a stranger's bytes, sealed unread.

1. Take it: only its first bytes are looked at. It is sealed in the same request, and never shown,
   rendered, decoded or searched by this program.
2. Whoever answers officers asks for it with an age key of their own; the worker opens it for that
   key alone, and the ledger says who and when.
3. They fetch it, encrypted, and open it where it can do no harm.
"""

import logging
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from heed.filings import instruments, orders, vault
from heed.filings.models import InstrumentReading, Order, SealedObject
from heed.filings.vault import Subject
from heed.flows import jobs, wiring
from heed.flows.shared import evidence
from heed.flows.verify_officer import must_answer_for
from heed.ids import mint
from heed.ledger import services as ledger
from heed.ports import BadRecipient, ObjectMissing, Purpose, VaultTrouble

logger = logging.getLogger(__name__)
MOST_BYTES = 8 * 1024 * 1024
MOST_PAPERS = 5  # for one order: a page that anybody may fill is no store
BEGINS = b"%PDF-"
LEASE = timedelta(minutes=10)


class NotTaken(Exception):
    """It was not kept; the message says why, and what would help."""


class NotReadable(Exception):
    """It can't be opened for this person, or not yet; the message says why."""


def take(*, order_id: UUID, data: bytes, now: datetime) -> None:
    """Keep one paper. Raises `NotTaken`."""
    order = Order.objects.get(id=order_id)
    if order.state not in orders.WAITING:
        raise NotTaken("This request was answered: make a new one, and hand it in there.")
    if not data.startswith(BEGINS):
        raise NotTaken("Hand it in as a PDF.")
    if len(data) > MOST_BYTES:
        raise NotTaken(f"A PDF of at most {MOST_BYTES // 1024 // 1024} MB, please.")
    kept = list(instruments.of_order(order))
    if any(bytes(one.plain_sha256 or b"") == sha256(data).digest() for one in kept):
        return
    if len(kept) >= MOST_PAPERS:
        raise NotTaken(f"{MOST_PAPERS} papers were handed in already: bring the rest in the call.")
    subject = Subject(
        copy=SealedObject.Copy.ORDER, platform_id=order.platform_id, case_id=order.id,
        round=len(kept) + 1,
    )  # fmt: skip
    vault.ask_for([subject], now=now)
    sealed = vault.take(vault.of(subject).id, now=now, lease_until=now + LEASE, early=True)
    if sealed is None or not evidence.keep(sealed, data, source="officer", now=now):
        raise NotTaken("It could not be kept just now. Try again, or bring it in the call.")


def ask(*, order_id: UUID, sealed_id: UUID, recipient: str, by: UUID, now: datetime) -> None:
    """One of ours wants to read it. Raises `NotReadable`, `verify_officer.MayNotVerify`."""
    order = Order.objects.get(id=order_id)
    must_answer_for(order.platform_id, by)
    sealed = instruments.of_order(order).filter(id=sealed_id).first()
    if sealed is None:
        raise NotReadable("No such paper was handed in with this request.")
    try:
        wiring.seals().check_recipient(recipient.strip())
    except BadRecipient as why:
        raise NotReadable(f"{str(why).capitalize()}. It begins with age1.") from why
    with transaction.atomic():
        read = instruments.ask(order, sealed, recipient=recipient.strip(), by=by, now=now)
        once = f"instrument:{read.id}"
        jobs.later("open_instrument", once=once, queue="keep", reading_id=str(read.id))


def open_for(*, reading_id: UUID, now: datetime) -> bool:
    """The worker opens it for the reader's key. Repeating opens nothing twice."""
    read = InstrumentReading.objects.select_related("order").get(id=reading_id)
    if read.built_at is not None:
        return False
    sealed = SealedObject.objects.get(id=read.sealed_id)
    why = f"order {read.order.number}, for {read.asked_by}"
    try:
        data = evidence.open_sealed(sealed, Purpose.FILING, why=why, now=now)
        body = wiring.seals().encrypt_for(data, read.recipient)
        name = f"instrument/{str(read.id)[:2]}/{mint()}.age"
        wiring.vault().put(name, body)
    except (evidence.NotPreserved, VaultTrouble, BadRecipient) as trouble:
        logger.exception("instrument not opened", extra={"reading": str(read.id)})
        instruments.note_failed(read, str(trouble))
        return False
    with transaction.atomic():
        instruments.note_built(read, name=name, sha256=sha256(body).digest(), now=now)
        facts = {"reading": str(read.id), "by": str(read.asked_by)}
        ledger.enter("instrument.opened", subject=f"order:{read.order_id}", body=facts, at=now)
    return True


def fetch(*, reading_id: UUID, by: UUID) -> bytes:
    """As it lies: encrypted for who asked, and given to nobody else. Raises `NotReadable`."""
    read = instruments.reading(reading_id)
    if read is None or read.asked_by != by or read.built_at is None:
        raise NotReadable("This is not ready to be fetched, or was asked for by somebody else.")
    must_answer_for(read.order.platform_id, by)
    try:
        body = wiring.vault().get(read.name)
    except (ObjectMissing, VaultTrouble) as why:
        raise NotReadable("It can't be read just now. Ask for it again.") from why
    if sha256(body).digest() != bytes(read.sha256 or b""):
        raise NotReadable("It was altered where it lies. Ask for it again.")
    return body
