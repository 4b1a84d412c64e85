"""What others share is taken over, page by page, and what they take back goes at once.

1. Take an exchange that is due, for as long as nobody else has it.
2. Page by page: put in what came, take out what was withdrawn, and keep the cursor, as one. Where
   an exchange gives no lists, ask it about the pictures that are new here.
3. Tell it what people here say of its signals, and give it what our own people decided, if the
   operator wants that.
4. Say when it is due again; after trouble sooner or later, as the exchange says.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from heed.flows import wiring
from heed.flows.failpoints import reached
from heed.ledger import services as ledger
from heed.media import banks
from heed.media import exchanges as writing
from heed.media.banks import SignalIn
from heed.media.models import Bank, Exchange
from heed.outbox import backoff
from heed.ports import (
    ExchangeBusy,
    ExchangeRefused,
    SharedPage,
    SharedSignal,
    Word,
)

logger = logging.getLogger(__name__)
EVERY = timedelta(minutes=15)
LEAST_PATIENCE = timedelta(seconds=30)
LEASE = timedelta(minutes=10)  # renewed with each page
REFUSED_AGAIN_IN = timedelta(hours=1)
ASKED_AT_ONCE = 200
TOLD_AT_ONCE = 200
Clock = Callable[[], datetime]


def sync_due(*, now: datetime) -> int:
    """Sync what is due, one after the other; returns how many were."""
    count = 0
    while exchange := writing.take_due(now=now, until=now + LEASE):
        _sync(exchange, now)
        count += 1
    return count


def sync_exchange(*, name: str, now: datetime) -> Exchange:
    """Sync this one now, whatever the time; read its state from what is returned.

    Raises `Exchange.DoesNotExist`.
    """
    exchange = Exchange.objects.select_related("bank").get(name=name)
    writing.begin(exchange, now=now, until=now + LEASE)
    _sync(exchange, now)
    exchange.refresh_from_db()
    return exchange


def _sync(exchange: Exchange, now: datetime) -> None:
    total: Counter[str] = Counter()
    try:
        total = _all_pages(exchange, now)
        _tell_words(exchange, now)
        _submit(exchange, now)
    except ExchangeBusy as busy:
        again = timedelta(seconds=busy.retry_in) if busy.retry_in else _patience(exchange.tries)
        _failed(exchange, str(busy), now, again)
    except ExchangeRefused as refused:
        _failed(exchange, str(refused), now, REFUSED_AGAIN_IN)
    except Exception as error:  # a broken integration must not stop the others
        logger.exception("an exchange failed", extra={"exchange": str(exchange.id)})
        _failed(exchange, f"it broke: {type(error).__name__}", now, REFUSED_AGAIN_IN)
    else:
        writing.synced(exchange, now=now, due_at=now + EVERY)
        if total["came"] or total["went"]:
            ledger.enter(
                "exchange.synced",
                subject=f"bank:{exchange.bank_id}",
                body={"exchange": str(exchange.id), "came": total["came"], "went": total["went"]},
                at=now,
            )


def _patience(tries: int) -> timedelta:
    return max(backoff.wait(tries + 1, luck=0.0), LEAST_PATIENCE)


def _failed(exchange: Exchange, why: str, now: datetime, again_in: timedelta) -> None:
    logger.warning("an exchange did not answer", extra={"exchange": str(exchange.id)})
    writing.failed(exchange, why, now=now, due_at=now + again_in)


# ------------------------------------------------------------------ 2 pages


def _all_pages(exchange: Exchange, now: datetime) -> Counter[str]:
    port, total = wiring.exchange(exchange.kind), Counter[str]()
    more = True
    while more:
        try:
            page = port.page(exchange.name, exchange.said, exchange.cursor, now=now)
        except NotImplementedError:
            return _asked(exchange, now)
        came, went = _take(exchange, page, now)
        total.update(came=came, went=went)
        more = page.more
        reached("page-taken")
    return total


def _take(exchange: Exchange, page: SharedPage, now: datetime) -> tuple[int, int]:
    """One page and its cursor, together: after a crash the same page comes again, or the next."""
    entries = {ref: [_signal_in(ref, one) for one in many] for ref, many in page.entries.items()}
    with transaction.atomic():
        came, went = banks.refresh(exchange.bank, _source(exchange), entries, now=now)
        writing.turn_page(
            exchange, dict(page.cursor), came=came, went=went, passed_over=page.passed_over,
            until=now + LEASE,
        )  # fmt: skip
    return came, went


def _signal_in(ref: str, one: SharedSignal) -> SignalIn:
    return SignalIn(one.type, one.value, one.quality, one.note, ref)


def _source(exchange: Exchange) -> str:
    return f"exchange:{exchange.name}"


def _asked(exchange: Exchange, now: datetime) -> Counter[str]:
    """Pictures that came since we asked last; what is known becomes a signal of the bank."""
    port, total = wiring.exchange(exchange.kind), Counter[str]()
    while rows := writing.new_pictures(writing.place(exchange.cursor, "asked"), ASKED_AT_ONCE):
        values = list(dict.fromkeys(value for _, value in rows))
        page = port.ask(exchange.name, exchange.said, values)
        cursor = {"asked": list(rows[-1][0])}
        kept = SharedPage(entries=page.entries, cursor=cursor, more=False, passed_over={})
        came, went = _take(exchange, kept, now)
        total.update(came=came, went=went)
    return total


# ------------------------------------------------------------------ 3 what we say


def _tell_words(exchange: Exchange, now: datetime) -> None:
    """What people said of its signals, unless the operator keeps that to themselves."""
    if not exchange.said.get("feedback"):
        return
    port = wiring.exchange(exchange.kind)
    while rows := writing.words_to_share(exchange, TOLD_AT_ONCE):
        words = [
            Word(
                ref=row.bank_signal.source_ref,
                type=row.bank_signal.type,
                value=bytes(row.bank_signal.value),
                right=row.word == row.Word.RIGHT,
            )
            for row in rows
        ]
        told = port.tell(exchange.name, exchange.said, words)
        writing.shared(rows[:told], now=now)
        if told < len(rows):
            return


def _submit(exchange: Exchange, now: datetime) -> None:
    """Signals of our own bank that it has not had from us."""
    name = exchange.said.get("submit_bank")
    if not name:
        return
    bank = _bank_to_give(str(name), exchange.bank.platform_id)
    port = wiring.exchange(exchange.kind)
    while rows := writing.to_submit(
        bank, writing.place(exchange.cursor, "submitted"), TOLD_AT_ONCE
    ):
        port.submit(exchange.name, exchange.said, _shared(rows))
        cursor = {**exchange.cursor, "submitted": list(writing.placed(rows[-1]))}
        writing.turn_page(exchange, cursor, came=0, went=0, passed_over={}, until=now + LEASE)


def _bank_to_give(name: str, platform_id: UUID | None) -> Bank:
    """The platform's own, or the shared one. Every platform may have a bank of this name.

    A shared exchange gives a platform's bank only where no other platform could be meant.
    """
    found = list(Bank.objects.filter(name=name, case_id=None, expires_at=None))
    own = [one for one in found if platform_id and one.platform_id == platform_id]
    shared = [one for one in found if one.platform_id is None]
    others = [] if platform_id else found
    for meant in (own, shared, others):
        if len(meant) == 1:
            return meant[0]
    many = "several platforms have one: add the exchange with --platform" if others else "none here"
    raise ExchangeRefused(f"submit_bank: no bank {name!r} ({many})")


def _shared(rows: Sequence[Any]) -> list[SharedSignal]:
    return [SharedSignal(type=row.type, value=bytes(row.value)) for row in rows]


def known_kinds() -> Mapping[str, Mapping[str, str]]:
    """Every kind of exchange, with its settings and what each is for."""
    return {kind: wiring.exchange(kind).settings() for kind in wiring.exchange_kinds()}
