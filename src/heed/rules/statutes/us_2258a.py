"""18 U.S.C. 2258A, United States: telling NCMEC of apparent sexual abuse of a child."""

from datetime import date

from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "18 U.S.C. 2258A(a)(1)(A)(i)"
IN_FORCE = date(2024, 5, 7)  # as amended: trafficking and enticement are in, one year is kept
STATUS = Status.IN_FORCE
SOURCE = "18 U.S.C. 2258A as quoted in research notes; NCMEC's reporting documentation, June 2025"
CHECKED_ON = date(2026, 9, 16)

WITHIN_A_DAY = Term(
    id="us.2258a.report",
    citation=CITATION,
    on=Event.ABUSE_FOUND,
    within="PT24H",  # the statute: "as soon as reasonably possible", and no figure
    stops=Stop.CYBERTIP_FINISHED,
    kind=Kind.SERVICE_TARGET,
    verified=Verified.TEXT,
)
WITHIN_THE_HOUR = Term(
    id="us.2258a.imminent",
    citation="18 U.S.C. 2258A(a)(1)(A)(i), a child in immediate danger",
    on=Event.ABUSE_FOUND,
    within="PT1H",
    stops=Stop.CYBERTIP_FINISHED,
    kind=Kind.SERVICE_TARGET,
    verified=Verified.TEXT,
)
AFTERWARDS = (
    Term(
        id="us.ispws.open_report",
        citation="NCMEC reporting documentation, section 3: an open report is deleted",
        on=Event.CYBERTIP_OPENED,
        within="PT24H",  # or an hour after the last upload, if later: the earlier bound is kept
        stops=Stop.CYBERTIP_FINISHED,
        kind=Kind.PROTOCOL,
        verified=Verified.TEXT,
    ),
    Term(
        id="us.2258a.preserve",
        citation="18 U.S.C. 2258A(h)(1)",
        on=Event.CYBERTIP_FINISHED,
        within="P1Y",
        stops=Stop.TIME_PASSED,
        kind=Kind.FLOOR,
        verified=Verified.TEXT,
    ),
)
TERMS = (WITHIN_A_DAY, WITHIN_THE_HOUR, *AFTERWARDS)


def clocks(happened: Happening) -> list[Clock]:
    """Runs from a person's finding. In danger the hour is added, and the day stays."""
    in_danger = happened.claim is not None and happened.claim.danger_now
    return started(TERMS if in_danger else (WITHIN_A_DAY, *AFTERWARDS), happened)
