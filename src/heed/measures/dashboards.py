"""Day by day, for the people who run a platform: counts and medians, never a person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from heed.people.exposure import FEWEST
from heed.rules.claims import BODIES

DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One figure for each day, the oldest first. `says` is how it is counted.

    None where there was nothing to take it of: a day without notices has no time to first action;
    and where it would be somebody's own.
    """

    title: str
    unit: str
    says: str
    days: Sequence[tuple[date, float | None]]

    @property
    def total(self) -> float:
        """All days together."""
        return sum(value or 0 for _, value in self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Near copies in a span of distances, and what people said of them."""

    bits: str
    same: int
    different: int
    waiting: int


# Each reads its table once and is joined by the day itself, whatever there was before: to compare
# every row with every day would cost the one times the other.
_BACKLOG = """
, moved AS (
    SELECT greatest(opened_at::date, %(since)s::date) AS day, 1 AS more FROM cases_case
    WHERE platform_id = ANY(%(platforms)s)
    UNION ALL
    SELECT greatest(decided_at::date, opened_at::date, %(since)s::date), -1 FROM cases_case
    WHERE platform_id = ANY(%(platforms)s) AND state = 'decided'
)
SELECT d.day, sum(coalesce(sum(m.more), 0)) OVER (ORDER BY d.day)
FROM days d LEFT JOIN moved m ON m.day = d.day GROUP BY d.day
"""
_NOTICES = """
SELECT d.day, count(n.id) FROM days d LEFT JOIN (
    SELECT id, received_at FROM cases_notice
    WHERE platform_id = ANY(%(platforms)s) AND received_at >= %(since)s
) n ON n.received_at::date = d.day
GROUP BY d.day
"""
_FIRST_ACTION = """
SELECT d.day, extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY t.took))
FROM days d LEFT JOIN (
    SELECT n.received_at, greatest(min(r.since_at) - n.received_at, interval '0') AS took
    FROM cases_notice n
    JOIN cases_join j ON j.notice_id = n.id AND j.undone_at IS NULL
    JOIN cases_restriction r ON r.case_id = j.case_id
     AND (r.lifted_at IS NULL OR r.lifted_at > n.received_at)
    WHERE n.platform_id = ANY(%(platforms)s) AND n.received_at >= %(since)s
      AND n.category = ANY(%(bodies)s)
    GROUP BY n.id
) t ON t.received_at::date = d.day
GROUP BY d.day
"""
_BREACHED = """
SELECT d.day, count(x.id) FROM days d LEFT JOIN (
    SELECT l.id, l.breached_at FROM cases_deadline l JOIN cases_case c ON c.id = l.case_id
    WHERE c.platform_id = ANY(%(platforms)s) AND l.breached_at >= %(since)s
) x ON x.breached_at::date = d.day
GROUP BY d.day
"""
_DECIDED = """
SELECT d.day, count(x.id) FROM days d LEFT JOIN (
    SELECT m.id, m.decided_at FROM cases_decision m JOIN cases_case c ON c.id = m.case_id
    WHERE c.platform_id = ANY(%(platforms)s) AND m.decided_at >= %(since)s
      AND m.state IN ('final', 'reversed')
) x ON x.decided_at::date = d.day
GROUP BY d.day
"""
_REVERSED = """
SELECT d.day, count(x.id) FROM days d LEFT JOIN (
    SELECT a.id, a.decided_at FROM cases_appeal a JOIN cases_case c ON c.id = a.case_id
    WHERE c.platform_id = ANY(%(platforms)s) AND a.decided_at >= %(since)s
      AND a.state IN ('reversed', 'partly')
) x ON x.decided_at::date = d.day
GROUP BY d.day
"""
_EXPOSURE = """
SELECT d.day, CASE WHEN count(DISTINCT x.staff_id) = 0 THEN 0
    WHEN count(DISTINCT x.staff_id) >= %(fewest)s THEN sum(x.seconds) / 60 END
FROM days d LEFT JOIN (
    SELECT v.seconds, v.staff_id, v.opened_at
    FROM people_viewing v JOIN cases_case c ON c.id = v.case_id
    WHERE c.platform_id = ANY(%(platforms)s) AND v.opened_at >= %(since)s
) x ON x.opened_at::date = d.day
GROUP BY d.day
"""
_SHOWN = (
    (
        "Backlog",
        "cases",
        "Cases without a decision at the end of the day. One that was opened again counts for the "
        "time in between, too.",
        _BACKLOG,
    ),
    ("Notices", "notices", "Received on the day.", _NOTICES),
    (
        "Time to first action",
        "seconds",
        "Median from a notice about a body to the first restriction of its case. Notices that led "
        "to none are left out.",
        _FIRST_ACTION,
    ),
    ("Missed deadlines", "deadlines", "Marked as missed on the day.", _BREACHED),
    ("Decisions", "decisions", "Final ones, and those that an appeal turned later.", _DECIDED),
    (
        "Reversals",
        "appeals",
        "Appeals that ended in a reversal on the day, or in one for one place.",
        _REVERSED,
    ),
    (
        "Exposure",
        "minutes",
        f"Unblurred, of everybody together; not on days on which fewer than {FEWEST} looked.",
        _EXPOSURE,
    ),
)

_NEAR = """
SELECT least(c.distance_bits / 8, 3), count(*) FILTER (WHERE c.same),
       count(*) FILTER (WHERE NOT c.same), count(*) FILTER (WHERE c.same IS NULL)
FROM cases_copy c JOIN cases_case k ON k.id = c.case_id
WHERE k.platform_id = ANY(%s) AND c.how = 'near' GROUP BY 1 ORDER BY 1
"""


def series(platform_ids: Collection[UUID], *, now: datetime) -> list[Series]:
    """Every figure of these platforms over four weeks, in UTC days."""
    first = now.date() - timedelta(days=DAYS - 1)
    values = {
        "platforms": list(platform_ids),
        "since": first,
        "until": now.date(),
        "bodies": [one.value for one in BODIES],
        "fewest": FEWEST,
    }
    return [
        Series(title=title, unit=unit, says=says, days=_days(sql, values))
        for title, unit, says, sql in _SHOWN
    ]


def _days(sql: str, values: dict[str, Any]) -> list[tuple[date, float | None]]:
    every = (
        "WITH days AS (SELECT day::date FROM"
        " generate_series(%(since)s::date, %(until)s::date, '1 day') AS day)"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{every}{sql} ORDER BY d.day", values)
        rows = cursor.fetchall()
        return [(day, None if value is None else float(value)) for day, value in rows]


def judged(platform_ids: Collection[UUID]) -> list[Judged]:
    """Near copies by distance: how often people said that a machine's "near" was the same."""
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, [list(platform_ids)])
        return [
            Judged(bits=f"{span * 8} to {span * 8 + 7}", same=yes, different=no, waiting=open_)
            for span, yes, no, open_ in cursor.fetchall()
        ]
