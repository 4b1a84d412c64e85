"""Misuse is answered without making victims wait."""

from hypothesis import given
from hypothesis import strategies as st

from heed.rules.claims import AgeThen, Category, Claim, Standing
from heed.rules.misuse import (
    FAR_MORE,
    NEVER_TOO_MANY,
    brings_new_fact,
    facts_of,
    over_bound,
    said_alike,
)
from tests.rules.strategies import claims

BARE = Claim(category=Category.INTIMATE_IMAGE, age_then=AgeThen.UNSURE, has_file=True)


@given(st.integers(0, NEVER_TOO_MANY), st.integers(0, 10_000))
def test_one_person_with_many_reposts_to_name_is_no_wave(hidden: int, usual: int) -> None:
    assert not over_bound(hidden, usual)


def test_a_script_that_hides_far_more_than_usual_is_over_the_bound() -> None:
    assert over_bound(NEVER_TOO_MANY + 1, 0)
    assert over_bound(FAR_MORE * 40 + 1, 40)
    assert not over_bound(FAR_MORE * 40, 40)


@given(claims())
def test_saying_the_same_again_is_no_new_fact(claim: Claim) -> None:
    assert not brings_new_fact(facts_of(claim), facts_of(claim))


@given(claims())
def test_who_is_unsure_brings_nothing_new_by_it(claim: Claim) -> None:
    assert not brings_new_fact(facts_of(claim), facts_of(BARE))


def test_an_age_a_standing_a_police_number_and_a_contact_are_new_facts() -> None:
    facts = facts_of(BARE)
    for known in (
        {"stated_age": 13},
        {"age_then": AgeThen.UNDER_18},
        {"standing": Standing.GUARDIAN},
        {"police_reference": True},
        {"contact_confirmed": True},
        {"verified_channel": True},
    ):
        fuller = Claim(**{**vars(BARE), **known})
        assert brings_new_fact(facts, facts_of(fuller))


def test_an_adults_age_is_no_reason_to_hide_again_what_stood() -> None:
    assert facts_of(Claim(**{**vars(BARE), "stated_age": 30, "age_then": AgeThen.ADULT})) == set()


def test_another_police_number_is_another_fact() -> None:
    police = Claim(**{**vars(BARE), "police_reference": True})
    assert brings_new_fact(facts_of(police, police_ref="a"), facts_of(police, police_ref="b"))


@given(st.text("abcdefgh ", min_size=16, max_size=60), st.integers(0, 10**6))
def test_a_text_that_a_script_varies_stays_the_same_text(words: str, number: int) -> None:
    varied = f"  {words.upper()}!! {number} https://x.example/{number}"
    assert said_alike(varied) == said_alike(words)


def test_a_few_words_tell_of_no_wave() -> None:
    assert said_alike("It is me") == "" and said_alike("123 456 https://x.example/abcdefgh") == ""
