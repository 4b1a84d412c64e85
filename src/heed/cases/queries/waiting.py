"""What waits for a person for too long, platform by platform: what the duty person is told of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from heed.media import unchecked
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
    """What waits at one platform with half of its time gone: untaken cases, unchecked uploads."""

    platform_id: UUID
    cases: int  # for a look, or for a tip
    uploads: int  # held because they could not be checked
    overdue: int
    due_at: datetime  # the nearest


def waiting(*, now: datetime) -> dict[UUID, Waiting]:
    """By platform; the same half as `rules.duty.call_at`."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"now": now, "at_once": f"{AT_ONCE.total_seconds()} seconds"})
        cases = {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}
    uploads = unchecked.waiting(now=now)
    return {one: _together(one, cases.get(one), uploads.get(one)) for one in {*cases, *uploads}}


_Some = tuple[int, int, datetime]  # how many, how many of them late, the nearest


def _together(platform_id: UUID, cases: _Some | None, uploads: _Some | None) -> Waiting:
    both = [some for some in (cases, uploads) if some is not None]
    return Waiting(
        platform_id=platform_id,
        cases=cases[0] if cases else 0,
        uploads=uploads[0] if uploads else 0,
        overdue=sum(late for _, late, _ in both),
        due_at=min(nearest for _, _, nearest in both),
    )
