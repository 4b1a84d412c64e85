"""Regulation (EU) 2021/784, European Union: removal orders for terrorist content."""

from datetime import date

from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "Regulation (EU) 2021/784, articles 3 and 6"
IN_FORCE = date(2022, 6, 7)
STATUS = Status.IN_FORCE
SOURCE = "Regulation (EU) 2021/784; the day of application from memory"
CHECKED_ON = date(2026, 9, 16)

TERMS = (
    Term(
        id="eu.tco.removal",
        citation="Regulation (EU) 2021/784, article 3(3)",
        on=Event.REMOVAL_ORDERED,
        within="PT1H",  # a clarification received is an order received again: article 3(6) to (8)
        stops=Stop.REMOVED_AND_SEARCHED,
        kind=Kind.STATUTORY,
        verified=Verified.TEXT,
    ),
    Term(
        id="eu.tco.preserve",
        citation="Regulation (EU) 2021/784, article 6",
        on=Event.REMOVED_UNDER_ORDER,
        within="P6M",
        stops=Stop.TIME_PASSED,
        kind=Kind.FLOOR,
        verified=Verified.TEXT,
    ),
)


def clocks(happened: Happening) -> list[Clock]:
    """Only an authority's order in due form; a notice is never one."""
    return started(TERMS, happened)
