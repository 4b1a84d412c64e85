"""18 U.S.C. 2702(b)(8) and (c)(4), United States: disclosure when a life is in danger."""

from datetime import date

from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "18 U.S.C. 2702(b)(8) and (c)(4)"
IN_FORCE = date(1986, 10, 21)
STATUS = Status.IN_FORCE
SOURCE = "18 U.S.C. chapter 121; the day of commencement (Public Law 99-508) from memory"
CHECKED_ON = date(2026, 9, 16)

TERMS = (
    Term(
        id="us.2702.triage",
        citation=CITATION,
        on=Event.EMERGENCY_ASKED,
        within="PT1H",  # no figure: the statute allows disclosure, and never orders it
        stops=Stop.REQUEST_ANSWERED,
        kind=Kind.SERVICE_TARGET,
        verified=Verified.TEXT,
    ),
)


def clocks(happened: Happening) -> list[Clock]:
    """Granted or refused within the hour, with the reason written down; never by a machine."""
    return started(TERMS, happened)
