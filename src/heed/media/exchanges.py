"""Writing down exchanges, and how far we have come with each."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, Case, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from heed.hashing.distance import GOOD_QUALITY
from heed.media.models import Bank, BankSignal, Exchange, Match, Signal
from heed.media.services import oldest_running


class UnderWay(Exception):
    """The exchange is being asked at this moment. Wait until that has ended: see its status."""


class Gone(Exception):
    """The exchange was removed while it was asked: nothing more of it is kept."""


class ExchangeExists(Exception):
    """There is an exchange of this name. Choose another, or change that one."""


def add(*, name: str, kind: str, bank: Bank, said: Mapping[str, Any], now: datetime) -> Exchange:
    """A new exchange, due at once. Raises `ExchangeExists`."""
    try:
        with transaction.atomic():
            return Exchange.objects.create(
                name=name, kind=kind, bank=bank, said=dict(said), made_at=now, due_at=now
            )
    except IntegrityError:
        raise ExchangeExists(f"there is an exchange {name!r} already") from None


def change(exchange: Exchange, **fields: Any) -> None:
    """Settings, or on and off."""
    Exchange.objects.filter(id=exchange.id).update(**fields)
    exchange.refresh_from_db()


def ask_soon(exchange: Exchange, *, now: datetime) -> None:
    """At the next sweep; one that is being asked keeps its lease."""
    Exchange.objects.filter(_free(now), id=exchange.id).update(due_at=now)


def _free(now: datetime) -> Q:
    """Nobody asks it at this moment, or whoever did has ended in the middle."""
    return Q(started_at=None) | Q(due_at=None) | Q(due_at__lte=now)


def switch_off(name: str) -> None:
    """It is asked no more until somebody switches it on again."""
    Exchange.objects.filter(name=name).update(enabled=False)


def remove(exchange: Exchange) -> None:
    """It is asked no more. Its bank stays, with all it holds."""
    Exchange.objects.filter(id=exchange.id).delete()


def take_due(*, now: datetime, until: datetime) -> Exchange | None:
    """An exchange that is due, leased until then; None when none is."""
    due = Exchange.objects.filter(enabled=True, due_at__lte=now)
    with transaction.atomic():
        found = due.select_for_update(skip_locked=True).order_by("due_at").first()
        if found is not None:
            begin(found, now=now, until=until)
    return None if found is None else Exchange.objects.select_related("bank").get(id=found.id)


def begin(exchange: Exchange, *, now: datetime, until: datetime) -> None:
    """A sync is under way. Raises `UnderWay` when another one is."""
    free = Exchange.objects.filter(_free(now), id=exchange.id)
    if not free.update(started_at=now, due_at=until):
        raise UnderWay(f"{exchange.name} is being asked at this moment: see `heed exchange status`")


def renew(exchange: Exchange, *, until: datetime) -> None:
    """It is still being asked. Raises `Gone`."""
    if not Exchange.objects.filter(id=exchange.id).update(due_at=until):
        raise Gone(exchange.name)


def turn_page(
    exchange: Exchange,
    cursor: dict[str, Any],
    *,
    came: int,
    went: int,
    passed_over: Mapping[str, int],
    until: datetime,
) -> None:
    """In the page's transaction. What other steps keep in the cursor stays. Raises `Gone`."""
    kept = {name: exchange.cursor[name] for name in ("submitted",) if name in exchange.cursor}
    exchange.cursor = kept | cursor
    counts = Counter(exchange.counts.get("passed_over", {}))
    counts.update(passed_over)
    exchange.counts = {
        "pages": int(exchange.counts.get("pages", 0)) + 1,
        "came": int(exchange.counts.get("came", 0)) + came,
        "went": int(exchange.counts.get("went", 0)) + went,
        "passed_over": dict(counts),
    }
    row = Exchange.objects.filter(id=exchange.id)
    if not row.update(cursor=exchange.cursor, counts=exchange.counts, due_at=until):
        raise Gone(exchange.name)


def synced(exchange: Exchange, *, now: datetime, due_at: datetime) -> None:
    """Everything there was is here."""
    Exchange.objects.filter(id=exchange.id).update(
        synced_at=now, started_at=None, failed_at=None, trouble="", tries=0, due_at=due_at
    )


def paused(exchange: Exchange, *, due_at: datetime) -> None:
    """There is more, and it is the others' turn."""
    Exchange.objects.filter(id=exchange.id).update(started_at=None, due_at=due_at)


def failed(exchange: Exchange, why: str, *, now: datetime, due_at: datetime) -> None:
    """It did not work this time; the cursor stands where the last whole page left it."""
    Exchange.objects.filter(id=exchange.id).update(
        failed_at=now, started_at=None, trouble=why[:200], tries=exchange.tries + 1, due_at=due_at
    )


Place = tuple[int, int]  # transaction and number of a row: how far an exchange has read ours


def place(cursor: Mapping[str, Any], name: str) -> Place:
    """What an exchange's cursor says of this reading; the beginning where it says nothing."""
    at = cursor.get(name)
    return (int(at[0]), int(at[1])) if isinstance(at, list) else (0, 0)


def new_pictures(after: Place, most: int) -> list[tuple[Place, bytes]]:
    """PDQ values of good quality that were committed after this place, with theirs."""
    rows = _committed(Signal.objects.filter(type="pdq", quality__gte=GOOD_QUALITY), after)
    return [((row.stamp, row.id), bytes(row.value)) for row in rows[:most]]


def _committed(rows: QuerySet[Any], after: Place) -> QuerySet[Any]:
    """In the order of (transaction, number), as far as no transaction is still under way.

    By numbers alone, one whose transaction ended late would lie behind the place for ever.
    """
    stamp = RawSQL(f"{rows.model._meta.db_table}.stamp", (), output_field=BigIntegerField())
    beyond = Q(stamp__gt=after[0]) | Q(stamp=after[0], id__gt=after[1])
    below = Q(stamp__gte=after[0], stamp__lt=oldest_running())
    found: QuerySet[Any] = rows.annotate(stamp=stamp).filter(below & beyond)
    return found.order_by("stamp", "id")


def words_to_share(exchange: Exchange, most: int) -> list[Match]:
    """What people have said of this exchange's signals, and it was not told."""
    said = Q(word__in=[Match.Word.RIGHT, Match.Word.WRONG], shared_at=None)
    ours = Match.objects.filter(said, bank_signal__bank_id=exchange.bank_id)
    ours = ours.filter(bank_signal__source=f"exchange:{exchange.name}")
    return list(ours.select_related("bank_signal").order_by("said_at")[:most])


def shared(rows: Sequence[Match], *, now: datetime) -> None:
    """The exchange was told."""
    Match.objects.filter(id__in=[row.id for row in rows]).update(shared_at=now)


def to_submit(bank: Bank, after: Place, most: int) -> list[BankSignal]:
    """Live signals that people here put into a bank after this place; `placed` says theirs."""
    own = BankSignal.objects.filter(bank=bank, withdrawn_at=None, off_until=None)
    return list(_committed(own.exclude(source__startswith="exchange:"), after)[:most])


def placed(row: BankSignal) -> Place:
    """Where a row that `to_submit` gave has its place."""
    return row.stamp, row.id  # type: ignore[attr-defined]


def status() -> list[dict[str, Any]]:
    """Every exchange, and how it stands."""
    return told_of(Exchange.objects.select_related("bank").order_by("name"))


def those_of(platform_ids: Collection[UUID]) -> QuerySet[Exchange]:
    """Those of these platforms and those that all share; those in trouble first."""
    here = Q(bank__platform_id__in=platform_ids) | Q(bank__platform=None)
    well = Case(When(trouble="", then=Value(1)), default=Value(0))
    found = Exchange.objects.filter(here).select_related("bank")
    return found.alias(well=well).order_by("well", "name")


def told_of(rows: Iterable[Exchange]) -> list[dict[str, Any]]:
    """How each of these stands."""
    return [
        {
            "name": one.name, "kind": one.kind, "bank": one.bank.name, "on": one.enabled,
            "platform_id": one.bank.platform_id, "bank_on": one.bank.enabled,
            "synced_at": one.synced_at, "failed_at": one.failed_at,
            "trouble": one.trouble, "tries": one.tries, "due_at": one.due_at,
            "under_way": one.started_at is not None, "counts": one.counts,
        }
        for one in rows
    ]  # fmt: skip
