"""A case's own bank while it is open, and the lasting bank that a decision fills."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from heed.cases.models import Case, Notice
from heed.media import banks
from heed.media.banks import SignalIn
from heed.media.models import Bank, File

PROVISIONAL_FOR = timedelta(days=30)  # without a decision by then it holds nothing any more
THREAT_HELD_FOR = timedelta(days=365)  # after a person has decided that it is a threat
REMOVED = "Removed by decision"


def hold_uploads(case: Case, notice: Notice, *, now: datetime) -> None:
    """Signals of the case's file, and hashes that the notifier gave, hold new uploads."""
    given = (target.signals for target in notice.targets.exclude(signals=None))
    signals = [*signals_of(case.file), *_given(given)]
    if not signals:
        return
    bank = banks.provisional(case.id, case.platform_id, now=now, expires_at=now + PROVISIONAL_FOR)
    banks.add(bank, signals, source=f"case:{case.id}", case_id=case.id, now=now)


def keep_for_good(case: Case, *, now: datetime) -> None:
    """A person decided to remove: the signals go into the platform's lasting bank."""
    bank = banks.lasting(REMOVED, case.platform_id, action=Bank.Action.BLOCK, now=now)
    banks.add(bank, signals_of(case.file), source=f"case:{case.id}", case_id=case.id, now=now)
    banks.close_provisional(case.id)


def keep_holding(case: Case, *, now: datetime) -> None:
    """A threat was found to be one: what nobody has seen is held for a year, and never blocked."""
    banks.provisional(case.id, case.platform_id, now=now, expires_at=now + THREAT_HELD_FOR)


def let_go(case: Case, *, now: datetime) -> None:
    """The case asks for nothing any more: its signals go, provisional and lasting."""
    banks.close_provisional(case.id)
    banks.withdraw(case.id, now=now)


def signals_of(file: File | None) -> list[SignalIn]:
    """All signals of a file, as a bank takes them."""
    if file is None:
        return []
    exact = [SignalIn("sha256", bytes(file.sha256), None)]
    if file.md5:
        exact.append(SignalIn("md5", bytes(file.md5), None))
    return exact + [SignalIn(one.type, bytes(one.value), one.quality) for one in file.signals.all()]


def _given(many: Iterable[dict[str, Any] | None]) -> list[SignalIn]:
    found = []
    for signals in many:
        for kind in ("sha256", "md5", "pdq", "vpdq"):
            value = (signals or {}).get(kind)
            if value:
                seen = kind in ("pdq", "vpdq")
                quality = (signals or {}).get("pdq_quality", 100) if seen else None
                found.append(SignalIn(kind, bytes.fromhex(str(value)), quality))
    return found
