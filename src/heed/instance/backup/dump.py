"""The database as a stream: PostgreSQL's own dump, taken from one moment, and put back."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg import conninfo

from heed.instance import leash
from heed.instance.binaries import clients
from heed.instance.trouble import Trouble

# Who is signed in, and how often somebody guessed: old sessions must not come back to life.
LEFT_OUT = ("django_session", "usersessions_usersession", "heed_counts")
_LEVEL = "3"  # of compression: the time goes into reading, not into this
# What a case has in the vault, by the names that the rows give. An older database has fewer tables.
_OBJECTS = {
    "filings_sealedobject": "SELECT name, CASE WHEN state = 'kept' THEN"
    " encode(sealed_sha256, 'hex') END FROM filings_sealedobject"
    " WHERE name <> '' AND state <> 'destroyed'",
    "filings_disclosure": "SELECT name, NULL FROM filings_disclosure WHERE name <> ''",
    "filings_instrumentreading": "SELECT name, NULL FROM filings_instrumentreading"
    " WHERE name <> ''",
}


class NotDumped(Trouble):
    """PostgreSQL's own tool could not read the database, or put it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a database at the moment that is dumped."""

    snapshot: str
    server_major: int
    bytes: int  # as it lies on the disk
    migrations: tuple[str, ...]
    log_size: int
    checkpoint: str  # the newest signed note; empty for a log that was never signed
    objects: dict[str, str | None]  # name in the vault: SHA-256 of what lies there, where known


@contextmanager
def moment(url: str) -> Iterator[Facts]:
    """One moment of the database, kept for the block: everything read from it fits together."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield _facts(connection)


def _facts(connection: psycopg.Connection) -> Facts:
    def one(statement: str) -> tuple[object, ...]:
        return connection.execute(statement).fetchone() or ()

    newest = "SELECT note FROM ledger_checkpoint ORDER BY size DESC, id DESC LIMIT 1"
    size = "SELECT coalesce(max(index) + 1, 0), pg_export_snapshot() FROM ledger_place"
    applied = "SELECT app || '.' || name FROM django_migrations"
    log_size, snapshot = one(size)
    (on_disk,) = one("SELECT pg_database_size(current_database())")
    return Facts(
        snapshot=str(snapshot),
        server_major=connection.info.server_version // 10000,
        bytes=int(str(on_disk)),
        migrations=tuple(sorted(str(row[0]) for row in connection.execute(applied))),
        log_size=int(str(log_size)),
        checkpoint=str((one(newest) or ("",))[0]),
        objects=_objects(connection),
    )


def _objects(connection: psycopg.Connection) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for table, named in _OBJECTS.items():
        if _has(connection, table, "name"):
            found.update((str(name), digest) for name, digest in connection.execute(named))
    return found


@contextmanager
def dumped(url: str, facts: Facts, *, all_of_it: bool = False) -> Iterator[IO[bytes]]:
    """The dump of that moment, to be read to its end inside the block. Raises `NotDumped`.

    In PostgreSQL's custom form. `all_of_it`: with sessions, for a way back on the same day.
    """
    tool = clients(facts.server_major).bin / "pg_dump"
    left_out = () if all_of_it else LEFT_OUT
    more = [f"--exclude-table-data={name}" for name in left_out]
    form = ["--format=custom", f"--compress={_LEVEL}", "--no-owner", "--no-privileges"]
    with _tool([str(tool), *form, f"--snapshot={facts.snapshot}", *more], url) as process:
        assert process.stdout is not None
        yield process.stdout


def put_back(url: str, dump: Path, *, server_major: int, made_by: int) -> None:
    """Fill an empty database. What it had numbered by transactions is numbered anew.

    Raises `NotDumped`; the database is then to be thrown away.
    """
    tool = clients(max(server_major, made_by)).bin / "pg_restore"
    form = ["--no-owner", "--no-privileges", "--exit-on-error"]

    def load(*sections: str) -> None:
        parts = [f"--section={one}" for one in sections]
        with _tool([str(tool), *form, *parts, str(dump)], url) as process:
            assert process.stdout is not None
            process.stdout.read()

    load("pre-data", "data")
    _number_anew(url)  # before there are indexes and triggers: a fraction of the work
    load("post-data")


# A new server counts its transactions from the start. What was seen to by then stays so; the rest
# is seen to as soon as somebody looks.
_ANEW = {
    "media_item": ("late-copies", "committed"),
    "media_banksignal": ("bank-signals", "committed"),
}
_STAMPED = ("media_signal", "media_banksignal", "media_gonesignal")


def _number_anew(url: str) -> None:
    with psycopg.connect(url) as connection:
        here = {one: with_ for one, with_ in _ANEW.items() if _has(connection, one, with_[1])}
        for table, (sweep, column) in here.items():
            connection.execute(
                f"UPDATE {table} SET {column} = CASE WHEN {column} < coalesce("
                f" (SELECT below FROM media_watermark WHERE name = '{sweep}'), 0)"
                f" THEN 0 ELSE pg_current_xact_id()::text::bigint END WHERE {column} > 0"
            )
        for table in _STAMPED:
            if _has(connection, table, "stamp"):
                connection.execute(f"UPDATE {table} SET stamp = 0 WHERE stamp > 0")
        connection.execute(
            "UPDATE media_watermark SET below = least(below, pg_current_xact_id()::text::bigint)"
        )


def _has(connection: psycopg.Connection, table: str, column: str) -> bool:
    """An older backup may not know it yet."""
    asked = (
        "SELECT 1 FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name = %s AND column_name = %s"
    )
    return connection.execute(asked, [table, column]).fetchone() is not None


@contextmanager
def _tool(command: Sequence[str], url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """One of PostgreSQL's tools on this database. It ends with us; the password is not in sight."""
    said = conninfo.conninfo_to_dict(url)
    password = {"PGPASSWORD": str(said.pop("password"))} if said.get("password") else {}
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **password}
    at = f"--dbname={conninfo.make_conninfo(**said)}"  # type: ignore[arg-type]
    with subprocess.Popen(
        [*leash.command(signal.SIGKILL), *command, at],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd="/",
    ) as process:  # fmt: skip
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        assert process.stderr is not None
        said_last = process.stderr.read().decode(errors="replace").strip().splitlines()[-1:]
        if process.wait():
            raise NotDumped(f"{os.path.basename(command[0])} stopped: {' '.join(said_last)}")
