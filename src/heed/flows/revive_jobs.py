"""Jobs that failed after all their tries are in sight, and a person has them tried again.

1. Put each back in line, with all its tries before it. Where the same waits already, the failed one
   is forgotten.
"""

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

logger = logging.getLogger(__name__)

# Whose it is, by what it is about; a rollback has no platform of its own.
_WHOSE = """coalesce(
    (j.args->>'platform_id')::uuid,
    (SELECT platform_id FROM cases_case WHERE id = (j.args->>'case_id')::uuid),
    (SELECT platform_id FROM cases_notice WHERE id = (j.args->>'notice_id')::uuid),
    (SELECT c.platform_id FROM cases_decision d JOIN cases_case c ON c.id = d.case_id
     WHERE d.id = (j.args->>'decision_id')::uuid),
    (SELECT platform_id FROM filings_tip WHERE id = (j.args->>'tip_id')::uuid),
    (SELECT n.platform_id FROM filings_casefile f JOIN cases_notice n ON n.id = f.notice_id
     WHERE f.id = (j.args->>'file_id')::uuid),
    (SELECT o.platform_id FROM filings_disclosure d JOIN filings_order o ON o.id = d.order_id
     WHERE d.id = (j.args->>'disclosure_id')::uuid),
    (SELECT o.platform_id FROM filings_instrumentreading r JOIN filings_order o ON o.id = r.order_id
     WHERE r.id = (j.args->>'reading_id')::uuid))"""
_FAILED = f"""
SELECT j.id, j.task_name, j.args, j.attempts, max(e.at)
FROM (SELECT j.*, {_WHOSE} AS whose FROM procrastinate_jobs j WHERE j.status = 'failed') j
LEFT JOIN procrastinate_events e ON e.job_id = j.id
WHERE j.whose = ANY(%(platforms)s) OR (j.whose IS NULL AND (
    NOT EXISTS (SELECT FROM jsonb_object_keys(j.args) AS said WHERE right(said, 3) = '_id')
    OR NOT EXISTS (SELECT FROM media_platform p WHERE p.id <> ALL(%(platforms)s))))
GROUP BY j.id, j.task_name, j.args, j.attempts ORDER BY j.id DESC LIMIT 200
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """A job that was given up on: what it was for, by ids alone."""

    id: int
    name: str
    about: str
    tries: int
    failed_at: datetime | None


def failed(platform_ids: Collection[UUID]) -> list[FailedJob]:
    """The newest 200 of these platforms, and of what is about nothing of anybody's.

    What is nobody's own alone (a rollback, or what is gone) is for who has every platform.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, {"platforms": list(platform_ids)})
        return [_read(*row) for row in cursor.fetchall()]


def _read(
    number: int, name: str, args: dict[str, object] | str, tries: int, at: datetime | None
) -> FailedJob:
    said = json.loads(args) if isinstance(args, str) else args
    about = ", ".join(f"{key} {value}" for key, value in sorted(said.items()) if key != "code")
    return FailedJob(
        id=number, name=name.removeprefix("heed."), about=about, tries=tries, failed_at=at
    )


def revive_jobs(*, ids: Sequence[int], by: UUID, now: datetime) -> int:
    """Try these again, from the start; returns how many were put back in line."""
    logger.info("failed jobs revived", extra={"jobs": list(ids), "by": str(by)})
    return sum([_put_back(one) for one in ids])


def _put_back(number: int) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL"
                " WHERE id = %s AND status = 'failed'",
                [number],
            )
            return bool(cursor.rowcount)
    except IntegrityError:  # the same waits already, by a job of its own
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM procrastinate_jobs WHERE id = %s AND status = 'failed'", [number]
            )
        return False
