"""Backups by themselves: once a day beside `heed up`, in a process of its own.

Where `heed up` does not run, a timer of the system calls `heed backup`.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from datetime import time as clock

from heed.instance import leash
from heed.instance.backup import shelves
from heed.instance.crew import Say
from heed.instance.place import Place
from heed.instance.trouble import Trouble
from heed.rules import backups

LOOK_EVERY_SECONDS = 60.0
AGAIN_AFTER_SECONDS = 3_600.0  # what failed is tried again in an hour, until it works
_NAME = "backup"


class NoSuchHour(Trouble):
    """`HEED_BACKUP_AT` is no time of the day."""


@contextmanager
def beside(place: Place, env: Mapping[str, str], say: Say) -> Iterator[None]:
    """While the block runs, a backup is made when one is due. Nothing without `HEED_BACKUP_TO`.

    `env` is what a command of this instance is told. Raises `NoSuchHour`.
    """
    if not os.environ.get(shelves.NAMED_BY):
        yield
        return
    try:
        at = backups.time_of(os.environ.get("HEED_BACKUP_AT", "") or "03:30")
    except backups.NoSuchTime as why:
        raise NoSuchHour(f"HEED_BACKUP_AT: {why}.") from None
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            wait = LOOK_EVERY_SECONDS
            if _is_due(place, at, say) and not _made(env, say, stop):
                wait = AGAIN_AFTER_SECONDS
            stop.wait(wait)

    thread = threading.Thread(target=look, name=_NAME, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)  # a bucket that hangs holds nobody up


def _is_due(place: Place, at: clock, say: Say) -> bool:
    try:
        lying = shelves.named("", place).all()
    except (Trouble, ImportError) as why:
        say(_NAME, f"where backups lie can't be read: {why}")
        return False
    newest = lying[0].made_at if lying else None
    return backups.is_due(newest, at, now=datetime.now(UTC))


def _made(env: Mapping[str, str], say: Say, stop: threading.Event) -> bool:
    """One run of `heed backup`; it ends with us, and leaves nothing half."""
    process = subprocess.Popen(
        [*leash.command(signal.SIGKILL), sys.executable, "-m", "heed", "backup"],
        env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines: list[str] = []
    assert process.stdout is not None
    reading = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reading.start()
    while process.poll() is None:
        if stop.is_set():
            process.kill()
        time.sleep(0.1)
    reading.join()
    process.stdout.close()
    for line in lines[-6:]:
        say(_NAME, line.rstrip())
    return process.returncode == 0
