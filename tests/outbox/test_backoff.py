"""Tried again over hours, never in step, never for ever."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from heed.outbox.backoff import FIRST_WAIT, GIVE_UP_AFTER, LONGEST_WAIT, given_up, wait

luck = st.floats(0, 1, exclude_max=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.integers(0, 10**9), luck)
def test_a_wait_is_never_shorter_than_half_a_second_nor_longer_than_half_an_hour(
    attempts: int, luck: float
) -> None:
    assert FIRST_WAIT / 2 <= wait(attempts, luck=luck) <= LONGEST_WAIT


@given(st.integers(1, 100), luck)
def test_waits_grow_with_each_failure_at_the_same_luck(attempts: int, luck: float) -> None:
    assert wait(attempts, luck=luck) <= wait(attempts + 1, luck=luck)


def test_the_first_waits_double_from_a_second() -> None:
    assert [wait(n, luck=0).total_seconds() for n in (1, 2, 3, 4)] == [1, 2, 4, 8]


@settings(max_examples=20)
@given(st.lists(luck, min_size=400, max_size=400))
def test_trying_goes_on_for_two_days_and_then_ends(lucks: list[float]) -> None:
    now = first = NOON
    for attempts, luck in enumerate(lucks, start=1):
        if given_up(attempts, first_failed_at=first, now=now):
            break
        now += wait(attempts, luck=luck)
    assert GIVE_UP_AFTER <= now - first <= GIVE_UP_AFTER + LONGEST_WAIT


def test_a_heed_that_was_off_for_a_week_does_not_give_up_at_its_first_try() -> None:
    assert not given_up(3, first_failed_at=NOON, now=NOON + timedelta(days=7))
