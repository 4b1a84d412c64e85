"""Jobs for the worker, put down in the same transaction as what they follow from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

LAST = -10  # procrastinate's priority; the others have 0
BEHIND = "behind"  # the queue of those: one at a time, a quarter of the time (`worker/jobs.py`)
# A sweep asks for these again; nothing but their job asks for the others.
_ASKING = 0x4173  # first key of the advisory locks of those who are asking for one of these
SWEPT = frozenset({"deliver", "fetch_files", "look_at_items"})


def later(
    name: str,
    *,
    once: str | None = None,
    at: datetime | None = None,
    queue: str = "work",
    alone: bool = False,
    last: bool = False,
    **args: Any,
) -> None:
    """Ask the worker to run the job `name` (see `worker/jobs.py`), not before `at`.

    With `once`, a job of that lock that still waits is enough. It is then kept from starting until
    this transaction has ended: a job that started earlier would not see what it is asked for.
    `alone`: it starts when one of that lock that runs has ended; two would wait for each other.
    `last`: after all others that may start, until somebody asks for it who does not say so.
    """
    if name in SWEPT and once is not None and _is_asked_for(once):
        return
    task = app.configure_task(
        f"heed.{name}",
        allow_unknown=True,
        queueing_lock=once,
        lock=once if alone else None,
        schedule_at=at,
        queue=BEHIND if last else queue,
        priority=LAST if last else 0,
    )
    while not _deferred(task, args):
        if name in SWEPT:
            return
        if not last:
            _take_forward(once, queue)
        if _kept_waiting(once):
            return


def under_way(name: str) -> bool:
    """Whether a job of this name runs or may start; nobody waits for those that come last.

    In a flood there are always some of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE task_name = %s AND status IN ('todo', 'doing')"
            " AND priority >= 0 AND (scheduled_at IS NULL OR scheduled_at <= now()) LIMIT 1",
            [f"heed.{name}"],
        )
        return cursor.fetchone() is not None


def waits_or_runs(once: str) -> bool:
    """Whether a job of this lock waits or runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %s"
            " AND status IN ('todo', 'doing') LIMIT 1",
            [once],
        )
        return cursor.fetchone() is not None


def put_last(onces: Iterable[str]) -> set[str]:
    """Which of these locks have a job that waits until all others have had their turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queueing_lock FROM procrastinate_jobs WHERE queueing_lock = ANY(%s)"
            " AND status = 'todo' AND priority < 0",
            [list(onces)],
        )
        return {row[0] for row in cursor.fetchall()}


def _is_asked_for(once: str) -> bool:
    """It waits, or another transaction is just asking for it: nobody waits for that one's end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = %s"
            " AND status = 'todo') OR NOT pg_try_advisory_xact_lock(%s, hashtext(%s))",
            [once, _ASKING, once],
        )
        return bool(cursor.fetchone()[0])


def _deferred(task: Any, args: dict[str, Any]) -> bool:
    try:
        with transaction.atomic():  # a savepoint, so that "already there" harms nothing
            task.defer(**args)
    except AlreadyEnqueued:
        return False
    return True


def _take_forward(once: str | None, queue: str) -> None:
    """What a flood asked for, and now somebody else, no longer waits behind the flood."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET priority = 0, queue_name = %s"
            " WHERE queueing_lock = %s AND status = 'todo' AND priority < 0",
            [queue, once],
        )


def _kept_waiting(once: str | None) -> bool:
    """Hold the waiting job: workers pass over rows that are locked. False when it has started."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM procrastinate_jobs"
            " WHERE queueing_lock = %s AND status = 'todo' FOR SHARE",
            [once],
        )
        return cursor.fetchone() is not None
