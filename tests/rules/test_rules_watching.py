"""A video was seen when all of it was played, and not a moment before."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from heed.rules.watching import GAP_MS, believable, length_ms, united, whole, within

spans = st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 90_000)), max_size=12)


@given(spans)
def test_a_moment_counts_once_however_often_it_was_played(played: list[tuple[int, int]]) -> None:
    moments = {ms // 500 for begin, end in played for ms in range(begin, end, 500)}
    assert united(played) == united([*played, *reversed(played)])
    assert length_ms(played) >= (len(moments) - len(played)) * 500 - 500 * len(played)
    assert all(one[1] < other[0] for one, other in pairwise(united(played)))


@given(spans, st.integers(1, 90_000))
def test_whole_means_that_no_gap_is_longer_than_a_few_frames(
    played: list[tuple[int, int]], end: int
) -> None:
    inside = within(played, 0, end)
    edges = [0, *(edge for span in inside for edge in span), end]
    gaps = [after - before for before, after in zip(edges[::2], edges[1::2], strict=True)]
    assert whole(inside, end) == (max(gaps) <= GAP_MS)


def test_a_video_whose_end_nobody_has_come_to_was_not_seen_whole() -> None:
    assert not whole([(0, 20_000)], None)
    assert whole([(0, 20_000), (20_000, 31_000)], 31_200)


@given(spans, st.integers(0, 60))
def test_nobody_plays_more_than_twice_the_time_that_has_passed(
    played: list[tuple[int, int]], seconds: int
) -> None:
    fits = length_ms(played) <= seconds * 2_000 + 1_000
    assert believable(played, timedelta(seconds=seconds)) == fits
