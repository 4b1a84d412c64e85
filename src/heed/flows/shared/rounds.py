"""What was decided is in front of people again, with a time that whoever asked is told."""

from datetime import datetime, timedelta

from heed.cases.models import Case, Notice
from heed.cases.queries import exemptions
from heed.cases.services import cases, deadlines
from heed.flows.shared import claims, clocks, states
from heed.rules import deadlines as rules
from heed.rules import triage
from heed.rules.visibility import Visibility


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
    claim = claims.about_case(notice, case, now=now)
    return triage.read_within(claim, stands=case.threat_of is None and _stands(case, notice))


def _stands(case: Case, notice: Notice) -> bool:
    """People let all of it stand, or what this notifier named of it."""
    if case.stood_at is not None:
        return True
    ruled = case.decided_level == Visibility.REMOVED
    return ruled and bool(states.beyond(case, exemptions.named_by(notice.id, case)))
