"""How a thing spread: bars for an SVG of our own, and the same figures for the table beneath."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

WIDTH, HEIGHT, HEAD, FOOT = 720, 180, 24, 28  # units of the drawing; it scales with the page
MOST_BARS = 48
STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 5, 15, 60, 3 * 60, 12 * 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60)
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One span of time: what was published in it, and where its bar stands."""

    begins_at: datetime
    copies: int
    views_then: int
    views_now: int
    x: float
    y: float
    width: float
    height: float
    known: bool  # it began after the first notice


@dataclass(frozen=True, slots=True)
class Spread:
    """The whole drawing."""

    bars: Sequence[Bar]
    step: timedelta
    most: int
    known_x: float | None  # where the first notice stands
    width: int = WIDTH
    height: int = HEIGHT + FOOT
    base: int = HEIGHT


def spread(
    published: Sequence[tuple[datetime, int, int]], known_at: datetime | None
) -> Spread | None:
    """Bars over `(published, views when found, views now)`, oldest first; None without any."""
    if not published:
        return None
    times = [at for at, _, _ in published] + ([known_at] if known_at else [])
    step = _step(max(times) - min(times))
    begin = _floor(min(times), step)
    count = int((max(times) - begin) / step) + 1
    sums = [[0, 0, 0] for _ in range(count)]
    for at, then, now in published:
        row = sums[int((at - begin) / step)]
        row[0], row[1], row[2] = row[0] + 1, row[1] + then, row[2] + now
    most = max(row[0] for row in sums)
    width = WIDTH / count
    bars = [_bar(begin + n * step, row, n, width, most, known_at) for n, row in enumerate(sums)]
    known_x = None if known_at is None else round((known_at - begin) / step * width, 1)
    return Spread(bars, step, most, known_x)


def _bar(
    at: datetime, row: Sequence[int], n: int, width: float, most: int, known_at: datetime | None
) -> Bar:
    height = round(row[0] / most * (HEIGHT - HEAD), 1)
    return Bar(
        begins_at=at,
        copies=row[0],
        views_then=row[1],
        views_now=row[2],
        x=round(n * width + width * 0.08, 1),
        y=round(HEIGHT - height, 1),
        width=round(width * 0.84, 1),
        height=height,
        known=known_at is not None and at >= known_at,
    )


def _step(whole: timedelta) -> timedelta:
    fitting = (step for step in STEPS if whole / step < MOST_BARS - 1)
    return next(fitting, whole / (MOST_BARS - 2))


def _floor(at: datetime, step: timedelta) -> datetime:
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    return at - (at - epoch) % step


@dataclass(frozen=True, slots=True)
class Column:
    """One day or span, and where it stands in the drawing."""

    at: date
    value: float | None
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Columns:
    """A plain drawing of one row of figures."""

    bars: Sequence[Column]
    most: float
    width: int = WIDTH
    height: int = HEIGHT + FOOT
    base: int = HEIGHT


def columns(values: Sequence[tuple[date, float | None]]) -> Columns:
    """Bars of equal width for `(when, how much)`, oldest first; where nothing is known, none."""
    most = max((value or 0.0 for _, value in values), default=0.0)
    width = WIDTH / max(1, len(values))
    bars = []
    for n, (at, value) in enumerate(values):
        tall = round((value or 0.0) / most * (HEIGHT - HEAD), 1) if most else 0.0
        bars.append(
            Column(
                at=at,
                value=value,
                x=round(n * width + width * 0.08, 1),
                y=round(HEIGHT - tall, 1),
                width=round(width * 0.84, 1),
                height=tall,
            )
        )
    return Columns(bars, most)
