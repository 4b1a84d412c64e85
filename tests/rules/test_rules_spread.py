"""Claims spread carefully, decisions go wherever the file is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.decisions import Scope
from heed.rules.spread import (
    BASES,
    CONFIDENT_MATCH,
    FAR_OLDER,
    GOOD_QUALITY,
    MOST_NEAR,
    Found,
    FoundBy,
    basis,
    person_first,
    reach,
)
from heed.rules.visibility import Visibility, is_provisional, strictest
from tests.rules.strategies import copies

V, L, H, R = Visibility
NEAR = Found(by=FoundBy.NEAR, distance_bits=10, quality=90, claimed_quality=80)
levels = st.sampled_from([V, L, H])


@pytest.mark.parametrize("by", [FoundBy.NAMED, FoundBy.RESHARE, FoundBy.EXACT])
def test_a_claim_reaches_what_is_the_same_thing(by: FoundBy) -> None:
    assert reach(Found(by=by), H, decided=False, near_before=10**6) is H


def test_a_claim_reaches_a_near_copy_of_quality() -> None:
    assert reach(NEAR, H, decided=False) is H
    assert not person_first(NEAR, decided=False)


@pytest.mark.parametrize(
    "unclear",
    [
        replace(NEAR, quality=GOOD_QUALITY - 1),
        replace(NEAR, claimed_quality=GOOD_QUALITY - 1),
        replace(NEAR, quality=None),
        replace(NEAR, distance_bits=None),
        replace(NEAR, distance_bits=CONFIDENT_MATCH + 1),
    ],
)
@pytest.mark.parametrize("decided", [False, True])
def test_an_unclear_likeness_touches_nothing_and_asks_a_person(
    unclear: Found, decided: bool
) -> None:
    assert reach(unclear, H, decided) is V
    assert person_first(unclear, decided)
    assert basis(unclear, decided) == "copy-near-unclear"


def test_one_claim_hides_only_so_many_near_copies_and_limits_the_rest() -> None:
    assert reach(NEAR, H, decided=False, near_before=MOST_NEAR - 1) is H
    assert reach(NEAR, H, decided=False, near_before=MOST_NEAR) is L
    assert person_first(NEAR, decided=False, near_before=MOST_NEAR)


def test_a_claim_only_limits_what_stood_there_long_before() -> None:
    old = replace(NEAR, older_by=FAR_OLDER + timedelta(days=1))
    assert reach(old, H, decided=False) is L
    assert basis(old, decided=False) == "copy-near-unusual"


@given(copies(), levels, st.integers(0, 500))
def test_an_undecided_claim_treats_no_copy_harder_than_the_named_item(
    found: Found, level: Visibility, near_before: int
) -> None:
    got = reach(found, level, decided=False, near_before=near_before)
    assert got <= level and got is not R


def test_even_a_removed_level_stays_provisional_until_it_is_decided() -> None:
    assert is_provisional(reach(Found(by=FoundBy.NAMED), R, decided=False))


@given(copies(), levels)
def test_a_near_copy_is_never_removed_before_a_person_confirms_it(
    found: Found, level: Visibility
) -> None:
    near = replace(found, by=FoundBy.NEAR, confirmed=False)
    assert reach(near, level, decided=True) < R


def test_a_decision_on_the_file_removes_the_same_and_hides_the_near() -> None:
    for by in (FoundBy.NAMED, FoundBy.RESHARE, FoundBy.EXACT):
        assert reach(Found(by=by), H, decided=True) is R
    assert reach(NEAR, H, decided=True) is H
    assert person_first(NEAR, decided=True)
    assert reach(replace(NEAR, confirmed=True), H, decided=True) is R


def test_a_decision_on_named_items_lets_the_original_elsewhere_stand() -> None:
    assert reach(Found(by=FoundBy.NAMED), H, decided=True, scope=Scope.ITEMS) is R
    assert reach(Found(by=FoundBy.RESHARE), H, decided=True, scope=Scope.ITEMS) is R
    assert reach(Found(by=FoundBy.EXACT), H, decided=True, scope=Scope.ITEMS) is V


@given(copies(), levels, st.booleans())
def test_an_exempted_item_stands(found: Found, level: Visibility, decided: bool) -> None:
    assert reach(replace(found, exempt=True), level, decided) is V


@given(copies(), st.booleans(), st.integers(0, 500))
def test_every_copy_has_a_named_basis(found: Found, decided: bool, near_before: int) -> None:
    assert basis(found, decided, near_before=near_before) in BASES


@given(st.lists(st.sampled_from(Visibility)))
def test_the_strictest_of_live_restrictions_wins_whatever_their_order(
    levels: list[Visibility],
) -> None:
    order = ["visible", "limited", "hidden", "removed"]
    expected = max((order.index(level.value) for level in levels), default=0)
    assert strictest(levels) is strictest(reversed(levels)) is Visibility(order[expected])


def test_visibility_compares_by_strictness_and_never_by_spelling() -> None:
    assert V < L < H < R
    assert max(V, H) is H
    assert sorted([R, V, H, L]) == [V, L, H, R]
    assert [level for level in Visibility if is_provisional(level)] == [L, H]
