"""TAKE IT DOWN Act, United States: intimate images gone within 48 hours of a request."""

from dataclasses import replace
from datetime import date

from heed.rules.claims import about_a_body
from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "47 U.S.C. 223a(a)(3)"
IN_FORCE = date(2026, 5, 19)  # for platforms
STATUS = Status.IN_FORCE
SOURCE = "Public Law 119-12, section 3; letters of the FTC to platforms, May 2026"
CHECKED_ON = date(2026, 9, 16)

REMOVAL = Term(
    id="us.tida.removal",
    citation=CITATION,
    on=Event.NOTICE_RECEIVED,
    within="PT48H",
    stops=Stop.REMOVED_AND_SEARCHED,
    kind=Kind.STATUTORY,
    verified=Verified.TEXT,
)
TERMS = (
    REMOVAL,
    replace(REMOVAL, on=Event.REAPPEARED),
    Term(
        id="us.tida.tracking",
        citation="FTC letters of May 2026 on 47 U.S.C. 223a: an identifying number",
        on=Event.NOTICE_RECEIVED,
        within="PT0S",
        stops=Stop.NUMBER_ISSUED,
        kind=Kind.GUIDANCE,
        verified=Verified.SECONDARY,
    ),
    Term(
        id="us.tida.outcome",
        citation="FTC letters of May 2026 on 47 U.S.C. 223a: the outcome, with reasons",
        on=Event.DECIDED,
        within="PT0S",
        stops=Stop.OUTCOME_SENT,
        kind=Kind.GUIDANCE,
        verified=Verified.SECONDARY,
    ),
)


def clocks(happened: Happening) -> list[Clock]:
    """Starts at first receipt: whether the request is valid is judged inside the 48 hours.

    A notice that names no place starts it too: then the search for copies is what is owed.
    """
    claim = happened.claim
    if claim is None or not about_a_body(claim.category):
        return []
    return started(TERMS, happened)
