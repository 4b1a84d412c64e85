"""When a file was seen whole: what may be said to an authority of how far it was looked at.

NCMEC's documentation asks for "the entire contents". A player counts what it played in full size,
unblurred, and at no more than `FASTEST` times the normal speed; sound may be off.
"""

from collections.abc import Iterable

MOST_GAP_SECONDS = 0.1  # about two frames: what players lose in rounding, and no scene hides in it
FASTEST = 2.0  # faster than this nobody has seen it

Interval = tuple[float, float]  # from, until; seconds from the beginning


def union(played: Iterable[Interval]) -> list[Interval]:
    """What was played, in order, without overlaps. An interval that ends before it begins is none.

    Gaps of up to `MOST_GAP_SECONDS` are closed.
    """
    found: list[Interval] = []
    for begin, end in sorted((max(a, 0.0), b) for a, b in played if b > a and b > 0):
        if found and begin - found[-1][1] <= MOST_GAP_SECONDS:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def whole(played: Iterable[Interval], duration_seconds: float | None) -> bool:
    """Whether all of a video was played. Of one whose length is not known, nobody can say so."""
    if not duration_seconds or duration_seconds <= 0:
        return False
    found = union(played)
    if not found or found[0][0] > MOST_GAP_SECONDS:
        return False
    return found[0][1] >= duration_seconds - MOST_GAP_SECONDS
