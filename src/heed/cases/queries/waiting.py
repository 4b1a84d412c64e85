"""What waits for a person for too long, platform by platform: what the duty person is told of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from heed.rules.triage import AT_ONCE

_WAITING = """
SELECT c.platform_id, count(DISTINCT c.id),
       count(DISTINCT c.id) FILTER (WHERE d.due_at < %(now)s), min(d.due_at)
FROM cases_deadline d JOIN cases_case c ON c.id = d.case_id
WHERE d.met_at IS NULL
  AND d.stops IN ('person_looked', 'cybertip_finished', 'authority_told', 'police_told')
  AND d.due_at - d.set_at > %(at_once)s::interval
  AND %(now)s >= d.set_at + (d.due_at - d.set_at) / 2
  AND (c.taken_until IS NULL OR c.taken_until < %(now)s)
GROUP BY c.platform_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Untaken cases of one platform with half of the time gone for a look, or for a tip."""

    platform_id: UUID
    cases: int
    overdue: int
    due_at: datetime  # the nearest


def waiting(*, now: datetime) -> dict[UUID, Waiting]:
    """By platform; the same half as `rules.duty.call_at`."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"now": now, "at_once": f"{AT_ONCE.total_seconds()} seconds"})
        return {
            row[0]: Waiting(platform_id=row[0], cases=row[1], overdue=row[2], due_at=row[3])
            for row in cursor.fetchall()
        }
