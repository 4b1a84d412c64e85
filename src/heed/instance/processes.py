"""Runs an instance: database, web, worker and viewer, until it is told to stop."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from heed.instance import compiling, database, schema, upgrade
from heed.instance.addresses import Urls
from heed.instance.backup import rota
from heed.instance.backup.commands import kept_within
from heed.instance.boot import environment
from heed.instance.crew import Child, Crew, Say
from heed.instance.place import Place, here
from heed.instance.trouble import Trouble

READY_WITHIN_SECONDS = 60.0
PORT_FREE_WITHIN_SECONDS = 1.5  # a killed instance's processes may need a moment to go
GIVE_UP_AFTER_DEATHS = 3
_POLL_SECONDS = 0.05


class PortTaken(Trouble):
    """Another program listens where we should."""


class NotReady(Trouble):
    """Web or worker could not be brought to answer."""


class NotMigrated(Trouble):
    """The database could not be brought to what the code expects."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """An instance that answers."""

    place: Place
    url: str
    database: Urls
    crew: Crew
    told: dict[str, str]  # the environment of a command on this instance


def up(*, host: str, port: int) -> None:
    """Runs until Ctrl-C or SIGTERM, then ends everything it started. Raises `Trouble`."""
    began = time.monotonic()
    stop_on_signals()
    with contextlib.suppress(KeyboardInterrupt), running(here(), host=host, port=port) as instance:
        print(f"Heed is ready at {instance.url} after {time.monotonic() - began:.1f} s.")
        print(f"Its data are in {instance.place.var}. Ctrl-C stops it.", flush=True)
        with compiling.beside(say), rota.beside(instance.place, instance.told, say):
            stay()
    print("Heed has stopped.", flush=True)


def stay() -> NoReturn:
    """Waits for the signal that ends us.

    A second at a time: what arrives just before an endless wait would be noticed at its end, never.
    """
    while True:
        time.sleep(1)


def say(name: str, line: str) -> None:
    """Prints a line that a child said."""
    print(f"{name:>8} | {line}", flush=True)


@contextmanager
def running(
    place: Place,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    say: Say = say,
    env: dict[str, str] | None = None,
    beside: Sequence[Child] = (),
    first: Callable[[Urls], None] = lambda _: None,
    worker: Sequence[str] = (),
) -> Iterator[Running]:
    """An instance that answers, for the block; `beside` are further children to keep running.

    `env` is for web and worker. `first` is called when the database is up to date, and before
    they start; `worker` is run in the place of the usual one. Raises `Trouble` in one of its forms
    when it can't be had.
    """
    check_port(host, port, option="--port")
    url = os.environ.get("HEED_PUBLIC_URL") or address(host, port)
    place.logs.mkdir(parents=True, exist_ok=True)
    with database.owned(place, url) as (urls, server):
        ours = environment(place, database_url=urls.app, public_url=url) | (env or {})
        bring_up_to_date(place, urls, ours)
        first(urls)
        web = [*_heed("web"), "--host", host, "--port", str(port)]
        children = [
            Child(name="web", command=web, env=ours),
            Child(name="worker", command=list(worker) or _heed("worker"), env=ours),
        ]
        crew = Crew([*children, *beside], logs=place.logs, say=say, server=server)
        with crew.running():
            wait_ready(f"{address(host, port)}/status", crew, "web")
            # Nobody opens a file in the first second: the pages come first.
            crew.take_on(Child(name="viewer", command=_heed("viewer"), env=ours))
            told = {**ours, "HEED_OWNER_DATABASE_URL": urls.owner}
            yield Running(place=place, url=url, database=urls, crew=crew, told=told)


def check_port(host: str, port: int, *, option: str) -> None:
    """Raises `PortTaken`, which names the port and the `option` that changes it."""
    until = time.monotonic() + PORT_FREE_WITHIN_SECONDS
    while not _is_free(host, port):
        if time.monotonic() > until:
            raise PortTaken(
                f"Port {port} on {host} is taken by another program. "
                f"Stop that, or choose another port with {option} {port + 10}."
            )
        time.sleep(_POLL_SECONDS)


def address(host: str, port: int) -> str:
    """The URL at which this machine reaches a server that listens on `host`."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def wait_ready(url: str, crew: Crew, child: str) -> None:
    """Waits until `url` answers 200. Raises `NotReady` when `child` keeps dying, or in the end."""
    until = time.monotonic() + READY_WITHIN_SECONDS
    while not answers(url):
        if crew.deaths(child) >= GIVE_UP_AFTER_DEATHS:
            raise NotReady(f"{child} ends as soon as it starts: see {crew.logs / child}.log")
        if time.monotonic() > until:
            raise NotReady(f"{url} did not answer within {READY_WITHIN_SECONDS:.0f} s.")
        time.sleep(_POLL_SECONDS)


def answers(url: str) -> bool:
    """Whether `url` answers 200 now."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _heed(command: str) -> list[str]:
    return [sys.executable, "-m", "heed", command]


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise PortTaken(
                f"Only root may listen on port {port}: choose one above 1023."
            ) from None
        except OSError as refused:
            if refused.errno == errno.EADDRINUSE:
                return False
            raise PortTaken(f"Cannot listen on {host}:{port}: {refused.strerror}.") from None
    return True


def bring_up_to_date(place: Place, urls: Urls, env: dict[str, str]) -> None:
    """Migrates in a process of its own: the one that stays must not carry Django.

    Raises `NotMigrated`.
    """
    upgrade.forget_old(place, now=datetime.now(UTC), kept_within=kept_within())
    if schema.is_current(place, urls.owner):
        return
    owner = {"HEED_OWNER_DATABASE_URL": urls.owner}
    done = subprocess.run(
        _heed("migrate"),
        env={**os.environ, **env, **owner},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        (place.logs / "migrate.log").write_text(done.stdout + done.stderr)
        raise NotMigrated(
            f"The database could not be migrated: {' '.join(last)} (see {place.logs}/migrate.log)"
        )
    print(done.stdout, end="", flush=True)  # that it was dumped first, and where


def stop_on_signals() -> None:
    """SIGTERM and a lost terminal end us as Ctrl-C does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored under nohup: stay so
        signal.signal(signal.SIGHUP, signal.default_int_handler)
