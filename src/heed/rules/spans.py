"""Spans as laws write them: months and days on the calendar of a zone, hours by the clock."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_ISO = re.compile(
    r"P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


class NotASpan(ValueError):
    """Write it as ISO 8601 does, whole numbers only: P6M, P1Y, P90D, PT48H."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Never negative. `exact` is real elapsed time, the rest is counted on the calendar."""

    months: int = 0
    days: int = 0
    exact: timedelta = timedelta(0)


def parse(text: str) -> Span:
    """An ISO 8601 duration in whole numbers. Raises `NotASpan`."""
    match = _ISO.fullmatch(text)
    if match is None:
        raise NotASpan(f"{text!r} is not a span such as P6M or PT48H")
    part = {name: int(value or 0) for name, value in match.groupdict().items()}
    return Span(
        months=12 * part["years"] + part["months"],
        days=7 * part["weeks"] + part["days"],
        exact=timedelta(hours=part["hours"], minutes=part["minutes"], seconds=part["seconds"]),
    )


def after(start: datetime, span: Span | str, zone: tzinfo = UTC) -> datetime:
    """The instant (UTC) at which `span` after the aware `start` has passed, counted in `zone`.

    A month without that day ends on its last one. A local time that the clocks skip is taken
    after the skip, one that comes twice is taken the first time.
    """
    counted = span if isinstance(span, Span) else parse(span)
    local = start.astimezone(zone)
    moved = _plus_months(local.replace(tzinfo=None), counted.months) + timedelta(counted.days)
    if counted.months or counted.days:
        start = moved.replace(tzinfo=zone)
    return start.astimezone(UTC) + counted.exact


def _plus_months(local: datetime, months: int) -> datetime:
    years, month = divmod(local.month - 1 + months, 12)
    year = local.year + years
    last = monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last))
