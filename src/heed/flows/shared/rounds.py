"""What was decided is in front of people again, with a time that whoever asked is told."""

from datetime import datetime, timedelta

from heed.cases.models import Case, Notice
from heed.cases.services import cases, deadlines
from heed.flows.shared import claims, clocks
from heed.rules import deadlines as rules
from heed.rules import triage


def open_again(case: Case, notice: Notice, *, now: datetime) -> bool:
    """For what this notifier says, which no machine can weigh. The caller holds the case.

    False when it is open already: then it waits by the time that runs.
    """
    if not cases.new_round(case, now=now):
        return False
    within = read_within(case, notice, now=now)
    due = rules.reading(within, cause=clocks.review_cause(notice, case), at=now)
    deadlines.set_clocks(case, [due], now=now)
    return True


def read_within(case: Case, notice: Notice, *, now: datetime) -> timedelta:
    """By when a person reads what this notifier says of a case that was decided."""
    stands = case.stood_at is not None and case.threat_of is None
    return triage.read_within(claims.about_case(notice, case, now=now), stands=stands)
