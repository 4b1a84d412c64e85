"""Writing banks: a case's own while it is open, and lasting ones with a policy."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Q, QuerySet, When

from heed.media.models import Bank, BankContent, BankSignal
from heed.media.registering import transaction_id

BATCH = 5_000  # rows in one statement
OFF_FOR_GOOD = datetime(9000, 1, 1, tzinfo=UTC)
_OF_EXCHANGES = Q(source__startswith="exchange:")


class BankExists(Exception):
    """There is a bank of this name here. Choose another name, or put signals into that one."""


class SignalIn(NamedTuple):
    """One signal for a bank: type, value, and for PDQ its quality 0..100."""

    type: str
    value: bytes
    quality: int | None
    note: str = ""
    ref: str = ""  # how its source calls it


# ------------------------------------------------------------------ a case's own


def provisional(case_id: UUID, platform_id: UUID, *, now: datetime, expires_at: datetime) -> Bank:
    """The bank that a case has until it is decided. It can only hold."""
    live = {"enabled": True, "expires_at": expires_at}
    bank, made = Bank.objects.get_or_create(
        case_id=case_id,
        defaults={
            "name": f"case {case_id}",
            "platform_id": platform_id,
            "action": Bank.Action.HOLD,
            "made_at": now,
            "made_by": f"case:{case_id}",
            **live,
        },
    )
    if not made:
        Bank.objects.filter(id=bank.id).update(**live)
    return bank


def close_provisional(case_id: UUID) -> None:
    """The case is decided: its own bank holds nothing any more."""
    Bank.objects.filter(case_id=case_id).update(enabled=False)


def expire(*, now: datetime) -> int:
    """Provisional banks whose case was not decided in time hold nothing any more."""
    return Bank.objects.filter(enabled=True, expires_at__lte=now).update(enabled=False)


# ------------------------------------------------------------------ lasting ones


def lasting(name: str, platform_id: UUID, *, action: str, now: datetime) -> Bank:
    """A platform's lasting bank of this name, which decisions fill."""
    bank, _ = Bank.objects.get_or_create(
        name=name,
        platform_id=platform_id,
        case_id=None,
        defaults={
            "action": action,
            "made_at": now,
            "made_by": "decisions",
            "hides_registered": True,
        },
    )
    return bank


def make(
    name: str, platform_id: UUID | None, *, made_by: str, now: datetime, **policy: Any
) -> Bank:
    """A new lasting bank; shared by all platforms without one. Raises `BankExists`."""
    try:
        with transaction.atomic():
            return Bank.objects.create(
                name=name, platform_id=platform_id, made_at=now, made_by=made_by,
                changed_at=now, **policy,
            )  # fmt: skip
    except IntegrityError:
        raise BankExists(_taken(name)) from None


def change(bank: Bank, *, now: datetime, **policy: Any) -> None:
    """Another policy, name or threshold; everything it knows is to be compared again.

    Raises `BankExists`.
    """
    try:
        with transaction.atomic():
            Bank.objects.filter(id=bank.id).update(changed_at=now, **policy)
    except IntegrityError:
        raise BankExists(_taken(policy.get("name"))) from None
    bank.refresh_from_db()


def _taken(name: Any) -> str:
    return f"there is a bank {name!r} already: choose another name, or rename that bank"


def switch(bank: Bank, *, on: bool) -> bool:
    """Enable or disable; False when it was so already. Compared again with all that is there."""
    done = Bank.objects.filter(id=bank.id, enabled=not on).update(enabled=on)
    bank.refresh_from_db()
    if done and on:
        compare_again(bank)
    return bool(done)


def acts(bank: Bank) -> bool:
    """Whether a match in it does anything but answer who asks."""
    return bank.action != Bank.Action.PASS or bank.hides_registered or bank.asks_person


def was_tried(bank: Bank) -> bool:
    """Whether it was tried as it stands now."""
    tried, changed = bank.tried_at, bank.changed_at
    return tried is not None and (changed is None or changed <= tried)


def compare_again(bank: Bank) -> None:
    """The sweep takes all signals of this bank once more to what is registered."""
    live(bank).update(committed=transaction_id())


def keep_trial(bank: Bank, found: dict[str, Any], *, now: datetime) -> None:
    """What a dry run found."""
    Bank.objects.filter(id=bank.id).update(tried=found, tried_at=now)
    bank.refresh_from_db()


# ------------------------------------------------------------------ signals


def live(bank: Bank) -> QuerySet[BankSignal]:
    """What a bank compares with: neither withdrawn nor off."""
    return BankSignal.objects.filter(bank=bank, withdrawn_at=None, off_until=None)


def in_parts(bank_id: UUID, *, withdrawn_too: bool) -> Iterator[list[BankSignal]]:
    """All signals in the order in which they came, some thousand at a time: there are millions."""
    rows = BankSignal.objects.filter(bank_id=bank_id).order_by("id")
    rows = rows if withdrawn_too else rows.filter(withdrawn_at=None)
    last = 0
    while part := list(rows.filter(id__gt=last)[:BATCH]):
        yield part
        last = part[-1].id


def add(
    bank: Bank,
    signals: Sequence[SignalIn],
    *,
    source: str,
    case_id: UUID | None = None,
    content: BankContent | None = None,
    now: datetime,
) -> int:
    """Put signals in; one that was withdrawn is there again, and this case's from now on. What a
    person took out for good stays off, however often its exchange gives it and takes it back.

    Repeating changes nothing. Returns how many were not live before from this source.
    """
    committed, fresh = transaction_id(), 0
    for start in range(0, len(signals), BATCH):
        part = signals[start : start + BATCH]
        known = _live_keys(bank, source, content, part)
        BankSignal.objects.bulk_create(
            [
                BankSignal(
                    bank=bank, content=content, type=one.type, value=one.value,
                    quality=one.quality, source=source, source_ref=one.ref[:200],
                    case_id=case_id, note=one.note[:255], added_at=now, committed=committed,
                )
                for one in part
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        _bring_back(part, _of(bank, source, content, part), case_id, committed)
        fresh += len({_key(one) for one in part} - known)
    if fresh and not bank.enabled:
        Bank.objects.filter(id=bank.id).update(changed_at=now)
    return fresh


Key = tuple[str, bytes, str]


def _key(one: SignalIn) -> Key:
    return one.type, one.value, one.ref[:200]


def _of(
    bank: Bank, source: str, content: BankContent | None, part: Sequence[SignalIn]
) -> QuerySet[BankSignal]:
    values = [one.value for one in part]
    mine = BankSignal.objects.filter(bank=bank, source=source, content=content)
    return mine.filter(value__in=values)


def _live_keys(
    bank: Bank, source: str, content: BankContent | None, part: Sequence[SignalIn]
) -> set[Key]:
    here = _of(bank, source, content, part).filter(withdrawn_at=None)
    rows = here.values_list("type", "value", "source_ref")
    return {(kind, bytes(value), ref) for kind, value, ref in rows}


def _bring_back(
    part: Sequence[SignalIn], mine: QuerySet[BankSignal], case_id: UUID | None, committed: int
) -> None:
    wanted = {_key(one) for one in part}
    gone = mine.filter(withdrawn_at__isnull=False)
    rows = gone.values_list("id", "type", "value", "source_ref")
    ids = [number for number, kind, value, ref in rows if (kind, bytes(value), ref) in wanted]
    if ids:
        off = Case(When(off_until=OFF_FOR_GOOD, then=F("off_until")))  # a person said so
        BankSignal.objects.filter(id__in=ids).update(
            withdrawn_at=None, off_until=off, case_id=case_id, committed=committed
        )


def refresh(
    bank: Bank, source: str, entries: Mapping[str, Sequence[SignalIn]], *, now: datetime
) -> tuple[int, int]:
    """What a source says of some of its entries now, by its own name of each: all of it, or nothing
    where it took one back. Returns how many signals came, and how many went.
    """
    wanted = {_key(one) for many in entries.values() for one in many}
    mine = BankSignal.objects.filter(
        bank=bank, source=source, source_ref__in=list(entries), withdrawn_at=None
    )
    rows = mine.values_list("id", "type", "value", "source_ref")
    gone = [number for number, kind, value, ref in rows if (kind, bytes(value), ref) not in wanted]
    went = take_out(Q(id__in=gone), now=now) if gone else 0
    came = add(bank, [one for many in entries.values() for one in many], source=source, now=now)
    return came, went


def withdraw(case_id: UUID, *, now: datetime) -> None:
    """What this case put into lasting banks no longer matches anything."""
    BankSignal.objects.filter(case_id=case_id, bank__case_id=None, withdrawn_at=None).update(
        withdrawn_at=now
    )


def take_out(which: Q, *, now: datetime) -> int:
    """Withdraw the signals that fit, with contents that have none left. Returns how many."""
    gone = BankSignal.objects.filter(which, withdrawn_at=None)
    contents = list(gone.exclude(content=None).values_list("content_id", flat=True).distinct())
    count = gone.update(withdrawn_at=now)
    empty = BankContent.objects.filter(id__in=contents, withdrawn_at=None)
    empty.exclude(signals__withdrawn_at=None).update(withdrawn_at=now)
    return count


def take_out_by_hand(which: Q, *, now: datetime) -> int:
    """As `take_out`, and for good: what an exchange gave is switched off, for what is only
    withdrawn comes back as soon as the exchange tells of it again. Returns how many.
    """
    theirs = BankSignal.objects.filter(which & _OF_EXCHANGES, withdrawn_at=None, off_until=None)
    off = theirs.update(off_until=OFF_FOR_GOOD, committed=transaction_id())
    return off + take_out(which & ~_OF_EXCHANGES, now=now)


# ------------------------------------------------------------------ contents


def new_content(
    bank: Bank, *, source: str, note: str, said: dict[str, Any], original_url: str, now: datetime
) -> BankContent:
    """A thing whose signals are put in together."""
    return BankContent.objects.create(
        id=_next_number(), bank=bank, note=note, said=said, original_url=original_url,
        source=source, added_at=now,
    )  # fmt: skip


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('media_banksignal', 'id'))")
        return int(cursor.fetchone()[0])


def turn(bank: Bank, number: int, *, off_until: datetime | None) -> None:
    """Switch a content (or one signal of this number) off until then, or on: None."""
    BankContent.objects.filter(bank=bank, id=number).update(off_until=off_until)
    signals = BankSignal.objects.filter(Q(content_id=number) | Q(id=number, content=None))
    signals.filter(bank=bank).update(off_until=off_until, committed=transaction_id())


def turn_on(*, now: datetime) -> int:
    """What was off until now is on again, and compared with all that is there."""
    BankContent.objects.filter(off_until__lte=now).update(off_until=None)
    due = BankSignal.objects.filter(off_until__lte=now)
    return due.update(off_until=None, committed=transaction_id())


def note(bank: Bank, number: int, text: str) -> None:
    """What people here say of a content, or of one signal of this number."""
    BankContent.objects.filter(bank=bank, id=number).update(note=text)
    signals = BankSignal.objects.filter(Q(content_id=number) | Q(id=number, content=None))
    signals.filter(bank=bank).update(note=text)
