"""What others share is taken over, page by page, and what they take back goes at once.

1. Take an exchange that is due, for as long as nobody else has it.
2. Page by page: put in what came, take out what was withdrawn, and keep the cursor, as one. Where
   an exchange gives no lists, ask it about the pictures that are new here. After a hundred pages
   the others have their turn.
3. Tell it what people here say of its signals, and give it what our own people decided, if the
   operator wants that.
4. Say when it is due again; after trouble sooner or later, as the exchange says.
"""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from heed.media.exchanges import UnderWay as UnderWay
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
MOST_PATIENCE = timedelta(hours=6)  # whatever an exchange asks for: withdrawals must be heard
LEASE = timedelta(minutes=10)  # renewed with each page
REFUSED_AGAIN_IN = timedelta(hours=1)
ASKED_AT_ONCE = 200
TOLD_AT_ONCE = 200
PAGES_AT_ONCE = 100  # of one exchange while others may be due
GO_ON_SECONDS = 60  # then with another `now`


class _OthersTurn(Exception):
    """A long list is read in parts: what was withdrawn elsewhere must not wait for hours."""


@dataclass(frozen=True, slots=True)
class _Talk:
    """One sync: it may take hours, and its lease must not end before it does."""

    exchange: Exchange
    began_at: datetime
    most_pages: int | None = None  # then it is the others' turn
    total: Counter[str] = field(default_factory=Counter)
    _began: float = field(default_factory=time.monotonic)

    @property
    def at(self) -> datetime:
        """Now, to the minute: when it began, and how long it has taken since."""
        return self.began_at + timedelta(minutes=(time.monotonic() - self._began) // 60)

    @property
    def until(self) -> datetime:
        """Until when it is nobody else's."""
        return self.at + LEASE


def sync_due(*, now: datetime) -> int:
    """Sync what is due, by turns, for about a minute; returns how many turns that took."""
    count, began = 0, time.monotonic()
    while time.monotonic() - began < GO_ON_SECONDS:
        exchange = writing.take_due(now=now, until=now + LEASE)
        if exchange is None:
            break
        _sync(_Talk(exchange, now, PAGES_AT_ONCE))
        count += 1
    return count


def sync_exchange(*, name: str, now: datetime) -> Exchange:
    """Sync this one now, whatever the time; read its state from what is returned.

    Raises `Exchange.DoesNotExist`, `UnderWay` while somebody else does.
    """
    exchange = Exchange.objects.select_related("bank").get(name=name)
    writing.begin(exchange, now=now, until=now + LEASE)
    _sync(_Talk(exchange, now))
    exchange.refresh_from_db()
    return exchange


def _sync(talk: _Talk) -> None:
    exchange = talk.exchange
    try:
        _all_pages(talk)
        _tell_words(talk)
        _submit(talk)
    except _OthersTurn:
        writing.paused(exchange, due_at=talk.at)
    except writing.Gone:
        logger.info("an exchange was removed meanwhile", extra={"exchange": str(exchange.id)})
    except ExchangeBusy as busy:
        _failed(talk, str(busy), _patience(exchange.tries, busy.retry_in))
    except ExchangeRefused as refused:
        _failed(talk, str(refused), REFUSED_AGAIN_IN)
    except Exception as error:  # a broken integration must not stop the others
        logger.exception("an exchange failed", extra={"exchange": str(exchange.id)})
        _failed(talk, f"it broke: {type(error).__name__}", REFUSED_AGAIN_IN)
    else:
        writing.synced(exchange, now=talk.at, due_at=talk.at + EVERY)
    _enter(talk)


def _enter(talk: _Talk) -> None:
    """What was taken over, also where it stopped half-way."""
    came, went = talk.total["came"], talk.total["went"]
    if came or went:
        ledger.enter(
            "exchange.synced",
            subject=f"bank:{talk.exchange.bank_id}",
            body={"exchange": str(talk.exchange.id), "came": came, "went": went},
            at=talk.at,
        )


def _patience(tries: int, asked_seconds: float | None) -> timedelta:
    if asked_seconds:
        return timedelta(seconds=min(asked_seconds, MOST_PATIENCE.total_seconds()))
    return max(backoff.wait(tries + 1, luck=0.0), LEAST_PATIENCE)


def _failed(talk: _Talk, why: str, again_in: timedelta) -> None:
    logger.warning("an exchange did not answer", extra={"exchange": str(talk.exchange.id)})
    writing.failed(talk.exchange, why, now=talk.at, due_at=talk.at + again_in)


# ------------------------------------------------------------------ 2 pages


def _all_pages(talk: _Talk) -> None:
    exchange, pages = talk.exchange, 0
    port = wiring.exchange(exchange.kind)
    more = True
    while more:
        if pages == talk.most_pages:
            raise _OthersTurn
        try:
            page = port.page(exchange.name, exchange.said, exchange.cursor, now=talk.at)
        except NotImplementedError:
            _ask(talk)
            return
        _take(talk, page)
        more, pages = page.more, pages + 1
        reached("page-taken")


def _take(talk: _Talk, page: SharedPage) -> None:
    """One page and its cursor, together: after a crash the same page comes again, or the next."""
    exchange = talk.exchange
    entries = {ref: [_signal_in(ref, one) for one in many] for ref, many in page.entries.items()}
    with transaction.atomic():
        came, went = banks.refresh(exchange.bank, _source(exchange), entries, now=talk.at)
        writing.turn_page(
            exchange, dict(page.cursor), came=came, went=went, passed_over=page.passed_over,
            until=talk.until,
        )  # fmt: skip
    talk.total.update(came=came, went=went)


def _signal_in(ref: str, one: SharedSignal) -> SignalIn:
    return SignalIn(one.type, one.value, one.quality, one.note, ref)


def _source(exchange: Exchange) -> str:
    return f"exchange:{exchange.name}"


def _ask(talk: _Talk) -> None:
    """About pictures that came since we asked last; what is known becomes a signal of the bank."""
    exchange, pages = talk.exchange, 0
    port = wiring.exchange(exchange.kind)
    while rows := writing.new_pictures(writing.place(exchange.cursor, "asked"), ASKED_AT_ONCE):
        if pages == talk.most_pages:
            raise _OthersTurn
        values = list(dict.fromkeys(value for _, value in rows))
        page = port.ask(exchange.name, exchange.said, values)
        cursor = {"asked": list(rows[-1][0])}
        kept = SharedPage(entries=page.entries, cursor=cursor, more=False, passed_over={})
        _take(talk, kept)
        pages += 1


# ------------------------------------------------------------------ 3 what we say


def _tell_words(talk: _Talk) -> None:
    """What people said of its signals, unless the operator keeps that to themselves."""
    exchange = talk.exchange
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
        writing.shared(rows[:told], now=talk.at)
        writing.renew(exchange, until=talk.until)
        if told < len(rows):
            return


def _submit(talk: _Talk) -> None:
    """Signals of our own bank that it has not had from us."""
    exchange = talk.exchange
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
        writing.turn_page(exchange, cursor, came=0, went=0, passed_over={}, until=talk.until)


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
