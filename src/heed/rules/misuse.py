"""Answering misuse without making victims wait. What is lost sticks to the source alone."""

import re
from datetime import timedelta

from heed.rules.claims import ADULT_AT, AgeThen, Claim, Standing

WINDOW = timedelta(hours=24)  # what "so much at once" is counted over
FAR_MORE = 10  # times the usual; a class told of one leak stays under it, a script does not
NEVER_TOO_MANY = 25  # different things: one person with many pictures to name is no wave

MANY_NOTICES = 300  # from one source in `WINDOW`, unconfirmed: more than people write by hand
ALIKE_AT_MOST = 5  # notices that say exactly the same, from one source, in `ALIKE_WITHIN`
ALIKE_WITHIN = timedelta(hours=1)
CROWDING = 30  # notices a minute from one source: from then on others are protected first
CROWDING_WITHIN = timedelta(minutes=1)
A_SENTENCE = 16  # letters; shorter words are said alike by people who know nothing of each other

Fact = tuple[str, str]


def over_bound(hidden_by_source_in_window: int, usual: int) -> bool:
    """This source, or this wave, hides far more than usual with unconfirmed claims.

    Counts *different things* (cases) that its claims hid in `WINDOW`, never places or copies: one
    picture named at 90 addresses and reshared 3,000 times is one. `usual` is the 95th percentile
    of sources (or of hours, for a wave) in the last 30 days; 0 when nothing is known yet.
    """
    return hidden_by_source_in_window > max(NEVER_TOO_MANY, FAR_MORE * usual)


def facts_of(
    claim: Claim, *, police_ref: str | None = None, contact_ref: str | None = None
) -> frozenset[Fact]:
    """What this claim adds to know. "Unsure" and "other" add nothing, nor does an adult's age.

    `contact_ref` is the blind index of the contact, so that the next one confirmed is a new fact.
    """
    young = claim.stated_age is not None and claim.stated_age < ADULT_AT
    known: list[tuple[bool, Fact]] = [
        (young, ("age", str(claim.stated_age))),
        (claim.age_then is AgeThen.UNDER_18, ("age-then", claim.age_then)),
        (claim.standing is not Standing.OTHER, ("standing", claim.standing)),
        (claim.police_reference, ("police", police_ref or "given")),
        (claim.contact_confirmed, ("contact", contact_ref or "confirmed")),
        (claim.verified_channel, ("channel", contact_ref or "verified")),
    ]
    return frozenset(fact for holds, fact in known if holds)


def brings_new_fact(previous: frozenset[Fact], facts: frozenset[Fact]) -> bool:
    """`previous` is the union over the notices that people knew of when they let it stand."""
    return bool(facts - previous)


_NOT_WORDS = re.compile(r"https?://\S+|[\W\d_]+")


def said_alike(words: str) -> str:
    """What is the same in texts that a script varies: letters alone, without links and figures.

    Empty where there is too little to tell a wave by.
    """
    letters = _NOT_WORDS.sub("", words.casefold())
    return letters if len(letters) >= A_SENTENCE else ""
