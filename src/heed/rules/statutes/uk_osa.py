"""Online Safety Act 2023, United Kingdom: intimate images, swift removal, reports to the NCA."""

from dataclasses import replace
from datetime import date

from heed.rules.claims import Category, about_a_child
from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "Online Safety Act 2023, sections 10 and 66"
IN_FORCE = date(2026, 4, 7)  # section 66; for section 10(3A) see the status of its term
STATUS = Status.IN_FORCE
SOURCE = "Crime and Policing Act 2026 (c. 20); SI 2026/268 as quoted by others; 10(3) from memory"
CHECKED_ON = date(2026, 9, 16)

INTIMATE = Term(
    id="uk.osa.10.intimate",
    citation="Online Safety Act 2023, section 10(3A)",
    on=Event.NOTICE_RECEIVED,
    within="PT48H",
    stops=Stop.REMOVED_AND_SEARCHED,
    kind=Kind.STATUTORY,
    verified=Verified.TEXT,
    status=Status.ADVISORY,  # enacted on 2026-04-29; its commencement is not established
)
SWIFTLY = Term(
    id="uk.osa.10.swift",
    citation="Online Safety Act 2023, section 10(3)(b)",
    on=Event.NOTICE_RECEIVED,
    within="PT24H",  # "swiftly"; no figure
    stops=Stop.REMOVED_AND_SEARCHED,
    kind=Kind.SERVICE_TARGET,
    verified=Verified.MEMORY,
)
NCA = Term(
    id="uk.osa.66.report",
    citation="Online Safety Act 2023, section 66",
    on=Event.ABUSE_FOUND,
    within="PT24H",  # the times of levels 2 and 3 were not read
    stops=Stop.AUTHORITY_TOLD,
    kind=Kind.SERVICE_TARGET,
    verified=Verified.SECONDARY,
)
NCA_AT_ONCE = Term(
    id="uk.osa.66.immediate",
    citation="Online Safety Act 2023, section 66; SI 2026/268 regulation 6",
    on=Event.ABUSE_FOUND,
    within="PT0S",
    stops=Stop.AUTHORITY_TOLD,
    kind=Kind.STATUTORY,
    verified=Verified.SECONDARY,
)
RETAIN = Term(
    id="uk.osa.66.retain",
    citation="SI 2026/268, regulation 8",
    on=Event.AUTHORITY_TOLD,
    within="P1Y",
    stops=Stop.TIME_PASSED,
    kind=Kind.FLOOR,
    verified=Verified.SECONDARY,
)
TERMS = (
    INTIMATE, replace(INTIMATE, on=Event.REAPPEARED), SWIFTLY,
    replace(SWIFTLY, on=Event.REAPPEARED), NCA, NCA_AT_ONCE, RETAIN,
)  # fmt: skip


def clocks(happened: Happening) -> list[Clock]:
    """A report already made to NCMEC counts as made to the NCA (section 66)."""
    claim = happened.claim
    if happened.event is Event.AUTHORITY_TOLD:
        return started((RETAIN,), happened)
    if claim is None:
        return []
    if happened.event is Event.ABUSE_FOUND:
        return started((NCA, NCA_AT_ONCE) if claim.danger_now else (NCA,), happened)
    if about_a_child(claim):
        return started((SWIFTLY, replace(SWIFTLY, on=Event.REAPPEARED)), happened)
    if claim.category in (Category.INTIMATE_IMAGE, Category.INTIMATE_EXTORTION):
        return started((INTIMATE, replace(INTIMATE, on=Event.REAPPEARED)), happened)
    return []
