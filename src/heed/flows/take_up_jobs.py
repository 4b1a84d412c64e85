"""Jobs whose worker was killed are taken up again.

1. Find jobs that are said to run in a worker that has not been heard of; put them back in line.
   Where the same job waits already, the dead one is forgotten: it must not stand in others' way.
"""

import logging
from datetime import datetime

from asgiref.sync import async_to_sync
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status

logger = logging.getLogger(__name__)
SILENT_FOR = 12.0  # seconds without a heartbeat: that worker is dead


def take_up_jobs(*, now: datetime) -> int:
    """Returns how many jobs were put back. A job may so run twice: each of ours bears that."""
    return async_to_sync(_take_up)()


async def _take_up() -> int:
    manager = app.job_manager
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_FOR))
    return sum([await _tried(job) for job in stalled])


async def _tried(job: Job) -> bool:
    try:
        return await _put_back(job)
    except Exception:  # the others are owed to other people
        logger.exception("a job was not put back in line", extra={"job": job.id})
        return False


async def _put_back(job: Job) -> bool:
    """False when the same was asked for again meanwhile: that job waits, and this one is done."""
    try:
        await app.job_manager.retry_job(job)
    except UniqueViolation:
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        return False
    return True
