"""Fast on abuse, slow on speech, and blind to who the uploader is."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from inspect import signature

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.claims import (
    BODIES,
    AgeThen,
    BankAction,
    Category,
    Claim,
    Standing,
    about_a_body,
    about_a_child,
)
from heed.rules.order import Rung, queue_key, rung
from heed.rules.spread import Found, person_first, reach
from heed.rules.triage import (
    AT_ONCE,
    REASONS,
    SPEECH,
    WITHIN_THE_HOUR,
    may_hide_later,
    read_within,
    triage,
)
from heed.rules.visibility import Visibility, strictest
from tests.rules.strategies import claims

HOUR = timedelta(hours=1)


def claim(**facts: object) -> Claim:
    known = {"category": Category.MINOR_SEXUAL, "age_then": AgeThen.UNDER_18, "has_file": True}
    return Claim(**{**known, **facts})  # type: ignore[arg-type]


def adult(**facts: object) -> Claim:
    return claim(**{"category": Category.INTIMATE_IMAGE, "age_then": AgeThen.ADULT, **facts})


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("category", [Category.MINOR_SEXUAL, Category.MINOR_EXTORTION])
def test_anybody_may_have_a_child_protected_at_once(category: Category, standing: Standing) -> None:
    outcome = triage(claim(category=category, standing=standing))
    assert outcome.visibility is Visibility.HIDDEN
    assert outcome.because == ("child-shown",)
    assert outcome.rung is Rung.CHILD


def test_a_person_unsure_of_the_age_is_heard_as_if_it_were_a_child() -> None:
    for category in (Category.INTIMATE_IMAGE, Category.INTIMATE_EXTORTION):
        unsure = triage(claim(category=category, age_then=AgeThen.UNSURE))
        assert (unsure.visibility, unsure.rung) == (Visibility.HIDDEN, Rung.CHILD)


def test_an_age_under_18_weighs_more_than_the_wrong_tick() -> None:
    assert about_a_child(adult(stated_age=15))
    assert not about_a_child(adult(stated_age=18))


def test_an_adult_with_a_complete_request_is_protected_at_once() -> None:
    for reached in ({"contact_confirmed": True}, {"verified_channel": True}):
        outcome = triage(adult(declaration_complete=True, **reached))
        assert outcome.visibility is Visibility.HIDDEN
        assert outcome.because == ("adult-request-complete",)


@pytest.mark.parametrize("known", [{}, {"declaration_complete": True}, {"contact_confirmed": True}])
def test_an_adult_who_has_not_yet_said_all_is_limited_and_seen_within_the_hour(
    known: dict[str, bool],
) -> None:
    outcome = triage(adult(**known))
    assert outcome.visibility is Visibility.LIMITED
    assert outcome.review_within <= HOUR


def test_a_declaration_waits_only_for_its_contact_before_it_may_hide_by_itself() -> None:
    assert may_hide_later(adult(declaration_complete=True))
    assert not may_hide_later(adult())
    assert not may_hide_later(adult(declaration_complete=True, contact_confirmed=True))
    assert not may_hide_later(adult(declaration_complete=True, stood_before=True))


@given(claims())
def test_words_are_never_hidden_before_a_person_has_read_them(one: Claim) -> None:
    assert triage(replace(one, has_file=False)).visibility < Visibility.HIDDEN


@given(claims())
def test_nothing_but_a_body_or_a_marked_bank_hides_before_a_person_has_looked(one: Claim) -> None:
    hidden = triage(one).visibility is Visibility.HIDDEN
    assert not hidden or one.category in BODIES or one.bank is BankAction.HIDE


@given(claims())
def test_what_is_not_about_a_body_is_not_even_limited(one: Claim) -> None:
    speech = replace(one, category=Category.THREATS, bank=None)
    assert triage(speech).visibility is Visibility.VISIBLE


@given(claims())
def test_nothing_is_removed_without_a_decision(one: Claim) -> None:
    assert triage(one).visibility < Visibility.REMOVED


@given(claims())
def test_the_reasons_explain_the_outcome_exactly(one: Claim) -> None:
    """Level, span and page follow from the names alone, and there is always a name."""
    outcome = triage(one)
    named = {reason.name: reason for reason in REASONS}
    given_reasons = [named[name] for name in outcome.because]
    assert given_reasons
    assert outcome.visibility is strictest(reason.level for reason in given_reasons)
    assert outcome.review_within == min(reason.review_within for reason in given_reasons)
    assert outcome.pages_duty is any(reason.pages_duty for reason in given_reasons)


@given(claims())
def test_everything_restricted_is_looked_at_within_a_day(one: Claim) -> None:
    outcome = triage(one)
    assert timedelta(0) < outcome.review_within <= timedelta(hours=24)
    if outcome.visibility is Visibility.LIMITED:
        assert outcome.review_within <= HOUR


@given(claims())
def test_a_life_in_danger_wakes_somebody(one: Claim) -> None:
    outcome = triage(replace(one, danger_now=True))
    assert outcome.pages_duty
    assert outcome.rung is Rung.DANGER_TO_LIFE
    assert outcome.review_within < HOUR


def test_a_time_given_by_the_extorter_wakes_somebody() -> None:
    outcome = triage(claim(category=Category.MINOR_EXTORTION, time_given=True))
    assert outcome.pages_duty and "a-time-was-given" in outcome.because


def test_what_is_only_threatened_restricts_nothing_and_is_looked_at() -> None:
    outcome = triage(claim(category=Category.MINOR_EXTORTION, threatened_only=True))
    assert outcome.visibility is Visibility.VISIBLE
    assert outcome.because == ("nothing-posted-yet",)
    assert outcome.rung is Rung.CHILD


def test_a_file_that_people_let_stand_is_not_hidden_again_by_the_same_words() -> None:
    outcome = triage(claim(stood_before=True))
    assert outcome.visibility is Visibility.VISIBLE
    assert outcome.because == ("let-stand-before",)


def test_a_new_fact_hides_again_what_people_let_stand() -> None:
    assert triage(claim(stood_before=True, brings_new_fact=True)).visibility is Visibility.HIDDEN


def test_new_facts_hide_again_only_within_the_bound_of_their_source() -> None:
    again = claim(stood_before=True, brings_new_fact=True, contact_confirmed=True)
    outcome = triage(replace(again, source_over_bound=True))
    assert outcome.because == ("source-over-bound",)
    assert outcome.visibility is Visibility.LIMITED


def test_in_a_wave_the_unconfirmed_go_to_a_person_within_the_hour() -> None:
    outcome = triage(claim(source_over_bound=True))
    assert outcome.visibility is Visibility.LIMITED
    assert outcome.review_within <= HOUR


def test_in_a_wave_the_confirmed_are_protected_as_ever() -> None:
    outcome = triage(claim(source_over_bound=True, contact_confirmed=True))
    assert outcome.visibility is Visibility.HIDDEN


@given(claims())
def test_a_match_alone_does_what_its_bank_is_marked_for(one: Claim) -> None:
    alone = replace(one, by_notice=False, threatened_only=False, has_file=True)
    hide = triage(replace(alone, bank=BankAction.HIDE))
    assert hide.visibility is Visibility.HIDDEN and "bank-marked-hide" in hide.because
    for action in (BankAction.HOLD, BankAction.REVIEW, None):
        assert triage(replace(alone, bank=action)).visibility is Visibility.VISIBLE


@given(claims(), st.sampled_from(BankAction))
def test_a_match_never_weakens_what_a_person_said(one: Claim, action: BankAction) -> None:
    said = replace(one, by_notice=True, bank=None)
    assert triage(replace(said, bank=action)).visibility >= triage(said).visibility


# What a whole record of a case knows. `triage` gets the claim part, and can get no other.


@dataclass(frozen=True)
class Uploader:
    followers: int
    verified: bool
    party: str
    opinion: str
    language: str
    country: str
    strikes: int
    exempt: bool


def uploaders() -> st.SearchStrategy[Uploader]:
    words = st.sampled_from(("", "government", "opposition", "en", "XX", "head of state"))
    return st.builds(
        Uploader, st.integers(0, 10**9), st.booleans(), words, words, words, words,
        st.integers(0, 99), st.booleans(),
    )  # fmt: skip


def facts_for_the_rule(record: dict[str, object]) -> Claim:
    """Take from a full record what the rule's type has a field for."""
    return Claim(**{f.name: record[f.name] for f in fields(Claim)})  # type: ignore[arg-type]


@given(claims(), uploaders(), uploaders())
def test_nothing_about_the_uploader_can_change_the_outcome(
    one: Claim, this: Uploader, other: Uploader
) -> None:
    said = {f.name: getattr(one, f.name) for f in fields(one)}
    outcomes = {triage(facts_for_the_rule({**said, **vars(who)})) for who in (this, other)}
    assert len(outcomes) == 1


ABOUT_WHOM = {
    "account", "uploader", "author", "owner", "follow", "verified_account", "party", "opinion",
    "language", "country", "region", "strike", "popular", "exempt_account", "name", "email",
}  # fmt: skip


@pytest.mark.parametrize("takes", [Claim, Found, triage, rung, queue_key, reach, person_first])
def test_the_rules_have_no_place_for_who_the_uploader_is(takes: Callable[..., object]) -> None:
    named = set(signature(takes).parameters)
    told = {field for field in named for word in ABOUT_WHOM if word in field}
    assert told == set()


@given(claims(), st.booleans())
def test_what_is_said_after_an_answer_is_read_in_time_and_a_flood_hurries_nobody(
    told: Claim, stands: bool
) -> None:
    within = read_within(told, stands=stands)
    assert within <= SPEECH
    if told.source_over_bound:
        assert within >= WITHIN_THE_HOUR
    elif told.danger_now or (stands and about_a_body(told.category)):
        assert within <= WITHIN_THE_HOUR
    assert within > AT_ONCE, "a danger that is told anew is said as one, and rings"
