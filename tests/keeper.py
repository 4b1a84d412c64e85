"""Keeps one PostgreSQL for a test run: `python -m tests.keeper DIRECTORY PID`.

Returns when the database is ready, and leaves a process that ends it, and removes the directory,
when the run with that pid is over: however it ended.
"""

import contextlib
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from heed.instance import postgres
from heed.instance.place import Place

PID_FILE = "keeper"


def main(directory: Path, run: int) -> None:
    """Forks; the first process ends when the second has a database, with 1 if it has none."""
    hear, tell = os.pipe()
    if os.fork():
        os.close(tell)
        sys.exit(0 if os.read(hear, 1) else 1)
    os.close(hear)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    try:
        keep(directory, run, over, tell)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def keep(directory: Path, run: int, over: threading.Event, tell: int) -> None:
    """Keeps the database until it is told that the run is over, or sees it."""
    place = Place(directory / "database")
    server = postgres.start(place, settings=postgres.UNSAFE_BUT_FAST)
    try:
        (directory / PID_FILE).write_text(str(os.getpid()))
        os.write(tell, b"y")
        while not over.wait(0.5) and is_running(run):
            pass
    finally:
        server.stop()
        if place.shelter in place.data.parents:
            shutil.rmtree(place.shelter, ignore_errors=True)


def is_running(pid: int) -> bool:
    """Whether the process still does anything."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
