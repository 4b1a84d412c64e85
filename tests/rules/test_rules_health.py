"""Enough is enough: by files, by time, by week; and what is open is seen to its end."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from heed.rules import health
from heed.rules.claims import Category
from heed.rules.health import Limits, Look

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
looks = st.lists(
    st.builds(
        Look,
        file_id=st.sampled_from([f"f{n}" for n in range(90)]),
        opened_at=st.integers(0, 8 * 24 * 60).map(lambda m: NOW - timedelta(minutes=m)),
        seconds=st.floats(0, 900),
        severity=st.integers(1, 3),
    ),
    max_size=120,
)


def look(file: str, minutes_ago: float, seconds: float = 30, severity: int = 2) -> Look:
    at = NOW - timedelta(minutes=minutes_ago)
    return Look(file_id=file, opened_at=at, seconds=seconds, severity=severity)


@given(looks, st.integers(1, 60), st.integers(1, 1800))
def test_the_next_file_stays_closed_exactly_while_a_limit_is_reached(
    seen: list[Look], files: int, seconds: int
) -> None:
    limits = Limits(files_a_shift=files, seconds_a_shift=seconds)
    rest = health.rest_needed(seen, limits, "new", NOW)
    shift = health.tally(health.shift_of(seen, NOW))
    week = health.tally([one for one in seen if NOW - one.opened_at < health.WEEK])
    over = shift.files >= files or shift.seconds >= seconds or week.seconds >= 2 * 3600
    assert (rest is not None) == over
    assert rest is None or rest.until >= NOW


@given(looks)
def test_what_is_open_in_this_shift_is_never_closed(seen: list[Look]) -> None:
    for one in health.shift_of(seen, NOW):
        assert health.rest_needed(seen, Limits(files_a_shift=0), one.file_id, NOW) is None


def test_a_long_rest_begins_a_new_shift() -> None:
    before = [look(f"f{n}", 600 + n) for n in range(60)]
    assert health.rest_needed(before, Limits(), "new", NOW) is None
    without = [*before, look("g", 300)]
    assert health.tally(health.shift_of(without, NOW)).files == 61


def test_a_week_that_is_full_opens_when_enough_of_it_is_a_week_old() -> None:
    seen = [look("a", 6 * 24 * 60, 4000), look("b", 24 * 60, 4000)]
    rest = health.rest_needed(seen, Limits(), "new", NOW)
    assert rest is not None
    assert rest.why == "week"
    assert rest.until == seen[0].opened_at + health.WEEK


def test_a_break_is_offered_after_a_while_without_one() -> None:
    steady = [look(f"f{n}", n * 5) for n in range(11)]
    assert health.offers_break(steady, NOW)
    assert not health.offers_break([look("a", 60), look("b", 1)], NOW)
    assert health.offers_break([look(f"f{n}", n / 10) for n in range(12)], NOW)


def test_what_gets_graver_is_said_once_in_a_shift() -> None:
    child = health.severity(Category.INTIMATE_IMAGE, about_a_child=True)
    adult = health.severity(Category.INTIMATE_IMAGE, about_a_child=False)
    words = health.severity(Category.THREATS, about_a_child=False)
    assert child > adult > words
    assert health.gets_graver([look("a", 1, severity=adult)], child, NOW)
    assert not health.gets_graver([look("a", 1, severity=child)], child, NOW)
    assert not health.gets_graver([], words, NOW)
    assert health.gets_graver([look("a", 900, severity=child)], child, NOW)
