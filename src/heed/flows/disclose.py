"""Something is given to an officer: never by itself, and never by one of us alone.

1. One proposes what, under which law, and why this much. Only after a call-back.
2. Another agrees, or does not; agreed, the worker builds it.
3. The filer opens what is asked for, and makes one package: files, manifest with hashes, the
   ledger's proofs, a readable PDF. Encrypted for the officer's own key, it is kept and logged.
4. The officer fetches it from their page.
"""

import json
import logging
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Copy
from heed.cases.services import deadlines
from heed.filings import order_paper, ordering, orders, queries
from heed.filings.models import Disclosure, Order, SealedObject
from heed.flows import jobs, wiring
from heed.flows.answer_order import WHY_NOT, MayNotAnswer
from heed.flows.shared import evidence, packages
from heed.flows.shared.packages import Part
from heed.flows.verify_officer import must_answer_for
from heed.ids import mint
from heed.ledger import services as ledger
from heed.media.models import Item, Platform
from heed.ports import BadRecipient, ObjectMissing, Purpose, VaultTrouble
from heed.rules.clocks import Done
from heed.rules.orders import INSTRUMENTS, Bar, Kind, may_disclose

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """There is nothing to fetch (yet). The page says how far it is."""


def propose(
    *,
    order_id: UUID,
    case_id: UUID,
    contents: bool,
    basis: str,
    recipient: str,
    by: UUID,
    now: datetime,
) -> Disclosure:
    """Say what would be given out. Raises `MayNotAnswer`, `verify_officer.MayNotVerify`."""
    order = Order.objects.select_related("officer").get(id=order_id)
    must_answer_for(order.platform_id, by)
    _must_be_allowed(order, str(by), "")
    instrument = INSTRUMENTS[Kind(order.kind)]
    if contents and not instrument.contents:
        raise MayNotAnswer(
            f"{instrument.title}: records only, no contents ({instrument.citation})."
        )
    if case_id not in order.cases:
        raise MayNotAnswer("The order does not speak about that case.")
    if len(basis.strip()) < 10:
        raise MayNotAnswer("Say why this much is asked for by this law, and no more.")
    try:
        wiring.seals().check_recipient(recipient)
    except BadRecipient as why:
        raise MayNotAnswer(f"{str(why).capitalize()}. Have it read out in the call.") from why
    with transaction.atomic():
        made = ordering.propose(
            order,
            case_id=case_id,
            contents=contents,
            basis=basis.strip(),
            recipient=recipient.strip(),
            by=by,
            now=now,
        )
        _enter(order, made, "proposed", now)
    return made


def second(*, disclosure_id: UUID, agrees: bool, by: UUID, now: datetime) -> None:
    """The second person's word. Raises as `propose`, and `ordering.OrderChanged`."""
    given = Disclosure.objects.select_related("order__officer").get(id=disclosure_id)
    must_answer_for(given.order.platform_id, by)
    _must_be_allowed(given.order, str(given.proposed_by), str(by))
    to = Disclosure.State.AGREED if agrees else Disclosure.State.REFUSED
    with transaction.atomic():
        ordering.move_disclosure(given, to, expected="proposed", seconded_by=by, seconded_at=now)
        _enter(given.order, given, to.value, now)
        if agrees:
            granted = f"order:{given.order.number}"
            deadlines.done(Done.REQUEST_ANSWERED, now=now, cause=granted)
            once = f"disclose:{given.id}"
            jobs.later("disclose", once=once, queue="keep", disclosure_id=str(given.id))


def _must_be_allowed(order: Order, proposer: str, by: str) -> None:
    if order.state not in orders.WAITING:
        raise MayNotAnswer("This order was answered.")
    bar = may_disclose(Kind(order.kind), order.officer.level, proposer, by)
    if bar is not Bar.NOTHING:
        raise MayNotAnswer(WHY_NOT[bar])


# ------------------------------------------------------------------ 3 build


def build(*, disclosure_id: UUID, now: datetime) -> bool:
    """Build what two people agreed to give. Repeating builds nothing twice."""
    given = Disclosure.objects.select_related("order__officer").get(id=disclosure_id)
    if given.state != Disclosure.State.AGREED:
        return False
    try:
        package = _package(given, now)
        body = wiring.seals().encrypt_for(package, given.recipient)
        name = f"disclosure/{str(given.id)[:2]}/{mint()}.age"
        wiring.vault().put(name, body)
    except (evidence.NotPreserved, VaultTrouble) as why:
        _failed(given, str(why), now)
        return False
    with transaction.atomic():
        ordering.move_disclosure(
            given,
            Disclosure.State.READY,
            expected="agreed",
            name=name,
            sha256=sha256(body).digest(),
            built_at=now,
        )
        _enter(given.order, given, "ready", now)
    return True


def _failed(given: Disclosure, why: str, now: datetime) -> None:
    logger.error("disclosure not built", extra={"disclosure": str(given.id), "reason": why})
    with transaction.atomic():
        ordering.move_disclosure(
            given, Disclosure.State.FAILED, expected="agreed", why_not=why[:300]
        )
        _enter(given.order, given, "failed", now)


def _package(given: Disclosure, now: datetime) -> bytes:
    case = Case.objects.select_related("platform", "file").get(id=given.case_id)
    order = given.order
    records = _records(case, order.from_on, order.until_on)
    parts = [
        Part(name="records.json", body=json.dumps(records, indent=1).encode(), facts={}),
        *(_files(case, f"order {order.number}", now) if given.contents else []),
    ]
    listed = [(one.name, sha256(one.body).hexdigest()) for one in parts]
    platform = Platform.objects.get(id=order.platform_id)
    paper = order_paper.made(order, given, case, platform.name, records, listed, now=now)
    parts.insert(0, Part(name="read-me-first.pdf", body=paper, facts={}))
    why = f"order {order.number}, {INSTRUMENTS[Kind(order.kind)].citation}"
    return packages.make(case=case, parts=parts, purpose=why, now=now)


def _files(case: Case, why: str, now: datetime) -> list[Part]:
    """Every evidence copy, and what stood around it. One that can't be read stops the whole."""
    copies = queries.sealed_of(case.id).exclude(copy=SealedObject.Copy.REVIEW)
    kept = copies.filter(state=SealedObject.State.KEPT)
    return [
        packages.part_of(one, evidence.open_sealed(one, Purpose.FILING, why=why, now=now))
        for one in kept
    ]


def _records(case: Case, first: date | None, last: date | None) -> list[dict[str, object]]:
    """Items of the case inside the days that were asked for: no words, no notifier."""
    copies = Copy.objects.filter(case=case).select_related("item__account").order_by("found_at")
    return [_record(copy) for copy in copies if _inside(copy.item, first, last)]


def _inside(item: Item, first: date | None, last: date | None) -> bool:
    day = (item.published_at or item.registered_at).date()
    return (first is None or first <= day) and (last is None or day <= last)


def _record(copy: Copy) -> dict[str, object]:
    item = copy.item
    return {
        "ref": item.ref,
        "url": item.url,
        "account": item.account.ref if item.account else None,
        "published_at": item.published_at.isoformat() if item.published_at else None,
        "registered_at": item.registered_at.isoformat(),
        "found": copy.how,
        "views": item.views,
    }


# ------------------------------------------------------------------ 4 fetch


def fetch(*, disclosure_id: UUID, now: datetime) -> bytes:
    """The package, encrypted as it lies. Each fetching is in the ledger. Raises `NotReady`."""
    given = Disclosure.objects.select_related("order__officer").get(id=disclosure_id)
    if given.state != Disclosure.State.READY or given.order.officer.level < 2:
        raise NotReady("This is not ready to be fetched.")
    try:
        body = wiring.vault().get(given.name)
    except (ObjectMissing, VaultTrouble) as why:
        raise NotReady("It can't be read just now. Write to us.") from why
    if sha256(body).digest() != bytes(given.sha256 or b""):
        raise NotReady("It was altered where it lies, so it is not given out. Write to us.")
    with transaction.atomic():
        ordering.note_fetched(given, now=now)
        _enter(given.order, given, "fetched", now)
    return body


def _enter(order: Order, given: Disclosure, what: str, now: datetime) -> None:
    body = {"disclosure": str(given.id), "was": what, "contents": given.contents}
    if given.sha256:
        body["sha256"] = bytes(given.sha256).hex()
    ledger.enter("order.disclosed", subject=f"order:{order.id}", body=body, at=now)
