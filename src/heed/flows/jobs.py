"""Jobs for the worker, put down in the same transaction as what they follow from."""

from datetime import datetime
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued


def later(
    name: str,
    *,
    once: str | None = None,
    at: datetime | None = None,
    queue: str = "work",
    **args: Any,
) -> None:
    """Ask the worker to run the job `name` (see `worker/jobs.py`), not before `at`.

    With `once`, a job of that lock that still waits is enough: asking again changes nothing.
    """
    task = app.configure_task(
        f"heed.{name}", allow_unknown=True, queueing_lock=once, schedule_at=at, queue=queue
    )
    try:
        with transaction.atomic():  # a savepoint, so that "already there" harms nothing
            task.defer(**args)
    except AlreadyEnqueued:
        return
