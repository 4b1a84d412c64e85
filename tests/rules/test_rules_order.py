"""The queue is in order of harm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from heed.rules.claims import BODIES, AgeThen, Category, Claim
from heed.rules.order import Rung, gravest, queue_key, rung
from tests.rules.strategies import claims, instants

Row = tuple[Rung, datetime | None, float, str]

rows = st.tuples(
    st.sampled_from(Rung), st.none() | instants, st.floats(0, 1e9), st.uuids().map(str)
)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@given(st.lists(rows, unique_by=lambda row: row[3]), st.randoms())
def test_the_queue_has_one_order_however_it_was_filled(rows: list[Row], shuffler: Random) -> None:
    keys = [queue_key(*row) for row in rows]
    shuffled = [*keys]
    shuffler.shuffle(shuffled)
    assert sorted(keys) == sorted(shuffled)
    assert len(set(keys)) == len(keys)


@given(rows, rows)
def test_harm_comes_before_every_deadline_and_every_speed(first: Row, second: Row) -> None:
    if first[0] < second[0]:
        assert queue_key(*first) < queue_key(*second)


@given(st.sampled_from(Rung), instants, st.floats(0, 1e9), st.floats(0, 1e9))
def test_inside_a_rung_the_nearer_deadline_comes_first(
    step: Rung, due_at: datetime, slow: float, fast: float
) -> None:
    later = due_at + timedelta(seconds=1)
    assert queue_key(step, due_at, slow) < queue_key(step, later, fast)
    assert queue_key(step, due_at, slow) < queue_key(step, None, fast)


@given(rows, rows)
def test_what_a_flood_brings_waits_behind_bodies_and_before_all_that_is_less_grave(
    first: Row, second: Row
) -> None:
    flood, other = queue_key(*first, crowd=True), queue_key(*second)
    if first[0] <= Rung.INTIMATE_OR_EXTORTION:
        assert (other < flood) == (second[0] <= Rung.INTIMATE_OR_EXTORTION)
    elif second[0] != first[0]:
        assert (other < flood) == (second[0] < first[0])


def test_with_equal_deadlines_what_spreads_faster_comes_first() -> None:
    assert queue_key(Rung.CHILD, MONDAY, 900.0, "b") < queue_key(Rung.CHILD, MONDAY, 1.0, "a")


@given(claims())
def test_danger_then_children_then_intimate_then_the_rest(claim: Claim) -> None:
    assert rung(replace(claim, danger_now=True)) is Rung.DANGER_TO_LIFE
    calm = replace(claim, danger_now=False)
    child = replace(calm, category=Category.MINOR_EXTORTION)
    adult = replace(
        calm, category=Category.INTIMATE_EXTORTION, age_then=AgeThen.ADULT, stated_age=None
    )
    words = replace(calm, category=Category.THREATS)
    assert rung(child) < rung(adult) < rung(words)


@given(st.lists(st.sampled_from(Category), min_size=1))
def test_a_case_is_about_a_body_when_any_of_its_claims_is(said: list[Category]) -> None:
    assert (gravest(said) in BODIES) is any(category in BODIES for category in said)
    assert gravest(said) in said
