"""The embedded PostgreSQL: made, started and stopped by Heed, reached by a Unix socket alone.

Everybody who can open the socket may be any role (`trust`). That is sound only because the socket
lies in a 0700 directory of the database's user, whom nobody but that user and root can pass.
For root that user is `nobody`: other services that run as `nobody` could get in, which is why
`docs/operate.md` says to take a packaged PostgreSQL for a real site.
"""

import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from heed.instance import leash
from heed.instance.addresses import Urls
from heed.instance.binaries import OLDEST_MAJOR, Binaries, choose
from heed.instance.place import UNPRIVILEGED, Place, make_private, runs_as_root
from heed.instance.trouble import Trouble

OWNER, APP, DATABASE = "heed_owner", "heed_app", "heed"
_SUPERUSER = "postgres"
START_WITHIN_SECONDS = (
    60.0  # recovery after a crash may take long; a process that ends is noticed at once
)
STOP_WITHIN_SECONDS = 20.0
_POLL_SECONDS = 0.03
_LOG_LIMIT_BYTES = 10_000_000
# Small enough to share a small machine with web and worker.
_TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "jit": "off",
    "max_wal_size": "512MB",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_parameter_max_length": "0",  # a slow statement must not put a notice's text into a log
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
}
_TUNING_SINCE = {18: {"io_method": "sync"}}  # three processes fewer
# Tests may lose their data with the machine.
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class DatabaseDidNotStart(Trouble):
    """PostgreSQL ended, or was not ready in time. The message holds the end of its log."""


@dataclass(kw_only=True)
class Server:
    """A PostgreSQL that this process started."""

    place: Place
    process: subprocess.Popen[bytes]
    settings: dict[str, str]

    @property
    def urls(self) -> Urls:
        """Addresses for the two roles."""
        return urls(self.place)

    def revive(self) -> bool:
        """Starts it again if it ended by itself. Raises `DatabaseDidNotStart`."""
        if self.process.poll() is None:
            return False
        self.process = _launch(choose(self.place), self.place, self.settings)
        return True

    def stop(self) -> None:
        """Ends it cleanly: connections are dropped, everything is written. May be repeated."""
        _stop(psutil.Process(self.process.pid) if self.process.poll() is None else None)
        self.process.wait()


def urls(place: Place) -> Urls:
    """Addresses at which this instance's embedded database can be reached once it runs."""
    host = quote(str(place.socket), safe="/")
    return Urls(
        owner=f"postgresql://{OWNER}@/{DATABASE}?host={host}",
        app=f"postgresql://{APP}@/{DATABASE}?host={host}",
    )


def start(
    place: Place, *, settings: dict[str, str] | None = None, at_least: int = OLDEST_MAJOR
) -> Server:
    """Starts the database, made first if need be. It ends when this process does (on Linux).

    One that was left running without its starter is ended first. A new one is made by PostgreSQL
    `at_least` or newer. Raises `DatabaseDidNotStart`.
    """
    binaries = choose(place, at_least=at_least)
    _prepare(place)
    if not (place.data / "PG_VERSION").exists():
        _initdb(binaries, place)
    _stop(_left_running(place))
    process = _launch(binaries, place, settings or {})
    server = Server(place=place, process=process, settings=settings or {})
    try:
        _ensure_roles(place)
    except BaseException:
        server.stop()
        raise
    return server


def end_left_running(place: Place) -> None:
    """Ends a database of this place that nobody tends any more, if there is one."""
    _stop(_left_running(place))


def is_ready(place: Place) -> bool:
    """Whether a database of this instance runs and takes connections."""
    postmaster = _postmaster(place)
    return postmaster is not None and _says_ready(place, postmaster.pid)


def _prepare(place: Place) -> None:
    place.logs.mkdir(parents=True, exist_ok=True)
    if place.shelter in place.data.parents or place.shelter in place.socket.parents:
        place.open_shelter()
    make_private(place.socket)
    log = _log(place)
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _log(place: Place) -> Path:
    return place.logs / "postgres.log"


def _initdb(binaries: Binaries, place: Place) -> None:
    """Makes the data beside their place and moves them there whole, so that they are never half."""
    half = place.data.with_name("postgres.half")
    shutil.rmtree(half, ignore_errors=True)
    make_private(half)
    leashed = leash.command(signal.SIGKILL, UNPRIVILEGED if runs_as_root() else None)
    command = [str(binaries.bin / "initdb"), "-D", str(half), "-U", _SUPERUSER, "-A", "trust"]
    made = subprocess.run(
        [*leashed, *command, "-E", "UTF8", "--locale=C", "--data-checksums", "--no-instructions"],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        env=_environment(),
    )
    if made.returncode:
        raise DatabaseDidNotStart(
            f"PostgreSQL could not make its data in {half}: {made.stderr.strip()}"
        )
    half.rename(place.data)


def _environment() -> dict[str, str]:
    """Nothing of ours: no `PG*` variable of a developer's shell, no `LD_PRELOAD` of a test."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _launch(binaries: Binaries, place: Place, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """Starts it and waits until it is ready; tries again while a killed one's children linger."""
    until = time.monotonic() + START_WITHIN_SECONDS
    while True:
        size = _log(place).stat().st_size if _log(place).exists() else 0
        process = _spawn(binaries, place, settings)
        if _wait_ready(process, place, until):
            return process
        said = _log(place).read_bytes()[size:].decode(errors="replace")
        lingering = "shared memory block" in said or "another postmaster" in said
        if not lingering or time.monotonic() > until:
            last = [line for line in said.splitlines() if "FATAL" in line or "PANIC" in line]
            why = " ".join(last[-1:]) or f"it was not ready in {START_WITHIN_SECONDS:.0f} s"
            raise DatabaseDidNotStart(f"PostgreSQL did not start: {why} (see {_log(place)})")
        time.sleep(0.2)


def _spawn(binaries: Binaries, place: Place, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    tuning = _TUNING | _TUNING_SINCE.get(binaries.major, {}) | settings
    options = [part for name, value in tuning.items() for part in ("-c", f"{name}={value}")]
    postgres = [str(binaries.bin / "postgres"), "-D", str(place.data), "-k", str(place.socket)]
    with _log(place).open("ab") as log:
        return subprocess.Popen(
            [
                *leash.command(signal.SIGINT, UNPRIVILEGED if runs_as_root() else None),
                *postgres,
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for us; we end it last, and cleanly
        )


def _wait_ready(process: subprocess.Popen[bytes], place: Place, until: float) -> bool:
    while time.monotonic() < until:
        if process.poll() is not None:
            return False
        if _says_ready(place, process.pid):
            return True
        time.sleep(_POLL_SECONDS)
    process.kill()
    process.wait()
    return False


def _says_ready(place: Place, pid: int) -> bool:
    """PostgreSQL keeps its pid in the first line of this file and its state in the eighth."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _postmaster(place: Place) -> psutil.Process | None:
    """The process that the pid file names, if it is a PostgreSQL and not a number used again."""
    try:
        pid = int((place.data / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        arguments = process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if str(place.data) in arguments else None


def _left_running(place: Place) -> psutil.Process | None:
    process = _postmaster(place)
    if process is None:  # a pid that belongs to something else would keep PostgreSQL from starting
        (place.data / "postmaster.pid").unlink(missing_ok=True)
    return process


def _stop(process: psutil.Process | None) -> None:
    if process is None:
        return
    try:
        for sent in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, by force
            process.send_signal(sent)
            if _gone(process):
                return
    except psutil.NoSuchProcess:
        return


def _gone(process: psutil.Process) -> bool:
    until = time.monotonic() + STOP_WITHIN_SECONDS
    while time.monotonic() < until:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _ensure_roles(place: Place) -> None:
    """The owner may make databases (tests do); the application may do only what it is granted."""
    with psycopg.connect(
        host=str(place.socket), user=_SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        for role, power in ((OWNER, "CREATEDB"), (APP, "NOCREATEDB")):
            if not connection.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [role]
            ).fetchone():
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER {}").format(
                        sql.Identifier(role), sql.SQL(power)
                    )
                )
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not known.fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER)
                )
            )
