"""Jobs that failed after all their tries are in sight, and a person has them tried again.

1. Put each back in line, with all its tries before it. Where the same waits already, the failed one
   is forgotten.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

logger = logging.getLogger(__name__)

_FAILED = """
SELECT j.id, j.task_name, j.args, j.attempts, max(e.at)
FROM procrastinate_jobs j LEFT JOIN procrastinate_events e ON e.job_id = j.id
WHERE j.status = 'failed' GROUP BY j.id ORDER BY j.id DESC LIMIT 200
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """A job that was given up on: what it was for, by ids alone."""

    id: int
    name: str
    about: str
    tries: int
    failed_at: datetime | None


def failed() -> list[FailedJob]:
    """The newest 200."""
    with connection.cursor() as cursor:
        cursor.execute(_FAILED)
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
