"""The facts of a claim that may move a rule, and no others.

There is no field here about the person who published the thing, and there never may be one:
no follower count, verification, party, opinion, language or country (docs/policy.md).
"""

from dataclasses import dataclass
from enum import StrEnum

TIME_UNSAID = "yes"  # what stands for a time that was given, while nobody has said which


class Category(StrEnum):
    """What the notifier says has happened; the first four are about bodies."""

    MINOR_SEXUAL = "minor_sexual"
    MINOR_EXTORTION = "minor_extortion"
    INTIMATE_IMAGE = "intimate_image"
    INTIMATE_EXTORTION = "intimate_extortion"
    IMPERSONATION = "impersonation"
    DOXXING = "doxxing"
    THREATS = "threats"
    OTHER = "other"


class Standing(StrEnum):
    """In what capacity the notifier speaks. Never proven here, only said."""

    DEPICTED = "depicted"
    GUARDIAN = "guardian"
    AUTHORISED = "authorised"
    SCHOOL = "school"
    POLICE = "police"
    TRUSTED_FLAGGER = "trusted_flagger"
    OTHER = "other"


class AgeThen(StrEnum):
    """How old the depicted person was when the picture was made."""

    UNDER_18 = "under_18"
    UNSURE = "unsure"
    ADULT = "adult"


class BankAction(StrEnum):
    """What a match in a bank is marked to do: with items and uploads, uploads only, nothing."""

    HIDE = "hide"
    HOLD = "hold"
    REVIEW = "review"


ADULT_AT = 18  # years; 18 U.S.C. 2256(1)

MINOR = frozenset({Category.MINOR_SEXUAL, Category.MINOR_EXTORTION})
INTIMATE = frozenset({Category.INTIMATE_IMAGE, Category.INTIMATE_EXTORTION})
EXTORTION = frozenset({Category.MINOR_EXTORTION, Category.INTIMATE_EXTORTION})
BODIES = MINOR | INTIMATE


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One notice about one target, or one match in a bank, as the rules may see it."""

    category: Category
    age_then: AgeThen
    has_file: bool
    """There is a picture or video, or nobody could look yet and the notifier says there is one."""
    standing: Standing = Standing.OTHER
    stated_age: int | None = None
    """Whole years, at the time of the picture."""
    by_notice: bool = True
    """A person said it. False when a match in a bank is all there is."""
    threatened_only: bool = False
    """Nothing is known to be posted, or only hashes were given: there is no location."""
    place_unknown: bool = False
    """It is said to be posted, and nobody could say where: a profile, a search, no link at all."""
    danger_now: bool = False
    time_given: bool = False
    """Somebody set them a time ("by eight tonight")."""
    declaration_complete: bool = False
    """All parts of the statutory declaration: signature, location, belief, contact."""
    contact_confirmed: bool = False
    verified_channel: bool = False
    """Came with a partner's key or a verified officer's sign-in."""
    partner_field: bool = False
    """A partner in good standing says it, about what it was invited for."""
    police_reference: bool = False
    stood_before: bool = False
    """People have decided before that this file may stand."""
    brings_new_fact: bool = False
    """See `misuse.brings_new_fact`; counts only where the file stood before."""
    source_over_bound: bool = False
    """This source, or the wave it is part of, hid far more than usual: `misuse.over_bound`."""
    rolled_back: bool = False
    """Two people have said that claims like this one (its key, its source) restrict nothing."""
    bank: BankAction | None = None


def about_a_body(category: Category) -> bool:
    """Sexual or intimate content, or extortion with it."""
    return category in BODIES


def about_a_child(claim: Claim) -> bool:
    """The age then counts. "Unsure", and an age that contradicts the tick, count as under 18."""
    if claim.category in MINOR:
        return True
    young = claim.stated_age is not None and claim.stated_age < ADULT_AT
    return claim.category in INTIMATE and (young or claim.age_then is not AgeThen.ADULT)


def confirmed(claim: Claim) -> bool:
    """Somebody who can be reached, or a verified channel, stands behind the claim."""
    return claim.contact_confirmed or claim.verified_channel
