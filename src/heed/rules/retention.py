"""How long evidence is kept: as long as anything asks for it, and then no longer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from heed.rules.spans import after

DISPUTES_WITHIN = "P6M"  # Regulation (EU) 2022/2065, article 20(1): six months to complain


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that asks for evidence to stay. `until` None: as long as it is so."""

    says: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Until when, and why. `until` None: nobody can say yet."""

    until: datetime | None
    because: tuple[Reason, ...]

    def over(self, now: datetime) -> bool:
        """Whether nothing asks for it any more."""
        return self.until is not None and self.until <= now


def retention(decided_at: datetime | None, reasons: Iterable[Reason]) -> Retention:
    """The longest of all that asks. An undecided case keeps everything."""
    found = list(reasons)
    if decided_at is None:
        found.append(Reason(says="the case is not decided"))
    else:
        until = after(decided_at, DISPUTES_WITHIN)
        found.append(Reason(says="the decision can be disputed for six months", until=until))
    open_ended = any(one.until is None for one in found)
    times = [one.until for one in found if one.until is not None]
    return Retention(until=None if open_ended else max(times), because=tuple(found))
