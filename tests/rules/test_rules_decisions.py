"""Who decides, who must agree, who may look."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.claims import BODIES, Category
from heed.rules.decisions import (
    Agreement,
    Ruling,
    may_decide_appeal,
    may_open,
    may_second,
    needs_second,
)

DAY = timedelta(hours=24)


@pytest.mark.parametrize("category", Category)
def test_no_violation_on_a_body_needs_a_second_person(category: Category) -> None:
    assert needs_second(category, Ruling.KEEP) is (category in BODIES)
    assert not needs_second(category, Ruling.REMOVE)


@given(st.sampled_from(Category), st.sampled_from(Ruling))
def test_to_free_what_is_restricted_needs_the_same_as_to_find_no_violation(
    category: Category, ruling: Ruling
) -> None:
    assert needs_second(category, ruling, frees=True) is needs_second(category, Ruling.KEEP)
    assert needs_second(category, ruling, frees=False) is needs_second(category, ruling)


def second(who: str | None, **changed: object) -> Agreement:
    known = {"both_viewed": True, "staffing": 2, "waited": timedelta(0), **changed}
    return may_second("rae", who, **known)  # type: ignore[arg-type]


def test_a_different_person_who_has_seen_it_agrees() -> None:
    assert second("sam") is Agreement.AGREED


def test_nobody_agrees_with_what_was_not_seen() -> None:
    assert second("sam", both_viewed=False) is Agreement.WAITING
    assert second("rae", both_viewed=False, staffing=1, waited=DAY) is Agreement.WAITING


def test_the_same_person_never_agrees_with_themselves_where_others_could() -> None:
    assert second("rae", waited=30 * DAY) is Agreement.WAITING
    assert second(None, waited=30 * DAY) is Agreement.WAITING


def test_a_lone_volunteer_answers_after_a_day_and_it_is_marked() -> None:
    assert second("rae", staffing=1, waited=DAY - timedelta(seconds=1)) is Agreement.WAITING
    assert second("rae", staffing=1, waited=DAY) is Agreement.UNSECONDED
    assert second(None, staffing=1, waited=DAY) is Agreement.WAITING


def test_an_outside_reviewer_agrees_on_a_one_person_site() -> None:
    assert second("sam", staffing=1) is Agreement.AGREED


def test_an_appeal_never_goes_back_to_anyone_who_decided() -> None:
    asked = {"deciders": {"rae", "sam"}, "others": 1, "waited": timedelta(days=9)}
    assert may_decide_appeal("rae", **asked) is Agreement.WAITING
    assert may_decide_appeal("sam", **asked) is Agreement.WAITING
    assert may_decide_appeal("ola", **asked) is Agreement.AGREED


def test_an_appeal_where_nobody_else_is_waits_a_day_and_is_then_answered_in_the_open() -> None:
    asked = {"deciders": {"rae", "sam"}, "others": 0}
    assert may_decide_appeal("rae", **asked, waited=timedelta(hours=23)) is Agreement.WAITING
    assert may_decide_appeal("rae", **asked, waited=DAY) is Agreement.UNSECONDED


def opens(**changed: bool) -> bool:
    known = {"about_a_child": True, "reviews": True, "cleared_for_minors": True}
    return may_open(**{**known, "trusted_bank_knows": False, **changed})


def test_files_of_minors_open_only_for_the_role_for_it() -> None:
    assert opens()
    assert not opens(cleared_for_minors=False)
    assert not opens(reviews=False)
    assert opens(about_a_child=False, cleared_for_minors=False)


def test_what_a_trusted_bank_knows_is_decided_unopened() -> None:
    assert not opens(trusted_bank_knows=True)
