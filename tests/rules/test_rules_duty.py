"""Somebody is always rung: in danger at once, else in good time, and never nobody."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from heed.rules import duty
from heed.rules.triage import REASONS, triage
from tests.rules.strategies import claims

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
spans = st.timedeltas(timedelta(minutes=1), timedelta(days=2))
names = st.lists(st.sampled_from("abcdef"), unique=True)


@given(spans)
def test_a_call_comes_before_half_of_the_time_is_gone_and_at_once_in_danger(
    span: timedelta,
) -> None:
    at = duty.call_at(NOW, NOW + span)
    assert NOW <= at <= NOW + span / 2
    assert (at == NOW) == duty.urgent(NOW, NOW + span)


@given(claims())
def test_what_pages_the_duty_person_is_exactly_what_is_due_within_a_quarter_of_an_hour(
    claim: object,
) -> None:
    outcome = triage(claim)  # type: ignore[arg-type]
    assert outcome.pages_duty == duty.urgent(NOW, NOW + outcome.review_within)
    assert any(reason.pages_duty for reason in REASONS)


@given(names, names, st.integers(0, 20))
def test_a_ring_reaches_somebody_whenever_there_is_anybody(
    on_duty: list[str], others: list[str], step: int
) -> None:
    rung = duty.whom(step, on_duty, others)
    assert bool(rung) == bool(on_duty or others)
    assert set(rung) <= {*on_duty, *others}


@given(names, names)
def test_everybody_is_rung_in_the_end(on_duty: list[str], others: list[str]) -> None:
    rung = [one for step in range(len(on_duty) + 1) for one in duty.whom(step, on_duty, others)]
    assert set(rung) == {*on_duty, *others}
    assert rung[: len(on_duty)] == on_duty


def test_who_could_not_be_reached_is_followed_by_the_next_much_sooner() -> None:
    heard = duty.next_at(NOW, danger=True, reached=True)
    assert duty.next_at(NOW, danger=True, reached=False) < heard
    assert heard < duty.next_at(NOW, danger=False, reached=True)
    assert duty.quiet_until(NOW, danger=True) > heard


# ------------------------------------------------------------------ who is there tonight

BERLIN = ZoneInfo("Europe/Berlin")
INSTANTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
STRETCHES = st.tuples(st.integers(-20, 40), st.integers(1, 20)).map(
    lambda two: (NOON + timedelta(hours=two[0]), NOON + timedelta(hours=two[0] + two[1]))
)
NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the night in which the clocks go forward


@given(INSTANTS)
def test_tonight_ends_at_eight_and_has_not_passed(now: datetime) -> None:
    begins, ends = duty.night(now, BERLIN)
    assert now <= begins < ends and ends.hour == duty.NIGHT_UNTIL
    assert ends.astimezone(UTC) - now <= timedelta(hours=25)


@given(st.lists(STRETCHES, max_size=6))
def test_every_minute_of_the_night_is_covered_or_said_to_be_open(
    shifts: list[duty.Stretch],
) -> None:
    night = duty.night(NOON, BERLIN)
    gaps = duty.uncovered(night, shifts)
    at = night[0]
    while at < night[1]:
        covered = any(begins <= at < ends for begins, ends in shifts)
        assert covered != any(begins <= at < ends for begins, ends in gaps)
        at += timedelta(minutes=30)
    assert gaps == sorted(gaps) and all(begins < ends for begins, ends in gaps)


def test_declared_hours_are_those_of_the_clock_on_the_wall() -> None:
    night = duty.night(NOON, BERLIN)
    found = duty.declared(night, {5: (22 * 60, 24 * 60), 6: (0, 7 * 60)}, BERLIN)
    assert [(begin.hour, end.hour) for begin, end in found] == [(22, 0), (0, 7)]
    long = found[1][1].astimezone(UTC) - found[1][0].astimezone(UTC)
    assert long == timedelta(hours=6), "one hour of it does not exist"
    assert duty.declared(night, {0: (0, 60)}, BERLIN) == []
