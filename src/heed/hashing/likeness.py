"""Whether two videos show the same: the share of each one's frames that the other one also shows.

Order and speed do not count, so a copy that was cut, re-timed or put together anew is still found.
"""

from heed.hashing.distance import CONFIDENT_MATCH, distance
from heed.hashing.signals import WAYS, FileSignals


def video_similarity(
    asked: FileSignals, stored: FileSignals, within_bits: int = CONFIDENT_MATCH
) -> tuple[float, float]:
    """The share of the seconds asked that `stored` shows, and of its frames that are asked for.

    Of the eight ways to turn and mirror the video that is asked, the one that agrees best counts. A
    clip cut from a film has (1.0, small). Without good frames both are 0.0.
    """
    theirs = [frame.good for frame in stored.frames if frame.good]
    ways = (asked.query_forms[way::WAYS] for way in range(WAYS))
    found = (
        _shares(tuple(zip(asked.asked_at_s, way, strict=True)), theirs, within_bits) for way in ways
    )
    return max(found, key=lambda pair: (max(pair), min(pair)))


def _shares(
    asked: tuple[tuple[int, bytes], ...], theirs: list[tuple[bytes, ...]], within_bits: int
) -> tuple[float, float]:
    met = [
        (second, nth)
        for second, form in asked
        for nth, values in enumerate(theirs)
        if any(distance(form, value) <= within_bits for value in values)
    ]
    seconds, found = {second for second, _ in asked}, {second for second, _ in met}
    of_theirs = len({nth for _, nth in met}) / max(1, len(theirs))
    return len(found) / max(1, len(seconds)), of_theirs
