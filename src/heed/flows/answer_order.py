"""What we answer to an order: carry it out, refuse it, ask what is meant, or contest it.

1. Check who answers, and how sure we are of the officer: an unverified order never acts by itself.
2. Carry it out through the decisions that everybody can appeal; start what its law wants kept.
3. Write down the answer; it is published without persons, unless the officer's order forbids that.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from heed.cases.models import Case, Deadline
from heed.cases.services import cases as rounds
from heed.cases.services import deadlines
from heed.filings import ordering, orders
from heed.filings.models import Order, OrderStep
from heed.flows.decide_case import decide
from heed.flows.observe_states import settle_case
from heed.flows.receive_order import start_clocks, start_floor
from heed.flows.shared import states
from heed.flows.verify_officer import must_answer_for
from heed.ledger import services as ledger
from heed.rules.clocks import Done
from heed.rules.decisions import Ruling, Scope
from heed.rules.orders import (
    INSTRUMENTS,
    WAITS_FOR_CLARIFICATION,
    Asks,
    Bar,
    Kind,
    may_carry_out,
)

WAITING = [state.value for state in orders.WAITING]
WHY_NOT = {
    Bar.NOT_CALLED: "Nobody has called back yet: an unverified order is never carried out.",
    Bar.SAME_PERSON: "You proposed this. A different person must agree.",
    Bar.NOT_ASKED: "This instrument does not ask for that.",
}


class MayNotAnswer(Exception):
    """It can't be done now; the message says why, and what would help."""


def carry_out(*, order_id: UUID, answer: str, by: UUID, now: datetime) -> None:
    """Do what is asked (to remove, to keep). Repeating finishes what was left.

    Raises `MayNotAnswer`, `verify_officer.MayNotVerify`, `ordering.OrderChanged`.
    """
    order = _order(order_id, by, answer)
    kind = Kind(order.kind)
    if INSTRUMENTS[kind].asks not in (Asks.REMOVE, Asks.PRESERVE):
        raise MayNotAnswer("Give it out below, by two people; or refuse it.")
    bar = may_carry_out(kind, order.officer.level)
    if bar is not Bar.NOTHING:
        raise MayNotAnswer(WHY_NOT[bar])
    if INSTRUMENTS[kind].asks is Asks.REMOVE:
        for case in orders.cases_of(order):
            _remove(order, case, answer, by, now)
    _finish(order, Order.State.DONE, answer, by, now)


def _remove(order: Order, case: Case, answer: str, by: UUID, now: datetime) -> None:
    """A decision like any other: with reasons, a statement to the uploader, and an appeal."""
    instrument = INSTRUMENTS[Kind(order.kind)]
    with transaction.atomic():
        locked = states.lock(case.id)
        if locked.state == Case.State.DECIDED and locked.decided_level == "removed":
            settle_case(locked, now=now)  # gone before it was ordered, and looked at since
            start_floor(order, case, now=now)
            return
        if locked.state == Case.State.DECIDED:
            rounds.new_round(locked, now=now)
        decide(
            case_id=case.id,
            ruling=Ruling.REMOVE,
            scope=Scope.ITEMS,
            clause="other",
            reasons=f"Removed under an order of an authority ({instrument.citation}).",
            facts=f"{order.number}: {answer}",
            without_evidence=True,
            by=by,
            now=now,
        )
        start_floor(order, case, now=now)


def refuse(*, order_id: UUID, answer: str, by: UUID, now: datetime) -> None:
    """Say no, with the reason that the officer reads. Raises as `carry_out`."""
    _finish(_order(order_id, by, answer), Order.State.REFUSED, answer, by, now)


def given(*, order_id: UUID, answer: str, by: UUID, now: datetime) -> None:
    """All that is given out was given: the order is answered. Raises as `carry_out`."""
    order = _order(order_id, by, answer)
    if not orders.disclosures(order).filter(state="ready").exists():
        raise MayNotAnswer("Nothing was given out yet.")
    _finish(order, Order.State.DONE, answer, by, now)


def ask_to_clarify(*, order_id: UUID, question: str, by: UUID, now: datetime) -> None:
    """It can't be carried out as it stands. A TCO order's clock waits, no other one does.

    Raises as `carry_out`.
    """
    order = _order(order_id, by, question)
    with transaction.atomic():
        ordering.move(order, Order.State.CLARIFY, expected=["received"])
        ordering.note_step(order, OrderStep.What.CLARIFY, by=by, note=question, now=now)
        deadlines.pause(list(_waits(order).filter(clock__in=WAITS_FOR_CLARIFICATION)), now=now)
        _enter(order, "clarify", now)


def clarified(*, order_id: UUID, words: str, now: datetime) -> None:
    """The officer's answer: received as the order anew. Raises `OrderChanged`, `MayNotAnswer`."""
    order = Order.objects.get(id=order_id)
    if not words.strip():
        raise MayNotAnswer("Say what is meant.")
    with transaction.atomic():
        ordering.move(order, Order.State.RECEIVED, expected=["clarify"])
        ordering.note_step(order, OrderStep.What.CLARIFIED, note=words.strip(), now=now)
        waited = _waits(order).filter(clock__in=WAITS_FOR_CLARIFICATION)
        for case in Case.objects.filter(id__in=waited.values("case_id")):
            start_clocks(
                order, case, f"order:{order.number}/{case.number}/{now:%m%dT%H%M}", now=now
            )
        _enter(order, "clarified", now)


def withdraw(*, order_id: UUID, now: datetime) -> None:
    """The officer takes it back. What was removed stays so until somebody decides otherwise."""
    order = Order.objects.get(id=order_id)
    with transaction.atomic():
        ordering.move(order, Order.State.WITHDRAWN, expected=WAITING, answered_at=now)
        _ended(order, now)
        _enter(order, "withdrawn", now)


def contest(*, order_id: UUID, words: str, by: UUID, now: datetime) -> None:
    """We contest it, before whom and on what ground: published with it. Raises `MayNotAnswer`."""
    order = _order(order_id, by, words)
    with transaction.atomic():
        ordering.note_challenge(order, words.strip(), now=now)
        _enter(order, "contested", now)


def _order(order_id: UUID, by: UUID, words: str) -> Order:
    order = Order.objects.select_related("officer").get(id=order_id)
    must_answer_for(order.platform_id, by)
    if not words.strip():
        raise MayNotAnswer("Say why: the officer reads these words.")
    return order


def _finish(order: Order, state: str, answer: str, by: UUID, now: datetime) -> None:
    with transaction.atomic():
        ordering.move(
            order, state, expected=WAITING, answer=answer.strip(), answered_by=by, answered_at=now
        )
        _ended(order, now)
        _enter(order, state, now)


def _waits(order: Order) -> QuerySet[Deadline]:
    return Deadline.objects.filter(cause__startswith=f"order:{order.number}/", met_at=None)


def _ended(order: Order, now: datetime) -> None:
    """An answer, also a no, meets what was owed; what was late is said to have been late.

    Carried out, the clock of a removal has been met by the removal, and by nothing less.
    """
    deadlines.done(Done.REQUEST_ANSWERED, now=now, cause=f"order:{order.number}")
    if order.state == Order.State.DONE:
        return
    for cause in set(_waits(order).values_list("cause", flat=True)):
        deadlines.done(Done.REFUSED, now=now, cause=cause)


def _enter(order: Order, what: str, now: datetime) -> None:
    body = {"was": str(what), "level": order.officer.level}
    ledger.enter("order.decided", subject=f"order:{order.id}", body=body, at=now)
