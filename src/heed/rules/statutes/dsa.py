"""Digital Services Act, European Union: acknowledge, decide, give reasons, hear complaints."""

from datetime import date

from heed.rules.claims import Standing
from heed.rules.clocks import Clock, Event, Happening, Kind, Status, Stop, Term, Verified, started

CITATION = "Regulation (EU) 2022/2065"
IN_FORCE = date(2024, 2, 17)
STATUS = Status.IN_FORCE
SOURCE = (
    "Regulation (EU) 2022/2065; articles 16(4)-(6), 17(2), 22(1), 24(5) and the day it applies from"
    " memory"
)
CHECKED_ON = date(2026, 9, 16)

FLAGGED = Term(
    id="eu.dsa.22.flagger",
    citation="DSA article 22(1)",
    on=Event.NOTICE_RECEIVED,
    within="PT12H",  # "with priority"; no figure
    stops=Stop.OUTCOME_SENT,
    kind=Kind.SERVICE_TARGET,
    verified=Verified.MEMORY,
)
ALWAYS = (
    Term(
        id="eu.dsa.16.ack",
        citation="DSA article 16(4)",
        on=Event.NOTICE_RECEIVED,
        within="PT0S",  # "without undue delay"; no figure
        stops=Stop.RECEIPT_SENT,
        kind=Kind.SERVICE_TARGET,
        verified=Verified.MEMORY,
    ),
    Term(
        id="eu.dsa.16.decide",
        citation="DSA article 16(5) and (6)",
        on=Event.NOTICE_RECEIVED,
        within="PT24H",  # "timely, diligent, non-arbitrary and objective"; no figure
        stops=Stop.OUTCOME_SENT,
        kind=Kind.SERVICE_TARGET,
        verified=Verified.MEMORY,
    ),
    Term(
        id="eu.dsa.17.statement",
        citation="DSA article 17(1) and (2)",
        on=Event.RESTRICTED,
        within="PT0S",  # at the latest when the restriction is imposed, a provisional one too
        stops=Stop.STATEMENT_SENT,
        kind=Kind.STATUTORY,
        verified=Verified.MEMORY,
    ),
    Term(
        id="eu.dsa.24.publish",
        citation="DSA article 24(5)",
        on=Event.STATEMENT_ISSUED,
        within="P1D",  # "without undue delay"; not owed by micro and small platforms
        stops=Stop.STATEMENT_PUBLISHED,
        kind=Kind.SERVICE_TARGET,
        verified=Verified.MEMORY,
    ),
    Term(
        id="eu.dsa.18.suspicion",
        citation="DSA article 18(1)",
        on=Event.DANGER_SUSPECTED,
        within="PT1H",  # "promptly"; no figure
        stops=Stop.POLICE_TOLD,  # of the Member State concerned, or Europol
        kind=Kind.SERVICE_TARGET,
        verified=Verified.TEXT,
    ),
    Term(
        id="eu.dsa.20.window",
        citation="DSA article 20(1) and (2)",
        on=Event.DECIDED,
        within="P6M",
        stops=Stop.TIME_PASSED,
        kind=Kind.FLOOR,
        verified=Verified.TEXT,
    ),
    Term(
        id="eu.dsa.21.dispute",
        citation="DSA article 21(4)",
        on=Event.DISPUTE_RECEIVED,
        within="P90D",  # owed by the dispute body, not by us; 180 days in complex cases
        stops=Stop.DISPUTE_DECIDED,
        kind=Kind.STATUTORY,
        verified=Verified.TEXT,
        status=Status.ADVISORY,
    ),
    Term(
        id="eu.dsa.20.complaint",
        citation="DSA article 20(4) to (6)",
        on=Event.COMPLAINT_RECEIVED,
        within="P7D",  # "in a timely, non-discriminatory, diligent manner"; no figure
        stops=Stop.COMPLAINT_ANSWERED,
        kind=Kind.SERVICE_TARGET,
        verified=Verified.TEXT,
    ),
)
TERMS = (*ALWAYS, FLAGGED)


def clocks(happened: Happening) -> list[Clock]:
    """Any notice counts, of any category and standing; a trusted flagger's comes sooner."""
    claim = happened.claim
    flagged = claim is not None and claim.standing is Standing.TRUSTED_FLAGGER
    return started(TERMS if flagged else ALWAYS, happened)
