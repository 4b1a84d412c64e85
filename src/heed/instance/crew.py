"""Keeps child processes running: starts them, forwards what they say, restarts, stops them all."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from heed.instance import leash
from heed.instance.postgres import Server
from heed.instance.trouble import Trouble

STOP_WITHIN_SECONDS = 12.0
FIRST_RESTART_SECONDS = 0.2  # doubled with each death
SLOWEST_RESTART_SECONDS = 30.0
STEADY_AFTER_SECONDS = 30.0  # a child that lived so long starts again with a short wait
_POLL_SECONDS = 0.05
_LOG_LIMIT_BYTES = 10_000_000

Say = Callable[[str, str], None]  # name of the child, one line


@dataclass(frozen=True, kw_only=True)
class Child:
    """A program to keep running. `command[0]` is an absolute path."""

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Kept:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    start_at: float = 0.0  # monotonic; not before


class Crew:
    """The children of one instance. One thread starts, tends and stops them."""

    def __init__(
        self, children: Iterable[Child], *, logs: Path, say: Say, server: Server | None = None
    ) -> None:
        self._kept = [_Kept(child) for child in children]
        self.logs, self._say, self._server = logs, say, server
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="crew")

    def deaths(self, name: str) -> int:
        """How often a child has ended since it last ran steadily."""
        return sum(kept.deaths for kept in self._kept if kept.child.name == name)

    def take_on(self, child: Child) -> None:
        """Keeps one more child running from now on."""
        self._kept.append(_Kept(child))

    def pid(self, name: str) -> int | None:
        """The process id of a child, or of the `database` if it is ours, while it runs."""
        if name == "database" and self._server:
            return self._server.process.pid
        for kept in self._kept:
            if kept.child.name == name and kept.process and kept.process.poll() is None:
                return kept.process.pid
        return None

    @contextmanager
    def running(self) -> Iterator["Crew"]:
        """All children run inside the block, and none after it."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            self._thread.join()

    def _tend(self) -> None:
        # The kernel ties a child to the thread that started it: so all is done in this one.
        try:
            while not self._stopping.is_set():
                self._tend_database()
                for kept in list(self._kept):
                    self._tend_child(kept)
                self._stopping.wait(_POLL_SECONDS)
        finally:
            self._stop_all()

    def _tend_database(self) -> None:
        if self._server is None:
            return
        try:
            if self._server.revive():
                self._say("database", "ended by itself and was started again")
        except Trouble as trouble:
            self._say("database", str(trouble))
            self._stopping.wait(5)

    def _tend_child(self, kept: _Kept) -> None:
        now = time.monotonic()
        if kept.process is None:
            if now >= kept.start_at:
                self._start(kept)
            return
        if kept.process.poll() is None:
            return
        _end_group(kept.process, signal.SIGKILL)
        steady = now - kept.started_at > STEADY_AFTER_SECONDS
        kept.deaths = 1 if steady else kept.deaths + 1
        pause = min(FIRST_RESTART_SECONDS * 2 ** (kept.deaths - 1), SLOWEST_RESTART_SECONDS)
        self._say(
            kept.child.name, f"ended ({_how(kept.process.returncode)}); starts again in {pause:g} s"
        )
        kept.process, kept.start_at = None, now + pause

    def _start(self, kept: _Kept) -> None:
        kept.started_at = time.monotonic()
        kept.process = subprocess.Popen(
            [*leash.command(signal.SIGKILL), *kept.child.command],
            env={**os.environ, **kept.child.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us; we stop them in order
        )
        threading.Thread(
            target=self._forward, args=(kept.child.name, kept.process), daemon=True
        ).start()

    def _forward(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        path = self.logs / f"{name}.log"
        with process.stdout as lines:
            for line in lines:
                _write(path, line)
                self._say(name, line.decode(errors="replace").rstrip())

    def _stop_all(self) -> None:
        processes = [kept.process for kept in self._kept if kept.process]
        for process in processes:
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + STOP_WITHIN_SECONDS
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
        for process in processes:
            _end_group(process, signal.SIGKILL)
            process.wait()


def _write(path: Path, line: bytes) -> None:
    """Appends to a log that keeps at most two files of a bounded size."""
    with path.open("ab") as log:
        log.write(line)
        size = log.tell()
    if size > _LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))


def _end_group(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """What a child started goes with it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, how)


def _how(code: int) -> str:
    return f"status {code}" if code >= 0 else signal.Signals(-code).name
