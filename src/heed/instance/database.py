"""The database of an instance: the configured one, one that already runs, else our own.

Whoever starts the embedded database holds the instance's lock for as long as it runs. `heed up`
keeps it for hours and others use it meanwhile; a short command keeps it for a moment and others
wait, so that none ends the database under another.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.parse import urlsplit

import psycopg

from heed.instance import postgres
from heed.instance.addresses import Urls, configured
from heed.instance.binaries import OLDEST_MAJOR
from heed.instance.place import Place
from heed.instance.trouble import Trouble

WAIT_SECONDS = 60.0
RESTORING = "restoring"  # in `var/`, while a backup is being put back
MAY_BE_HALF = "HEED_RESTORING"  # said to the commands that a restore itself runs
_POLL_SECONDS = 0.05


class AlreadyUp(Trouble):
    """`heed up` already runs from this directory."""


class DatabaseNotReached(Trouble):
    """The configured database does not answer, or the running one never became ready."""


class HalfRestored(Trouble):
    """A restore was cut short: what lies here is no instance yet."""


def check_whole(place: Place) -> None:
    """Raises `HalfRestored` where a restore runs, or was cut short."""
    if (place.var / RESTORING).exists() and not os.environ.get(MAY_BE_HALF):
        raise HalfRestored(
            f"A restore into {place.var} is not finished. If none runs, run it again: "
            f"heed restore FILE --identity KEY"
        )


@contextmanager
def own(place: Place, *, at_least: int) -> Iterator[Urls]:
    """The embedded database for this block, made by PostgreSQL `at_least`. Raises `AlreadyUp`."""
    with _lock_file(place) as lock:
        if not _locked_or_running(lock, place):
            raise AlreadyUp(f"Heed runs from {place.var}: stop it first.")
        with started(place, lock, "a restore", at_least=at_least) as server:
            yield server.urls


@contextmanager
def in_use(place: Place) -> Iterator[Urls]:
    """A database for a command: it is there inside the block. Raises `DatabaseNotReached`."""
    check_whole(place)
    named = configured()
    if named:
        yield named
        return
    with _lock_file(place) as lock:
        if _locked_or_running(lock, place):
            with started(place, lock, "a command") as server:
                yield server.urls
        else:
            yield postgres.urls(place)


@contextmanager
def owned(place: Place, public_url: str) -> Iterator[tuple[Urls, postgres.Server | None]]:
    """The database for `heed up`, and the server where it is ours to tend. Raises `AlreadyUp`."""
    check_whole(place)
    named = configured()
    if named:
        check(named.app)
        yield named, None
        return
    with _lock_file(place) as lock:
        if not _locked_or_running(lock, place):
            raise AlreadyUp(
                f"Heed already runs from {place.var} at {place.runs_at()}. "
                f"Stop it first, or set HEED_VAR to another directory for a second one."
            )
        with started(place, lock, f"up {public_url}") as server:
            yield server.urls, server


@contextmanager
def started(
    place: Place, lock: IO[str], by: str, *, at_least: int = OLDEST_MAJOR
) -> Iterator[postgres.Server]:
    """Starts the embedded database for the block. `lock` is held and says by whom."""
    lock.seek(0)
    lock.truncate()
    lock.write(by)
    lock.flush()
    server = postgres.start(place, at_least=at_least)
    try:
        yield server
    finally:
        server.stop()


def check(url: str) -> None:
    """Raises `DatabaseNotReached` with a line that names the server and never the password."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except (psycopg.Error, ValueError) as refused:
        at = urlsplit(url)
        where = f"{at.hostname or 'the socket'}:{at.port or 5432}{at.path}"
        raise DatabaseNotReached(
            f"The database of HEED_DATABASE_URL ({where}) does not answer: "
            f"{str(refused).splitlines()[0]}"
        ) from None


@contextmanager
def _lock_file(place: Place) -> Iterator[IO[str]]:
    place.var.mkdir(parents=True, exist_ok=True)
    with place.lock.open("a+") as lock:
        yield lock


def _locked_or_running(lock: IO[str], place: Place) -> bool:
    """True when the lock is ours now, False when `heed up` has it and its database is ready."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            pass
        if place.lock.read_text().startswith("up ") and postgres.is_ready(place):
            return False
        time.sleep(_POLL_SECONDS)
    raise DatabaseNotReached(f"Another command has kept {place.lock} for too long. Is it stuck?")
