"""Whatever is due to be told is told, also when its job was lost.

1. For each platform with something due, ask the worker to deliver.
"""

from datetime import datetime

from django.db import transaction

from heed.flows import jobs
from heed.outbox import queries as outbox


def tell_platforms(*, now: datetime) -> int:
    """Returns for how many platforms something was due."""
    due = outbox.due_platforms(now=now)
    with transaction.atomic():
        for platform_id in due:
            jobs.later(
                "deliver",
                once=f"deliver:{platform_id}",
                queue="deliver",
                platform_id=str(platform_id),
            )
    return len(due)
