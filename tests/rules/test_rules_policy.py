"""Written policy: every category has a clause, every clause its words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.claims import EXTORTION, Category, Claim, about_a_child
from heed.rules.order import Rung
from heed.rules.policy import (
    CURRENT,
    FIXED,
    Clause,
    NoSuchClause,
    NotAPolicy,
    clause,
    clauses,
    default_clause,
    differences,
    revised,
)
from heed.rules.reasons import ReasonClass, reason_class
from heed.rules.visibility import Visibility
from tests.rules.strategies import claims


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("child", [False, True])
def test_every_category_has_a_clause(category: Category, child: bool) -> None:
    assert default_clause(category, about_a_child=child) in clauses(CURRENT)


def test_the_ladder_is_stated_the_gravest_first() -> None:
    rungs = [one.rung for one in clauses()]
    assert rungs == sorted(rungs)
    assert len({one.id for one in clauses()}) == len(rungs)


def test_an_unknown_clause_or_version_is_refused_by_name() -> None:
    with pytest.raises(NoSuchClause, match="child-sexual"):
        clause("nonsense")
    with pytest.raises(NoSuchClause, match=CURRENT):
        clauses("0")


def test_an_intimate_picture_of_a_child_is_a_childs_case() -> None:
    assert default_clause(Category.INTIMATE_IMAGE, about_a_child=True).rung is Rung.CHILD


@given(claims(), st.sampled_from(Visibility))
def test_a_childs_extortion_never_tells_the_platform_or_the_extorter_so(
    claim: Claim, visibility: Visibility
) -> None:
    if claim.category in EXTORTION and about_a_child(claim):
        told = reason_class(claim.category, visibility, about_a_child=True)
        assert told is not ReasonClass.EXTORTION


@given(st.sampled_from(Category), st.booleans(), st.booleans())
def test_what_is_visible_carries_no_reason(category: Category, child: bool, by_match: bool) -> None:
    told = reason_class(category, Visibility.VISIBLE, about_a_child=child, by_match=by_match)
    assert told is ReasonClass.NONE


def test_each_category_has_its_reason_class() -> None:
    told = {
        category: reason_class(category, Visibility.HIDDEN, about_a_child=False).value
        for category in Category
    }
    assert told == {
        "minor_sexual": "child-safety",
        "minor_extortion": "child-safety",
        "intimate_image": "intimate-image",
        "intimate_extortion": "extortion",
        "impersonation": "policy",
        "doxxing": "policy",
        "threats": "policy",
        "other": "policy",
    }


@given(st.sampled_from(clauses()), st.sampled_from(["words", "title", "rung", "out", "empty"]))
def test_no_revision_weakens_what_no_setting_may(one: Clause, how: str) -> None:
    changed = {
        "words": replace(one, text="Allowed, if the account is large."),
        "title": replace(one, title="A tip of the hat"),
        "rung": replace(one, rung=Rung.DANGER_TO_LIFE),
        "empty": replace(one, text=" "),
    }
    said = [other for other in clauses() if other is not one]
    said += [changed[how]] if how in changed else []
    if one.id not in FIXED and how in ("words", "title"):
        assert changed[how] in revised(said)
        return
    with pytest.raises(NotAPolicy, match=one.id):
        revised(said)


def test_a_revision_may_add_words_and_clauses_below_what_is_fixed() -> None:
    more = replace(clause("child-sexual"), text=clause("child-sexual").text + " Drawings too.")
    spam = Clause(id="spam", title="No spam", text="Nothing in bulk.", rung=Rung.DOXXING)
    said = [spam, more, *(one for one in clauses() if one.id != "child-sexual")]
    new = revised(said)
    assert new[0].id == "child-sexual" and new[-1].id == "none"
    assert [one.rung for one in new] == sorted(one.rung for one in new)
    changes = differences(clauses(), new)
    assert [(one.clause.id, one.what) for one in changes] == [
        ("child-sexual", "changed"), ("spam", "added"),
    ]  # fmt: skip
    assert changes[0].words[-1] == ("added", " Drawings too.")
    assert [one.what for one in differences(new, clauses())] == ["changed", "taken"]
    for bad in (replace(spam, rung=Rung.CHILD), replace(spam, id="No Spam!"), clause("threats")):
        with pytest.raises(NotAPolicy):
            revised([*clauses(), bad])


@given(st.lists(st.sampled_from(["no", "threats", "here", "now"])), st.data())
def test_a_difference_tells_both_texts_whole(before: list[str], data: st.DataObject) -> None:
    after = data.draw(st.permutations(before))
    old, new = (replace(clause("other"), text=" ".join(words)) for words in (before, after))
    for change in differences([old], [new]):
        kept = "".join(text for how, text in change.words if how != "added")
        told = "".join(text for how, text in change.words if how != "taken")
        assert (kept.split(), told.split()) == (before, list(after))
