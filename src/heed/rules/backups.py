"""When a backup is due, which ones are kept, and what they are called.

Whole days and weeks are those of UTC.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

DAILY = 7  # the newest of each of so many days that have one
WEEKLY = 4  # and of each of so many weeks
_NAME = re.compile(r"heed-(\d{8}T\d{6}Z)\.tar\.age")
_STAMP = "%Y%m%dT%H%M%SZ"


class NoSuchTime(ValueError):
    """Not a time of the day. Write it as 03:30."""


def name_of(made_at: datetime) -> str:
    """What the backup of this second is called."""
    return f"heed-{made_at.astimezone(UTC).strftime(_STAMP)}.tar.age"


def made_at_of(name: str) -> datetime | None:
    """When the backup of this name was begun; None for what is no backup's name."""
    found = _NAME.fullmatch(name)
    return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC) if found else None


def time_of(text: str) -> time:
    """A time of the day, in UTC, as `03:30`. Raises `NoSuchTime`."""
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text.strip()):
        raise NoSuchTime(f"{text!r} is no time of the day: write it as 03:30 (UTC)")
    hours, _, minutes = text.strip().partition(":")
    return time(int(hours), int(minutes), tzinfo=UTC)


def is_due(last_at: datetime | None, at: time, *, now: datetime) -> bool:
    """Whether a daily backup is owed: none was begun since the last time that it struck `at`."""
    today = datetime.combine(now.astimezone(UTC).date(), at)
    struck = today if today <= now else today - timedelta(days=1)
    return last_at is None or last_at < struck


def too_many(made: Iterable[datetime], *, kept_within: timedelta, now: datetime) -> list[datetime]:
    """Those that go, the oldest first. The newest stays as long as it is not too old itself."""
    newest_first = sorted(set(made), reverse=True)
    young = [one for one in newest_first if now - one <= kept_within]
    kept = {*_newest_of(young, "%Y-%m-%d", DAILY), *_newest_of(young, "%G-%V", WEEKLY)}
    return [one for one in reversed(newest_first) if one not in kept]


def _newest_of(newest_first: list[datetime], part: str, count: int) -> list[datetime]:
    """The newest of each day (or week), for so many of them."""
    found: dict[str, datetime] = {}
    for one in newest_first:
        found.setdefault(one.astimezone(UTC).strftime(part), one)
    return list(found.values())[:count]
