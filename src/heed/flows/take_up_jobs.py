"""Jobs whose worker was killed are taken up again.

1. Find jobs that are said to run in a worker that has not been heard of; put them back in line.
"""

from datetime import datetime

from asgiref.sync import async_to_sync
from procrastinate.contrib.django import app

SILENT_FOR = 12.0  # seconds without a heartbeat: that worker is dead


def take_up_jobs(*, now: datetime) -> int:
    """Returns how many jobs were put back. A job may so run twice: each of ours bears that."""
    return async_to_sync(_take_up)()


async def _take_up() -> int:
    manager = app.job_manager
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_FOR))
    for job in stalled:
        await manager.retry_job(job)
    return len(stalled)
