"""`heed demo`: Heed, an example platform, and the case that Heed exists for, played live."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from rich.console import Console
from rich.table import Table as Grid

from heed.instance import cast
from heed.instance.addresses import Urls
from heed.instance.crew import Child, Crew
from heed.instance.place import IMPORTS, ROOT, Place, here
from heed.instance.processes import (
    Running,
    address,
    check_port,
    running,
    stay,
    stop_on_signals,
    wait_ready,
)
from heed.instance.trouble import Trouble

if TYPE_CHECKING:
    from examples.story.play import Stage
    from examples.story.promises import Table

HOST = "127.0.0.1"
CAST_WITHIN_SECONDS = 60.0


class PromiseBroken(Trouble):
    """The story was played, and not every promise held. The table says which."""


class AlreadyPlaying(Trouble):
    """Another demonstration uses the same place."""


def run(*, once: bool, port: int, site_port: int) -> None:
    """Play the story; then keep all running until Ctrl-C, unless `once`. Raises `Trouble`."""
    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    stop_on_signals()
    with contextlib.suppress(KeyboardInterrupt), stage(port, site_port) as (set_up, heed):
        ready = time.monotonic() - began
        console.print(f"Heed is ready at {set_up.heed_url}, Townsquare at {set_up.town_url}, "
                      f"after {ready:.1f} s.\n")  # fmt: skip
        table = _play(set_up, console)
        console.print(
            f"\nThe whole took {time.monotonic() - began:.0f} s. Logs are in {heed.place.logs}."
        )
        if not table.held and once:
            raise PromiseBroken("not every promise of the table held")
        if not once:
            _addresses(console, set_up)
            stay()


@contextmanager
def stage(
    port: int, site_port: int, env: dict[str, str] | None = None
) -> "Iterator[tuple[Stage, Running]]":
    """Heed and Townsquare, fresh and running, with a platform, a key and two reviewers.

    `env` is for Heed's web and worker.
    """
    from examples.story.play import Stage

    check_port(HOST, site_port, option="--site-port")
    check_port(HOST, port, option="--port")
    for name in ("HEED_DATABASE_URL", "HEED_OWNER_DATABASE_URL"):
        os.environ.pop(name, None)  # a demonstration never plays in a real site's database
    place = fresh(here())
    site_url = address(HOST, site_port)
    tipline = Tipline.near(site_port)
    evidence_token = secrets.token_urlsafe(24)
    env = {
        "HEED_DEMO": "1",
        **tipline.settings(),
        "TOWNSQUARE_URL": site_url,
        "TOWNSQUARE_EVIDENCE_TOKEN": evidence_token,
        **(env or {}),
    }
    worker = [sys.executable, "-m", cast.__name__]
    with running(
        place, host=HOST, port=port, say=lambda *_: None, env=env, first=_empty, worker=worker
    ) as heed:
        told = _told(heed)
        town = _town(place, heed.url, site_port, told, evidence_token)
        with Crew([town, tipline.child()], logs=place.logs, say=lambda *_: None).running() as crew:
            wait_ready(f"{site_url}/", crew, "townsquare")
            yield (
                Stage(
                    heed_url=heed.url,
                    town_url=site_url,
                    rae=told["rae"],
                    sam=told["sam"],
                    tipline_url=tipline.url,
                ),
                heed,
            )


@dataclass(frozen=True)
class Tipline:
    """The stand-in for NCMEC's CyberTipline, on a port of its own."""

    port: int

    @classmethod
    def near(cls, port: int) -> "Tipline":
        """On the next port that is free."""
        for candidate in range(port + 1, min(port + 100, 65_536)):
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind((HOST, candidate))
                return cls(candidate)
        raise Trouble(f"No port is free after {port}. Choose another --site-port.")

    @property
    def url(self) -> str:
        """Where it answers."""
        return address(HOST, self.port)

    def settings(self) -> dict[str, str]:
        """What Heed has to know of it."""
        names = {"ENVIRONMENT": "test", "TEST_URL": f"{self.url}/ispws"}
        who = {"TEST_USER": "stand-in", "TEST_PASSWORD": "stand-in"}
        return {f"HEED_NCMEC_{name}": value for name, value in (names | who).items()}

    def child(self) -> Child:
        """The process."""
        command = [sys.executable, "-m", "heed", "stand-in", "ncmec", "--port", str(self.port)]
        return Child(name="ncmec", command=command, env={"PYTHONPATH": str(ROOT / "src")})


def fresh(outer: Place) -> Place:
    """A place of its own for the demonstration, empty: each telling begins anew.

    Raises `AlreadyPlaying` rather than take the floor from under another one.
    """
    place = Place(outer.var / "demo")
    if not place.var.is_dir():
        return place
    with place.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyPlaying(
                f"A demonstration runs in {place.var}. Stop it, or set HEED_VAR to another place."
            ) from None
    for name in ("townsquare", "checkpoints", "mail"):
        shutil.rmtree(place.var / name, ignore_errors=True)
    (place.var / cast.TOLD).unlink(missing_ok=True)
    return place


def _empty(urls: Urls) -> None:
    """Takes everything out of the database, and keeps its tables: making them takes longest."""
    with psycopg.connect(urls.owner) as connection:
        rows = connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')"
        ).fetchall()
        if rows:
            names = ", ".join(row[0] for row in rows)
            connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


def _told(heed: Running) -> dict[str, str]:
    """What each of those who play needs: the worker brings them in as it starts."""
    path = heed.place.var / cast.TOLD
    until = time.monotonic() + CAST_WITHIN_SECONDS
    while not path.exists():
        if time.monotonic() > until or heed.crew.deaths("worker") > 1:
            raise Trouble(f"the stage could not be set: see {heed.place.logs}/worker.log")
        time.sleep(0.02)
    told: dict[str, str] = json.loads(path.read_text())
    path.unlink()
    return told


def _town(place: Place, heed_url: str, port: int, told: dict[str, str], token: str) -> Child:
    options = {
        "host": HOST,
        "port": str(port),
        "heed": heed_url,
        "key": told["key"],
        "secret": told["secret"],
        "evidence-token": token,
        "var": str(place.var / "townsquare"),
    }
    flags = [f"--{name}={value}" for name, value in options.items()]  # a token may begin with "-"
    return Child(
        name="townsquare",
        command=[sys.executable, "-m", "examples.townsquare", *flags, "--pretend"],
        env={"PYTHONPATH": IMPORTS},
    )


def _play(set_up: "Stage", console: Console) -> "Table":
    import httpx2

    from examples.story.people import PageRefused
    from examples.story.planting import Plan
    from examples.story.play import Story
    from examples.story.town import TownRefused

    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {what}", markup=False)

    story = Story(set_up, Plan(), say)
    try:
        story.play()
    except (TownRefused, PageRefused, httpx2.HTTPError) as why:
        story.table.say("the story went on to its end", str(why)[:300] or type(why).__name__, False)
    table = story.table
    grid = Grid(title="What was promised, and what was measured at Townsquare")
    grid.add_column("promise")
    grid.add_column("measured")
    grid.add_column("held")
    for row in table.rows:
        grid.add_row(row.what, row.measured, {True: "yes", False: "NO", None: ""}[row.held])
    console.print()
    console.print(grid)
    return table


def _addresses(console: Console, set_up: "Stage") -> None:
    console.print(
        f"\nLook around, until Ctrl-C:\n"
        f"  Townsquare            {set_up.town_url}/\n"
        f"  tell about something  {set_up.heed_url}/notice\n"
        f"  sign in as Rae        {set_up.heed_url}{set_up.rae}\n"
        f"  sign in as Sam        {set_up.heed_url}{set_up.sam}\n"
        f"  policy, measures, log {set_up.heed_url}/policy  /measures  /log/checkpoint",
        markup=False,
    )
