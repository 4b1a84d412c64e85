"""How much of a video somebody has seen: what was played, united, against the whole of it.

Spans are half-open and in milliseconds of the file. They are counted by the page that plays it, and
believed only as far as the time that has passed allows.
"""

from collections.abc import Iterable
from datetime import timedelta

Span = tuple[int, int]

FASTEST = 2.0  # playing at more than double speed is not seeing
SLACK_MS = 1_000  # the page's clock and ours
GAP_MS = 400  # a few frames: no more is missing in one place, else it was skipped
MOST_SPANS = 500  # of one part: more are not a person's


def united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same moments, each once and in order. Empty and backward spans are nothing."""
    found: list[Span] = []
    for begin, end in sorted(one for one in spans if one[0] < one[1]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)


def within(spans: Iterable[Span], begin: int, end: int) -> tuple[Span, ...]:
    """What of them lies between; united."""
    return united((max(begin, one[0]), min(end, one[1])) for one in spans)


def length_ms(spans: Iterable[Span]) -> int:
    """How much that is, each moment counted once."""
    return sum(end - begin for begin, end in united(spans))


def believable(spans: Iterable[Span], passed: timedelta) -> bool:
    """Whether so much can have been played in the time since it was opened."""
    return length_ms(spans) <= passed / timedelta(milliseconds=1) * FASTEST + SLACK_MS


def whole(spans: Iterable[Span], end_ms: int | None) -> bool:
    """Whether nothing of it was left out. `end_ms`: None while nobody has come to its end."""
    if end_ms is None or end_ms <= 0:
        return False
    at = 0
    for begin, end in (*united(spans), (end_ms, end_ms)):
        if begin - at > GAP_MS:
            return False
        at = max(at, end)
    return True
