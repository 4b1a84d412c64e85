"""Numbers that are published: counts and medians, never a person, a link or a text.

Reads only. Each measure says what is counted, so that anybody could count it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count

from heed.cases.models import Appeal, Case, Decision, Exemption, MeasureOnAccount, Notice
from heed.rules.claims import BODIES
from heed.rules.decisions import Ruling

_OTHERWISE = [Appeal.State.REVERSED, Appeal.State.PARTLY]  # of all of it, or of one place
_BODIES = [category.value for category in BODIES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A median, with how many it was taken over; None when there is nothing yet."""

    median: timedelta | None
    slowest: timedelta | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """How often a claim hid something that people then let stand."""

    cases: int
    items: int
    hidden_for: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The first page of measures, over the days since `since`."""

    since: datetime
    notices: int
    about_bodies: int
    to_first_action: Span  # from a notice about a body to the first restriction of its case
    to_answer: Span  # from a notice to the first final decision of its case
    without_action: int  # notices about bodies whose cases never restricted anything
    removed: int
    kept: int
    unseconded: int
    waiting: int  # cases without a decision now
    appeals: int
    reversed: int  # or of one place
    came_due: int  # deadlines in force, floors left out
    breached: int
    stood: Stood
    on_accounts: Sequence[tuple[str, str, int]]  # measure, clause, how many

    @property
    def kept_in_time(self) -> int:
        """Deadlines that came due and were not breached."""
        return self.came_due - self.breached


def measures(*, since: datetime, now: datetime) -> Measures:
    """All of them, for the whole server."""
    notices = Notice.objects.filter(received_at__gte=since)
    final = Decision.objects.filter(
        decided_at__gte=since, state__in=[Decision.State.FINAL, Decision.State.REVERSED]
    )
    appeals = Appeal.objects.filter(opened_at__gte=since)
    came_due, breached = _deadlines(since, now)
    to_first_action = _span(_TO_FIRST_ACTION, [since, _BODIES])
    about_bodies = notices.filter(category__in=_BODIES).count()
    return Measures(
        since=since,
        notices=notices.count(),
        about_bodies=about_bodies,
        to_first_action=to_first_action,
        to_answer=_span(_TO_ANSWER, [since]),
        without_action=about_bodies - to_first_action.count,
        removed=final.filter(ruling=Ruling.REMOVE.value).count(),
        kept=final.filter(ruling=Ruling.KEEP.value).count(),
        unseconded=sum(
            rows.filter(unseconded=True).count()
            for rows in (final, appeals, Exemption.objects.filter(proposed_at__gte=since))
        ),
        waiting=Case.objects.exclude(state=Case.State.DECIDED).count(),
        appeals=appeals.count(),
        reversed=appeals.filter(state__in=_OTHERWISE).count(),
        came_due=came_due,
        breached=breached,
        stood=_stood(since),
        on_accounts=_on_accounts(since),
    )


# A thing that was restricted before the notice came was acted on at once: never a negative time.
_TO_FIRST_ACTION = """
SELECT greatest(min(r.since_at) - n.received_at, interval '0') AS took
FROM cases_notice n
JOIN cases_join j ON j.notice_id = n.id AND j.undone_at IS NULL
JOIN cases_restriction r ON r.case_id = j.case_id
 AND (r.lifted_at IS NULL OR r.lifted_at > n.received_at)
WHERE n.received_at >= %s AND n.category = ANY(%s)
GROUP BY n.id
"""

_TO_ANSWER = """
SELECT min(coalesce(d.seconded_at, d.decided_at)) - n.received_at AS took
FROM cases_notice n
JOIN cases_join j ON j.notice_id = n.id AND j.undone_at IS NULL
JOIN cases_decision d ON d.case_id = j.case_id AND d.state IN ('final', 'reversed')
 AND coalesce(d.seconded_at, d.decided_at) >= n.received_at
WHERE n.received_at >= %s
GROUP BY n.id
"""

# Hidden on a claim, before anybody decided, by a case that people then let stand.
_HIDDEN_THEN_STOOD = """
SELECT r.case_id, r.item_id, r.lifted_at - r.since_at AS took
FROM cases_restriction r
JOIN cases_decision d ON d.case_id = r.case_id AND d.state = 'final' AND d.ruling = 'keep'
 AND coalesce(d.seconded_at, d.decided_at) >= r.since_at
WHERE d.decided_at >= %s AND r.level = 'hidden' AND r.lifted_at IS NOT NULL
"""


def _span(took: str, values: Sequence[Any]) -> Span:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY took), max(took), count(*)"
            f" FROM ({took}) AS spans",
            list(values),
        )
        middle, slowest, count = cursor.fetchone()
    return Span(median=middle, slowest=slowest, count=count)


def _stood(since: datetime) -> Stood:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT case_id), count(DISTINCT item_id)"
            f" FROM ({_HIDDEN_THEN_STOOD}) AS stood",
            [since],
        )
        cases, items = cursor.fetchone()
    return Stood(cases=cases, items=items, hidden_for=_span(_HIDDEN_THEN_STOOD, [since]))


def _on_accounts(since: datetime) -> list[tuple[str, str, int]]:
    """Final measures on accounts, with the rule that was broken."""
    final = MeasureOnAccount.objects.filter(
        state=MeasureOnAccount.State.FINAL, proposed_at__gte=since
    )
    counted = final.values_list("measure", "clause").annotate(n=Count("id"))
    return list(counted.order_by("measure", "clause"))


def _deadlines(since: datetime, now: datetime) -> tuple[int, int]:
    """How many came due, and how many of them were breached. Advisory ones and floors left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE breached_at IS NOT NULL)"
            " FROM cases_deadline WHERE due_at >= %s AND due_at < %s"
            " AND kind <> 'floor' AND status = 'in_force'",
            [since, now],
        )
        came_due, breached = cursor.fetchone()
    return came_due, breached
