"""A small book beside a site: which revision of each item it has, and which messages it took.

For sites whose own tables shall not change. SQLite, safe for the threads and processes of one
machine; a site on several machines keeps revisions in its own database and uses
`callbacks.follow`.
"""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .callbacks import RESULTS, Apply, Follow, careful, readable
from .shapes import Event, ItemResult, Result, State

log = logging.getLogger("heed_client")
WITHIN_SECONDS = 20.0  # Heed waits 30 for an answer; what is left over is asked again
WAITING_SECONDS = 60.0  # for another process's turn
_SCHEMA = """
CREATE TABLE IF NOT EXISTS revisions (item TEXT PRIMARY KEY, revision INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY);
"""


class Book:
    """The file is made where it is missing. Lost, it fills again: read `Heed.all_states` then."""

    def __init__(self, path: str | Path) -> None:
        self._path = path
        with contextlib.closing(self._open()) as book:
            book.execute("PRAGMA journal_mode = WAL")
            book.executescript(_SCHEMA)

    def following(self, apply: Apply, *, within_seconds: float = WITHIN_SECONDS) -> Follow:
        """Calls `apply` for what is news, one item at a time, and keeps each that was applied.

        What `apply` raises is `failed`, for that item alone, and Heed asks again. It may be called
        twice for one revision (after a crash): do the same again.
        """

        def follow(states: Sequence[State]) -> list[ItemResult]:
            until = time.monotonic() + within_seconds
            done: list[ItemResult] = []
            for state in filter(readable, states):
                done.append(self._one(state, apply))
                if time.monotonic() > until:
                    break
            return done

        return follow

    def once(self, act: Callable[[Event], None]) -> Callable[[Event], None]:
        """Passes each message on once, also when it comes again. What raises was not taken."""

        def act_once(event: Event) -> None:
            with self._turn() as book:
                found = book.execute("SELECT 1 FROM messages WHERE id = ?", (event["id"],))
                if found.fetchone() is None:
                    act(event)
                    book.execute("INSERT INTO messages VALUES (?)", (event["id"],))

        return act_once

    def revision(self, item: str) -> int:
        """The one that was applied last, 0 before the first."""
        with contextlib.closing(self._open()) as book:
            return _kept(book, item)

    def _one(self, state: State, apply: Apply) -> ItemResult:
        item, revision = state["item"], state["revision"]
        with self._turn() as book:
            kept = _kept(book, item)
            if revision <= kept:
                return {"item": item, "revision": kept, "result": "applied"}
            result = _tried(apply, state)
            if result == "applied":
                keep = "INSERT INTO revisions VALUES (?, ?) ON CONFLICT (item) DO UPDATE SET"
                book.execute(f"{keep} revision = excluded.revision", (item, revision))
        return {"item": item, "revision": revision, "result": result}

    @contextlib.contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        """One at a time: two callbacks never apply two revisions of an item in the wrong order."""
        with contextlib.closing(self._open()) as book:
            book.execute("BEGIN IMMEDIATE")
            try:
                yield book
            except BaseException:
                book.execute("ROLLBACK")
                raise
            book.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=WAITING_SECONDS, isolation_level=None)


def _kept(book: sqlite3.Connection, item: str) -> int:
    row = book.execute("SELECT revision FROM revisions WHERE item = ?", (item,)).fetchone()
    return 0 if row is None else int(row[0])


def _tried(apply: Apply, state: State) -> Result:
    try:
        result = apply(state["item"], careful(state["visibility"]), state["revision"])
    except Exception:
        log.exception("item %s is not yet as it should be", state["item"])
        return "failed"
    if result is not None and result not in RESULTS:
        log.error("apply() gave %r, which is no result: it counts as failed", result)
        return "failed"
    return result or "applied"
