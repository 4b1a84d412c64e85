"""Writing banks: a case's own while it is open, and lasting ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from heed.media.models import Bank, BankSignal


class SignalIn(NamedTuple):
    """One signal for a bank: type, value, and for PDQ its quality 0..100."""

    type: str
    value: bytes
    quality: int | None


def provisional(case_id: UUID, platform_id: UUID, *, now: datetime, expires_at: datetime) -> Bank:
    """The bank that a case has until it is decided. It can only hold."""
    bank, _ = Bank.objects.get_or_create(
        case_id=case_id,
        defaults={
            "name": f"case {case_id}",
            "platform_id": platform_id,
            "action": Bank.Action.HOLD,
            "made_at": now,
        },
    )
    Bank.objects.filter(id=bank.id).update(enabled=True, expires_at=expires_at)
    return bank


def lasting(name: str, platform_id: UUID, *, action: str, now: datetime) -> Bank:
    """A platform's lasting bank of this name."""
    bank, _ = Bank.objects.get_or_create(
        name=name,
        platform_id=platform_id,
        case_id=None,
        defaults={"action": action, "made_at": now, "hides_registered": True},
    )
    return bank


def add(
    bank: Bank, signals: Sequence[SignalIn], *, source: str, case_id: UUID | None, now: datetime
) -> None:
    """Put signals in; one that was withdrawn is there again, and this case's from now on.

    Repeating changes nothing.
    """
    rows = [
        BankSignal(
            bank=bank,
            type=signal.type,
            value=signal.value,
            quality=signal.quality,
            source=source,
            case_id=case_id,
            added_at=now,
        )
        for signal in signals
    ]
    BankSignal.objects.bulk_create(rows, ignore_conflicts=True)
    values = [signal.value for signal in signals]
    again = BankSignal.objects.filter(bank=bank, value__in=values, withdrawn_at__isnull=False)
    again.update(withdrawn_at=None, case_id=case_id, source=source)


def close_provisional(case_id: UUID) -> None:
    """The case is decided: its own bank holds nothing any more."""
    Bank.objects.filter(case_id=case_id).update(enabled=False)


def withdraw(case_id: UUID, *, now: datetime) -> None:
    """What this case put into lasting banks no longer matches anything."""
    BankSignal.objects.filter(case_id=case_id, bank__case_id=None, withdrawn_at=None).update(
        withdrawn_at=now
    )


def expire(*, now: datetime) -> int:
    """Provisional banks whose case was not decided in time hold nothing any more."""
    return Bank.objects.filter(enabled=True, expires_at__lte=now).update(enabled=False)
