"""California: a depicted minor's report (AB 1394) and sexual digital identity theft (SB 981)."""

from dataclasses import replace
from datetime import date

from heed.rules.claims import Category, Standing, about_a_child
from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "Cal. Civ. Code 3273.66; Cal. Bus. & Prof. Code 22671"
IN_FORCE = date(2025, 1, 1)
STATUS = Status.IN_FORCE
SOURCE = "Text of 22671 and excerpts of 3273.66; the spans of 3273.66 second-hand or from memory"
CHECKED_ON = date(2026, 9, 16)

BY_A_MINOR = (
    Term(
        id="ca.ab1394.confirm",
        citation="Cal. Civ. Code 3273.66: confirmation",
        on=Event.NOTICE_RECEIVED,
        within="PT36H",
        stops=Stop.CONFIRMATION_SENT,
        kind=Kind.STATUTORY,
        verified=Verified.SECONDARY,
    ),
    Term(
        id="ca.ab1394.update",
        citation="Cal. Civ. Code 3273.66: first update",
        on=Event.NOTICE_RECEIVED,
        within="P7D",  # from the confirmation; counted from the report, which is stricter
        stops=Stop.UPDATE_SENT,
        kind=Kind.STATUTORY,
        verified=Verified.MEMORY,
    ),
    Term(
        id="ca.ab1394.decide",
        citation="Cal. Civ. Code 3273.66: final determination",
        on=Event.NOTICE_RECEIVED,
        within="P30D",  # 60 with a notice of delay, which Heed does not take
        stops=Stop.OUTCOME_SENT,
        kind=Kind.STATUTORY,
        verified=Verified.MEMORY,
    ),
)
BY_AN_ADULT = (
    Term(
        id="ca.sb981.confirm",
        citation="Cal. Bus. & Prof. Code 22671(b)(1)",
        on=Event.NOTICE_RECEIVED,
        within="PT48H",
        stops=Stop.CONFIRMATION_SENT,
        kind=Kind.STATUTORY,
        verified=Verified.TEXT,
    ),
    Term(
        id="ca.sb981.update",
        citation="Cal. Bus. & Prof. Code 22671(b)(2)",
        on=Event.NOTICE_RECEIVED,
        within="P7D",  # from the confirmation; counted from the report, which is stricter
        stops=Stop.UPDATE_SENT,
        kind=Kind.STATUTORY,
        verified=Verified.TEXT,
    ),
    Term(
        id="ca.sb981.decide",
        citation="Cal. Bus. & Prof. Code 22671(c) and (d)",
        on=Event.NOTICE_RECEIVED,
        within="P30D",
        stops=Stop.OUTCOME_SENT,
        kind=Kind.STATUTORY,
        verified=Verified.TEXT,
    ),
)
# Each update owes the next one, until there is a final word.
NEXT_OF_A_MINOR = replace(BY_A_MINOR[1], on=Event.UPDATE_SENT)
NEXT_OF_AN_ADULT = replace(BY_AN_ADULT[1], on=Event.UPDATE_SENT)
TERMS = (*BY_A_MINOR, NEXT_OF_A_MINOR, *BY_AN_ADULT, NEXT_OF_AN_ADULT)


def clocks(happened: Happening) -> list[Clock]:
    """Where a notifier lives is not asked, so every such notice is treated as a Californian's."""
    claim = happened.claim
    if claim is None:
        return []
    if about_a_child(claim) and claim.standing in (Standing.DEPICTED, Standing.GUARDIAN):
        return started((*BY_A_MINOR, NEXT_OF_A_MINOR), happened)
    adult_image = claim.category is Category.INTIMATE_IMAGE and not about_a_child(claim)
    return started((*BY_AN_ADULT, NEXT_OF_AN_ADULT), happened) if adult_image else []
