"""Only what was played from end to end was seen whole."""

import math

from hypothesis import given
from hypothesis import strategies as st

from heed.rules.viewing import MOST_GAP_SECONDS, union, whole

seconds = st.floats(0, 60, allow_nan=False)
intervals = st.lists(st.tuples(seconds, seconds), max_size=12)


@given(intervals, st.floats(0.5, 60))
def test_a_video_is_seen_whole_when_no_moment_of_it_is_missing(
    played: list[tuple[float, float]], duration: float
) -> None:
    """Against a second way to ask: is every moment near one that was played?"""
    steps = [i * duration / 400 for i in range(401)]
    seen = [any(a <= at <= b for a, b in played if b > a) for at in steps]
    if whole(played, duration):
        step = duration / 400
        lost = run = 0
        for one in seen:
            run = 0 if one else run + 1
            lost = max(lost, run)
        assert lost * step <= MOST_GAP_SECONDS + 2 * step
    assert whole([*played, (0, duration)], duration)
    assert not whole([(a, min(b, duration / 2)) for a, b in played], duration)


@given(intervals)
def test_what_was_played_twice_counts_once(played: list[tuple[float, float]]) -> None:
    once = union(played)
    assert union([*played, *played]) == once == union(once)
    assert all(a < b for a, b in once)
    assert all(b[0] - a[1] > MOST_GAP_SECONDS for a, b in zip(once, once[1:], strict=False))


def test_a_length_that_is_not_known_or_not_a_number_is_never_seen_whole() -> None:
    for length in (None, 0, -1, math.nan, math.inf):
        assert not whole([(0, 1e9)], length)
    assert not whole([], 10) and not whole([(5, 3)], 10)
    assert whole([(0.02, 6), (5.9, 9.93)], 10)
