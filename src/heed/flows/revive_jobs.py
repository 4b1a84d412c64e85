"""Jobs that failed after all their tries are in sight, and a person has them tried again.

1. Put each back in line, with all its tries before it. Where the same waits already, the failed one
   is forgotten.
"""

import json
import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import overload
from uuid import UUID

from django.db import IntegrityError, connection, transaction

logger = logging.getLogger(__name__)

BATCH = 500

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
SELECT j.id FROM (SELECT j.*, {_WHOSE} AS whose FROM procrastinate_jobs j WHERE j.status = 'failed'
    AND ((j.args - 'code')::text || j.task_name) ILIKE %(words)s) j
WHERE j.whose = ANY(%(platforms)s) OR (j.whose IS NULL AND (
    NOT EXISTS (SELECT FROM jsonb_object_keys(j.args) AS said WHERE right(said, 3) = '_id')
    OR NOT EXISTS (SELECT FROM media_platform p WHERE p.id <> ALL(%(platforms)s))))
ORDER BY j.id DESC
"""
_TOLD = """
SELECT id, task_name, args, attempts,
    (SELECT max(at) FROM procrastinate_events WHERE job_id = procrastinate_jobs.id)
FROM procrastinate_jobs WHERE id = ANY(%s) ORDER BY id DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """A job that was given up on: what it was for, by ids alone."""

    id: int
    name: str
    about: str
    tries: int
    failed_at: datetime | None


class Failed(Sequence[FailedJob]):
    """Failed jobs, the newest first: the ids of all, and what each was, asked for by the page."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = ids

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, which: int) -> FailedJob: ...
    @overload
    def __getitem__(self, which: slice) -> list[FailedJob]: ...
    def __getitem__(self, which: int | slice) -> FailedJob | list[FailedJob]:
        """One, or some."""
        if isinstance(which, int):
            return _told([self.ids[which]])[0]
        return _told(self.ids[which])


def failed(platform_ids: Collection[UUID], words: str = "") -> Failed:
    """Those of these platforms, and of what is about nothing of anybody's.

    What is nobody's own alone (a rollback, or what is gone) is for who has every platform. `words`
    stand in the name of the work, or in the id of what it is about.
    """
    said = re.sub(r"([%_\\])", r"\\\1", words)
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, {"platforms": list(platform_ids), "words": f"%{said}%"})
        return Failed([number for (number,) in cursor.fetchall()])


def _told(ids: Sequence[int]) -> list[FailedJob]:
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, [list(ids)])
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
    return sum(_put_back(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH))


def _put_back(ids: Sequence[int]) -> int:
    """In one go; where one of them waits already, they are halved until it is found."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL"
                " WHERE id = ANY(%s) AND status = 'failed'",
                [list(ids)],
            )
            return int(cursor.rowcount)
    except IntegrityError:  # the same waits already, by a job of its own
        middle = len(ids) // 2
        return _put_back(ids[:middle]) + _put_back(ids[middle:]) if middle else _forget(ids)


def _forget(ids: Sequence[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE id = ANY(%s) AND status = 'failed'", [list(ids)]
        )
    return 0
