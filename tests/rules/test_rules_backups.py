"""When backups are due, and which stay."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.backups import DAILY, WEEKLY, NoSuchTime, is_due, made_at_of, name_of, time_of
from heed.rules.backups import too_many as gone

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
KEPT = timedelta(days=35)
moments = st.lists(st.timedeltas(timedelta(0), timedelta(days=60)).map(lambda age: NOW - age))


def test_a_backup_each_day_leaves_a_week_of_days_and_a_month_of_weeks() -> None:
    daily = [NOW - timedelta(days=n) for n in range(60)]
    kept = sorted({*daily} - {*gone(daily, kept_within=KEPT, now=NOW)}, reverse=True)
    assert kept[:DAILY] == daily[:DAILY]
    assert len(kept) == DAILY + WEEKLY - 2  # this week's and last week's are among the days
    assert NOW - kept[-1] < timedelta(days=4 * 7)


@given(moments)
def test_nothing_outlives_the_time_after_which_what_was_destroyed_is_gone(
    made: list[datetime],
) -> None:
    removed = gone(made, kept_within=KEPT, now=NOW)
    assert all(NOW - one <= KEPT for one in {*made} - {*removed})
    young = [one for one in made if NOW - one <= KEPT]
    assert not young or max(young) not in removed


@given(st.timedeltas(timedelta(0), timedelta(days=70_000)))
def test_a_name_says_the_second_in_which_it_was_made(since: timedelta) -> None:
    at = datetime(2000, 1, 1, tzinfo=UTC) + since
    assert made_at_of(name_of(at)) == at.replace(microsecond=0)
    assert made_at_of("." + name_of(at) + ".half") is None


def test_one_is_owed_when_the_hour_has_struck_since_the_last() -> None:
    at = time_of("03:30")
    assert is_due(None, at, now=NOW)
    assert not is_due(NOW.replace(hour=3, minute=30), at, now=NOW)
    assert is_due(NOW.replace(hour=3, minute=29), at, now=NOW)
    assert not is_due(NOW - timedelta(hours=20), at, now=NOW.replace(hour=3, minute=29))
    with pytest.raises(NoSuchTime, match="03:30"):
        time_of("25:00")
