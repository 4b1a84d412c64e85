"""Spans are counted as laws write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.spans import NotASpan, Span, after, parse
from tests.rules.strategies import ZONES, instants

zones = st.sampled_from(ZONES).map(ZoneInfo)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT48H", Span(exact=timedelta(hours=48))),
        ("P6M", Span(months=6)),
        ("P1Y", Span(months=12)),
        ("P90D", Span(days=90)),
        ("P2W", Span(days=14)),
        ("PT0S", Span()),
        ("P1Y2M3DT4H5M6S", Span(months=14, days=3, exact=timedelta(seconds=14706))),
    ],
)
def test_iso_spans_are_read(text: str, span: Span) -> None:
    assert parse(text) == span


@pytest.mark.parametrize("text", ["", "P", "PT", "P1H", "-P1D", "P1.5D", "48h", "P1M ", "P1D\n"])
def test_what_is_not_a_span_is_refused_by_name(text: str) -> None:
    with pytest.raises(NotASpan, match="P6M"):
        parse(text)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2028-02-29", "P1Y", "2029-02-28"),
        ("2026-08-31", "P6M", "2027-02-28"),
        ("2026-12-15", "P1M", "2027-01-15"),
    ],
)
def test_a_month_without_that_day_ends_on_its_last(start: str, span: str, end: str) -> None:
    began = datetime.fromisoformat(start).replace(hour=12, tzinfo=UTC)
    assert after(began, span).date().isoformat() == end


def test_hours_are_real_hours_when_the_clocks_change() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
    assert after(before, "PT48H", BERLIN) - before.astimezone(UTC) == timedelta(hours=48)


def test_a_day_is_the_same_hour_on_the_wall_when_the_clocks_change() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
    assert after(before, "P1D", BERLIN).astimezone(BERLIN).hour == 12
    assert after(before, "P1D", BERLIN) - before.astimezone(UTC) == timedelta(hours=23)


def test_an_hour_that_the_clocks_skip_is_taken_after_the_skip() -> None:
    skipped = after(datetime(2026, 2, 28, 2, 30, tzinfo=BERLIN), "P29D", BERLIN)
    assert skipped.astimezone(BERLIN).isoformat() == "2026-03-29T03:30:00+02:00"


def test_an_hour_that_comes_twice_is_taken_the_first_time() -> None:
    twice = after(datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN), "P1D", BERLIN)
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(instants, st.integers(0, 36), st.integers(0, 400), zones)
def test_time_never_runs_backwards(start: datetime, months: int, days: int, zone: ZoneInfo) -> None:
    end = after(start, Span(months=months, days=days), zone)
    assert end.utcoffset() == timedelta(0)
    assert end >= start
    assert after(start, Span(months=months, days=days + 2), zone) > end


@given(instants, st.integers(1, 36), zones)
def test_months_end_on_the_same_day_or_the_last_of_their_month(
    start: datetime, months: int, zone: ZoneInfo
) -> None:
    local, end = start.astimezone(zone), after(start, Span(months=months), zone).astimezone(zone)
    assert (end.year * 12 + end.month) - (local.year * 12 + local.month) == months
    tomorrow = end + timedelta(days=1)
    assert end.day == local.day or (end.day < local.day and tomorrow.day == 1)


@given(instants, zones)
def test_nothing_at_all_is_at_once(start: datetime, zone: ZoneInfo) -> None:
    assert after(start, "PT0S", zone) == start
