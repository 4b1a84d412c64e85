"""How much a reviewer has looked at, when that is enough, and when it gets graver."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.rules.claims import Category, about_a_body

# Figures of ours, to be set right by the people who do the work; each person may set lower ones.
FILES_A_SHIFT = 60
SECONDS_A_SHIFT = 30 * 60
SECONDS_A_WEEK = 2 * 60 * 60
REST = timedelta(hours=6)  # a pause as long as this ends a shift
LONGEST_SHIFT = timedelta(hours=12)
WEEK = timedelta(days=7)
BREATH = timedelta(minutes=10)  # a pause that counts as a break
BREAK_AFTER = timedelta(minutes=45)  # of looking without one
BREAK_AFTER_FILES = 12
AT_LEAST_SECONDS = 5.0  # a whole view counts as this much, also where no script can count it


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one person looks at, at most. Seconds are of unblurred view."""

    files_a_shift: int = FILES_A_SHIFT
    seconds_a_shift: int = SECONDS_A_SHIFT
    seconds_a_week: int = SECONDS_A_WEEK


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One opening of one file."""

    file_id: str
    opened_at: datetime
    seconds: float  # unblurred
    severity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Looks, summed up."""

    files: int
    seconds: float
    gravest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Why the next file stays closed, and until when."""

    why: str  # files | shift | week
    until: datetime


def severity(category: Category, *, about_a_child: bool) -> int:
    """3: a child's body. 2: somebody's body. 1: anything else that people are hurt by."""
    if about_a_child:
        return 3
    return 2 if about_a_body(category) else 1


def tally(looks: Sequence[Look]) -> Tally:
    """Different files, seconds, and the gravest of them."""
    return Tally(
        files=len({look.file_id for look in looks}),
        seconds=sum(look.seconds for look in looks),
        gravest=max((look.severity for look in looks), default=0),
    )


def shift_of(looks: Sequence[Look], now: datetime) -> list[Look]:
    """The looks since the last long rest, newest last; a shift is never longer than half a day."""
    return _since_pause(looks, now, REST, LONGEST_SHIFT)


def stretch_of(looks: Sequence[Look], now: datetime) -> list[Look]:
    """The looks since the last break."""
    return _since_pause(looks, now, BREATH, LONGEST_SHIFT)


def _since_pause(
    looks: Sequence[Look], now: datetime, pause: timedelta, longest: timedelta
) -> list[Look]:
    found: list[Look] = []
    after = now
    for look in sorted(looks, key=lambda one: one.opened_at, reverse=True):
        ended_at = look.opened_at + timedelta(seconds=look.seconds)
        if after - ended_at >= pause or now - look.opened_at > longest:
            break
        found.append(look)
        after = look.opened_at
    return found[::-1]


def rest_needed(looks: Sequence[Look], limits: Limits, file_id: str, now: datetime) -> Rest | None:
    """Whether the next file waits. One that is open in this shift may be seen to its end.

    `looks` are those of the last week, of one person.
    """
    shift = shift_of(looks, now)
    if any(look.file_id == file_id for look in shift):
        return None
    week = [look for look in looks if now - look.opened_at < WEEK]
    if tally(week).seconds >= limits.seconds_a_week:
        return Rest(why="week", until=_below(week, limits.seconds_a_week))
    done = tally(shift)
    full = done.files >= limits.files_a_shift
    if not shift or not (full or done.seconds >= limits.seconds_a_shift):
        return None
    last = shift[-1].opened_at + timedelta(seconds=shift[-1].seconds)
    by_rest = min(last + REST, shift[0].opened_at + LONGEST_SHIFT)
    return Rest(why="files" if full else "shift", until=max(by_rest, now))


def _below(week: Sequence[Look], most: int) -> datetime:
    """When enough of the week's looks are a week old."""
    left = tally(week).seconds
    for look in sorted(week, key=lambda one: one.opened_at):
        left -= look.seconds
        if left < most:
            return look.opened_at + WEEK
    raise AssertionError("nothing is left when all is taken away")


def offers_break(looks: Sequence[Look], now: datetime) -> bool:
    """Whether it is time to get up for ten minutes. Offered, never forced."""
    stretch = stretch_of(looks, now)
    if not stretch:
        return False
    long = now - stretch[0].opened_at >= BREAK_AFTER
    return long or tally(stretch).files >= BREAK_AFTER_FILES


def gets_graver(looks: Sequence[Look], next_severity: int, now: datetime) -> bool:
    """Whether what comes next is graver than anything of this shift: it is said beforehand."""
    return next_severity > max(1, tally(shift_of(looks, now)).gravest)
