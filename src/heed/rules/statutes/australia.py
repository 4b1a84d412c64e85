"""Online Safety Act 2021, Australia: removal notices of the eSafety Commissioner."""

from datetime import date

from heed.rules.claims import about_a_body
from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "Online Safety Act 2021 (Cth), sections 65, 77, 88 and 109"
IN_FORCE = date(2022, 1, 23)
STATUS = Status.IN_FORCE
SOURCE = "Text of sections 78 and 88; the rest, and the day of commencement, from memory"
CHECKED_ON = date(2026, 9, 16)

COMPLAINT = Term(
    id="au.adult.complaint",
    citation="Online Safety Act 2021 (Cth), section 88(1)(d)",
    on=Event.NOTICE_RECEIVED,
    within="PT48H",  # after that the notifier may ask eSafety
    stops=Stop.REMOVED_AND_SEARCHED,
    kind=Kind.STATUTORY,
    verified=Verified.TEXT,
)
ORDER = Term(
    id="au.esafety.notice",
    citation="Online Safety Act 2021 (Cth), sections 65, 77, 88(1)(g) and 109",
    on=Event.REMOVAL_ORDERED,
    within="PT24H",
    stops=Stop.REMOVED_AND_SEARCHED,
    kind=Kind.STATUTORY,
    verified=Verified.MEMORY,  # sections 77 and 109; 88 was read, 65 second-hand
)
TERMS = (COMPLAINT, ORDER)


def clocks(happened: Happening) -> list[Clock]:
    """The Commissioner's notices; and 48 hours for a complaint of abuse that is not of a body."""
    claim = happened.claim
    abuse = claim is not None and not about_a_body(claim.category)
    return started(TERMS if abuse else (ORDER,), happened)
