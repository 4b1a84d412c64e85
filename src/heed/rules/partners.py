"""How a partner's misuse is answered: by precision, with a warning first, for a time only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ENOUGH = 20  # decided notices, before a share says anything
TOO_OFTEN_WRONG = 0.5  # of the decided ones were let stand
WARNING_LASTS = timedelta(days=90)  # a pause needs a warning that is no older ...
TIME_TO_MEND = timedelta(days=7)  # ... and that left this long to mend it
PAUSED_FOR = timedelta(days=30)  # Regulation (EU) 2022/2065, article 23(2): "a reasonable period"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of a partner's notices."""

    given: int
    removed: int
    stands: int

    @property
    def decided(self) -> int:
        """Those that people have ruled on."""
        return self.removed + self.stands

    @property
    def precision(self) -> float | None:
        """The share that was right, 0 to 1; None while nothing is decided."""
        return None if self.decided == 0 else self.removed / self.decided


class NotWarned(Exception):
    """A pause needs a warning, of at least a week and at most 90 days ago. Warn first."""


def calls_for_a_word(record: Record) -> bool:
    """Whether this record is one that a person should look at, and perhaps warn of."""
    precision = record.precision
    return record.decided >= ENOUGH and precision is not None and precision < TOO_OFTEN_WRONG


def may_pause(warned_at: datetime | None, *, now: datetime) -> bool:
    """Never without a warning, and never before there was time to mend it."""
    return warned_at is not None and TIME_TO_MEND <= now - warned_at <= WARNING_LASTS
