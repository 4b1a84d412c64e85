"""How long evidence and words are kept: as long as anything asks for them, and then no longer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.rules.spans import after

DISPUTES_WITHIN = "P6M"  # Regulation (EU) 2022/2065, article 20(1): six months to complain

# No law that we know of names a time for words: these three are ours (docs/divergences.md).
WORDS_KEPT = timedelta(days=730)
WORDS_KEPT_AT_LEAST = timedelta(days=365)  # no setting can get rid of complaints sooner
WORDS_KEPT_AT_MOST = timedelta(days=3_650)  # and none keeps them for ever


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsKept(Retention):
    """Until when what a notifier wrote stays. `earliest` is known while `until` is not."""

    earliest: datetime


def contested_until(told_at: datetime) -> datetime:
    """Until when who was told of a decision may still ask for another look."""
    return after(told_at, DISPUTES_WITHIN)


def words_kept(
    said_at: datetime,
    *,
    cases: Iterable[Retention] = (),
    reasons: Iterable[Reason] = (),
    kept: timedelta = WORDS_KEPT,
) -> WordsKept:
    """From the last of all that is known, for as long as is set: never while anything holds them.

    `said_at` is of the last that they wrote, `cases` what asks for the evidence of each of their
    cases. What was once asked for and has ended counts from its end.
    """
    found = [*reasons, *(one for case in cases for one in case.because)]
    last = max([said_at, *(one.until for one in found if one.until is not None)])
    earliest = last + min(max(kept, WORDS_KEPT_AT_LEAST), WORDS_KEPT_AT_MOST)
    held = any(one.until is None for one in found)
    return WordsKept(until=None if held else earliest, because=tuple(found), earliest=earliest)
