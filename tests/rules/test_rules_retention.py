"""Words: kept while anything holds them, then for a time with a floor; never for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from heed.rules.retention import (
    WORDS_KEPT_AT_LEAST,
    WORDS_KEPT_AT_MOST,
    Reason,
    Retention,
    contested_until,
    retention,
    words_kept,
)
from heed.settings import Configuration

times = st.integers(0, 600_000_000).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
ended = st.lists(st.builds(Reason, says=st.just("it ended"), until=times), max_size=5)
settings = st.integers(-10_000, 100_000).map(lambda days: timedelta(days=days))
CASE_OPEN = retention(None, ())
HELD = Reason(says="held")
LONG = timedelta(days=100_000)


@st.composite
def decided(draw: st.DrawFn) -> Retention:
    return retention(draw(times), draw(ended))


cases = st.lists(decided(), max_size=3)


@given(times, cases, ended, settings)
def test_no_setting_gets_rid_of_words_within_a_year_of_anything(
    said_at: datetime, of: list[Retention], reasons: list[Reason], kept: timedelta
) -> None:
    found = words_kept(said_at, cases=of, reasons=reasons, kept=kept)
    happened = [said_at, *(one.until for one in found.because if one.until)]
    for at in happened:
        assert not found.over(at + WORDS_KEPT_AT_LEAST - timedelta(seconds=1))


@given(times, cases, ended, settings)
def test_no_setting_keeps_words_for_ever_where_nothing_holds_them(
    said_at: datetime, of: list[Retention], reasons: list[Reason], kept: timedelta
) -> None:
    found = words_kept(said_at, cases=of, reasons=reasons, kept=kept)
    last = max([said_at, *(one.until for one in found.because if one.until)])
    assert found.over(last + WORDS_KEPT_AT_MOST)


@given(times, cases, ended, settings)
def test_what_holds_them_lets_nothing_go(
    said_at: datetime, of: list[Retention], reasons: list[Reason], kept: timedelta
) -> None:
    for held in (
        words_kept(said_at, cases=[*of, CASE_OPEN], reasons=reasons, kept=kept),
        words_kept(said_at, cases=of, reasons=[HELD, *reasons], kept=kept),
    ):
        assert held.until is None
        assert not held.over(held.earliest + LONG)


@given(times, cases, ended, settings, times, decided())
def test_nothing_that_happens_later_makes_it_earlier(
    said_at: datetime, of: list[Retention], reasons: list[Reason], kept: timedelta,
    at: datetime, case: Retention,
) -> None:  # fmt: skip
    before = words_kept(said_at, cases=of, reasons=reasons, kept=kept)
    more = [*reasons, Reason(says="and this", until=at)]
    for after in (
        words_kept(said_at, cases=of, reasons=more, kept=kept),
        words_kept(said_at, cases=[*of, case], reasons=reasons, kept=kept),
        words_kept(max(said_at, at), cases=of, reasons=reasons, kept=kept),
        words_kept(said_at, cases=of, reasons=[HELD, *reasons], kept=kept),
    ):
        assert after.earliest >= before.earliest


@given(times, settings)
def test_a_decision_can_be_contested_before_the_time_begins(
    decided_at: datetime, kept: timedelta
) -> None:
    found = words_kept(decided_at, cases=[retention(decided_at, ())], kept=kept)
    assert found.earliest >= contested_until(decided_at) + WORDS_KEPT_AT_LEAST


@pytest.mark.parametrize("days", [364, 0, -1, 3_651])
def test_a_setting_outside_the_bounds_is_refused_by_name(days: int) -> None:
    with pytest.raises(ValidationError, match="words_kept_days"):
        Configuration(words_kept_days=days)
    assert Configuration(words_kept_days=365).words_kept_days == 365
