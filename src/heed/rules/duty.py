"""Who is told that something waits, when, and who is next when nobody takes it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from heed.rules.triage import AT_ONCE

NEXT_PERSON = timedelta(minutes=5)  # a third of the quarter of an hour that danger leaves
NEXT_PERSON_CALM = timedelta(minutes=30)  # nobody is in danger: time to finish what one is at
AFTER_FAILURE = timedelta(seconds=30)  # a way that failed is no answer: the next one at once
TAKEN_FOR = timedelta(minutes=30)  # who takes a call and does nothing is rung again
TAKEN_FOR_CALM = timedelta(hours=1)
EMERGENCY_WITHIN = timedelta(hours=1)  # ours: 18 U.S.C. 2702(b)(8) has no figure


def urgent(set_at: datetime, due_at: datetime) -> bool:
    """A clock that was short from its start is one that a life may hang on."""
    return due_at - set_at <= AT_ONCE


def call_at(set_at: datetime, due_at: datetime) -> datetime:
    """When the duty person is told: at once in danger, else when half of the time is gone."""
    return set_at if urgent(set_at, due_at) else set_at + (due_at - set_at) / 2


def whom(step: int, on_duty: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Whom the ring number `step` (from 0) goes to: one after another, then everybody.

    `on_duty` is in the order of the rota, `others` may decide and are not on duty. With nobody on
    duty everybody is rung at once: an empty rota never silences a call.
    """
    if step < len(on_duty):
        return (on_duty[step],)
    return tuple(dict.fromkeys([*on_duty, *others]))


def next_at(now: datetime, *, danger: bool, reached: bool) -> datetime:
    """When to ring the next one, if nobody takes the call until then."""
    if not reached:
        return now + AFTER_FAILURE
    return now + (NEXT_PERSON if danger else NEXT_PERSON_CALM)


def quiet_until(now: datetime, *, danger: bool) -> datetime:
    """How long a call that somebody took stays quiet, while its case still waits."""
    return now + (TAKEN_FOR if danger else TAKEN_FOR_CALM)


Stretch = tuple[datetime, datetime]
NIGHT_FROM, NIGHT_UNTIL = 20, 8  # o'clock, where the platform's people live


def night(now: datetime, zone: tzinfo) -> Stretch:
    """What is left of this night, or the one that comes, on the clock of `zone`."""
    here = now.astimezone(zone)
    begins = here.replace(hour=NIGHT_FROM, minute=0, second=0, microsecond=0)
    ends = here.replace(hour=NIGHT_UNTIL, minute=0, second=0, microsecond=0)
    if here < ends:
        return here, ends
    return max(here, begins), ends + timedelta(days=1)


def uncovered(stretch: Stretch, shifts: Iterable[Stretch]) -> list[Stretch]:
    """The parts of `stretch` that no shift covers, in order."""
    at, end = stretch
    gaps = []
    for begins, ends in sorted(shifts):
        if begins >= end:
            break
        if begins > at:
            gaps.append((at, begins))
        at = max(at, ends)
    return [*gaps, (at, end)] if at < end else gaps


def declared(stretch: Stretch, hours: Mapping[int, tuple[int, int]], zone: tzinfo) -> list[Stretch]:
    """The parts of `stretch` in which people said they are there.

    `hours` are minutes of the day by weekday (0 is Monday), on the clock of `zone`.
    """
    begin, end = stretch
    day = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while day < end:
        if day.weekday() in hours:
            first, last = (_at(day, minutes) for minutes in hours[day.weekday()])
            if max(first, begin) < min(last, end):
                found.append((max(first, begin), min(last, end)))
        day += timedelta(days=1)
    return found


def _at(day: datetime, minutes: int) -> datetime:
    """That time on the wall; 1440 minutes are the midnight that ends the day."""
    days, left = divmod(minutes, 24 * 60)
    return (day + timedelta(days=days)).replace(hour=left // 60, minute=left % 60)
