"""18 U.S.C. 2703(f), United States: keeping records that a governmental entity asks to be kept."""

from datetime import date

from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "18 U.S.C. 2703(f)(2)"
IN_FORCE = date(1996, 4, 24)
STATUS = Status.IN_FORCE
SOURCE = "18 U.S.C. chapter 121; the day of commencement (Public Law 104-132) from memory"
CHECKED_ON = date(2026, 9, 16)

TERMS = (
    Term(
        id="us.2703f.hold",
        citation=CITATION,
        on=Event.PRESERVATION_ASKED,
        within="P90D",  # and 90 more on a renewed request, which is an event of its own
        stops=Stop.TIME_PASSED,
        kind=Kind.FLOOR,
        verified=Verified.TEXT,
    ),
)


def clocks(happened: Happening) -> list[Clock]:
    """The request is enough; no form is prescribed, and nothing is disclosed by it."""
    return started(TERMS, happened)
