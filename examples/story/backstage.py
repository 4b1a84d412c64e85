"""Behind the stage, for tests and benches: look at the records, kill processes, let time go by.

Nobody in the story can do any of this.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg

from examples.story.town import Json, Town
from heed.instance.boot import environment
from heed.instance.processes import Running

KILLED = ("web", "worker", "database")
_ENTRIES = "SELECT entry_id::text FROM ledger_entrybody"
_NOTICES = "SELECT number FROM cases_notice"
_RESTRICTIONS = "SELECT item_id::text || case_id::text FROM cases_restriction"


class NotCalm(Exception):
    """Something is still under way, or stuck. The message counts what."""


class Backstage:
    """One running instance, from behind."""

    def __init__(self, heed: Running) -> None:
        self._heed = heed
        self._kept: dict[str, set[str]] = {}

    # ------------------------------------------------------------------ records

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query, read as the owner; waits for a database that was just killed."""
        until = time.monotonic() + 90
        while True:
            try:
                return self._rows(query, values)
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._heed.database.owner) as connection:
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def time_goes_by(self) -> None:
        """What waits for its next try, or for a dead deliverer, has waited long enough."""
        for table in ("outbox_statetelling", "outbox_letter"):
            self.rows(
                f"UPDATE {table} SET due_at = least(due_at, now()),"
                " leased_until = least(leased_until, now()) WHERE due_at IS NOT NULL"
            )
        self.rows("UPDATE media_item SET observe_due_at = now() WHERE observe_due_at > now()")
        self.rows(
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"
            " AND scheduled_at BETWEEN now() AND now() + interval '1 minute'"
        )
        self.rows(  # twice its heartbeat was not heard: a worker that is dead
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"
            " WHERE last_heartbeat < now() - interval '7 seconds'"
        )

    def two_days_go_by(self) -> None:
        """What has failed so far has failed for 49 hours; the next failure is the last."""
        self.rows(
            "UPDATE outbox_statetelling SET attempts = 20, due_at = now(),"
            " first_failed_at = first_failed_at - interval '49 hours'"
            " WHERE first_failed_at IS NOT NULL AND due_at IS NOT NULL"
        )

    def remember(self) -> None:
        """Note every notice, restriction and entry that is committed now: none may ever be lost."""
        for name, query in (("notices", _NOTICES), ("entries", _ENTRIES)):
            self._kept.setdefault(name, set()).update(row[0] for row in self.rows(query))
        seen = {row[0] for row in self.rows(_RESTRICTIONS)}
        self._kept.setdefault("restrictions", set()).update(seen)

    def kept(self) -> dict[str, int]:
        """How many of each were noted."""
        return {name: len(noted) for name, noted in self._kept.items()}

    def lost(self) -> dict[str, int]:
        """How many of those that were ever noted are not there now."""
        queries = {"notices": _NOTICES, "entries": _ENTRIES, "restrictions": _RESTRICTIONS}
        return {
            name: len(self._kept.get(name, set()) - {row[0] for row in self.rows(query)})
            for name, query in queries.items()
        }

    # ------------------------------------------------------------------ processes

    def is_up(self, name: str) -> bool:
        """Whether this process runs just now."""
        return self._heed.crew.pid(name) is not None

    def kill(self, name: str) -> bool:
        """`kill -9` of `web`, `worker` or `database`; False when it is not running just now."""
        self.remember()
        pid = self._heed.crew.pid(name)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            if name == "database":
                os.kill(pid, signal.SIGKILL)
            else:
                os.killpg(pid, signal.SIGKILL)
        return True

    def verify_log(self) -> tuple[bool, str]:
        """`heed verify --log`, as an operator runs it: whether it holds, and what it said."""
        ours = environment(self._heed.place, database_url=self._heed.database.app)
        done = subprocess.run(
            [sys.executable, "-m", "heed", "verify", "--log"],
            env={**os.environ, **ours},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    # ------------------------------------------------------------------ waiting

    def wait_calm(self, within_seconds: float = 120) -> None:
        """Until nothing is under way: no job, no state to tell, no entry without a place.

        Meanwhile time goes by fast for what waits for a dead process. Raises `NotCalm`.
        """
        until = time.monotonic() + within_seconds
        while any(under_way := self._under_way().values()):
            if time.monotonic() > until:
                raise NotCalm(str(self._under_way()))
            self.time_goes_by()
            wait_until(lambda: not any(self._under_way().values()), 2)
        assert not any(under_way)

    def _under_way(self) -> Counter[str]:
        counted = {
            "jobs": "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            " AND (scheduled_at IS NULL OR scheduled_at < now() + interval '1 minute')",
            "failed jobs": "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'",
            "states": "SELECT count(*) FROM outbox_statetelling WHERE due_at IS NOT NULL",
            "letters": "SELECT count(*) FROM outbox_letter WHERE due_at IS NOT NULL",
            "entries": "SELECT count(*) FROM ledger_waiting",
            "notices": "SELECT count(*) FROM cases_notice WHERE protected_at IS NULL",
        }
        return Counter({name: self.rows(query)[0][0] for name, query in counted.items()})


def wait_until(holds: Callable[[], object], within_seconds: float = 90) -> bool:
    """Whether it held within the time."""
    until = time.monotonic() + within_seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def out_of_order(facts: Json) -> list[Json]:
    """Rows of what Townsquare applied whose revision it had applied already, or a later one."""
    last: dict[str, int] = {}
    wrong = []
    for row in facts["applied"]:
        if row["revision"] <= last.get(row["item"], 0):
            wrong.append(row)
        last[row["item"]] = row["revision"]
    return wrong


def disagreements(behind: Backstage, town: Town) -> list[tuple[str, str, str]]:
    """Items that Townsquare shows otherwise than Heed asks: (ref, asked, shown)."""
    asked = dict(behind.rows("SELECT ref, desired FROM media_item"))
    shown = {item["id"]: item["visibility"] for item in town.facts()["items"]}
    return [
        (ref, level, shown[ref])
        for ref, level in asked.items()
        if ref in shown and shown[ref] != level
    ]
