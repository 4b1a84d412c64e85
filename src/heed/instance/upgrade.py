"""A new version changes the database: it is dumped first, and one version back is a command.

The dump lies under `var/upgrade`, beside the database that it is of and as well protected as that.
It is taken only when there is something to change and something to lose.
"""

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from heed.instance import database, schema
from heed.instance.addresses import Urls
from heed.instance.backup import dump
from heed.instance.backup.manifest import version
from heed.instance.backup.shelves import room_in, sync
from heed.instance.binaries import clients
from heed.instance.place import Place
from heed.instance.trouble import Trouble

KEPT = 2  # dumps: of this upgrade and of the one before
_AT_ONCE = 1 << 20
_STAMP = "%Y%m%dT%H%M%SZ"


class NoRoomForUpgrade(Trouble):
    """The disk can't hold the dump that an upgrade begins with. Nothing was changed."""


class NewerDatabase(Trouble):
    """The database was migrated by a newer version than this one."""


class NoWayBack(Trouble):
    """There is no dump of an upgrade, or going back would lose something. Nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The database as it was before an upgrade."""

    dump: str
    made_at: str
    applied: tuple[str, ...]
    log_size: int
    server_major: int
    dumped_by: int
    to: str  # the version that asked for it


def check_not_newer(owner_url: str) -> None:
    """Raises `NewerDatabase` where the code was put back and the database was not."""
    if strange := schema.unknown(schema.applied(owner_url)):
        raise NewerDatabase(
            f"The database was migrated by a newer Heed ({strange[-1]}; this is {version()}). Put "
            f"that version back, or take the database back to this one: heed upgrade back"
        )


def keep(
    place: Place,
    owner_url: str,
    *,
    now: datetime,
    kept_within: timedelta,
    say: Callable[[str], None],
) -> Kept | None:
    """Dump the database before it is migrated; None where nothing is pending, or nothing is there.

    Raises `NoRoomForUpgrade`, `NotDumped`.
    """
    applied = schema.applied(owner_url)
    if not applied or os.environ.get(database.MAY_BE_HALF):
        return None
    pending = schema.lacking(applied)
    if not pending:
        return None
    directory = place.var / "upgrade"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _forget_old(directory, now=now, kept_within=kept_within, left=KEPT - 1)
    with dump.moment(owner_url) as facts:
        _check_room(directory, facts)
        say(f"The database is to be changed ({len(pending)} migrations). It is dumped first ...")
        began, file = time.monotonic(), directory / f"before-{now.strftime(_STAMP)}.dump"
        _write(owner_url, facts, file)
    kept = Kept(
        dump=file.name, made_at=now.isoformat(), applied=facts.migrations, to=version(),
        log_size=facts.log_size, server_major=facts.server_major,
        dumped_by=clients(facts.server_major).major,
    )  # fmt: skip
    file.with_suffix(".json").write_text(json.dumps(asdict(kept)))
    size = file.stat().st_size / 1e6
    say(f"... into {file}: {size:.1f} MB in {time.monotonic() - began:.1f} s.")
    return kept


def _check_room(directory: Path, facts: dump.Facts) -> None:
    """The dump is smaller than the database; a migration may write all of that anew."""
    need, free = 2 * facts.bytes, room_in(directory)
    if free < need:
        raise NoRoomForUpgrade(
            f"An upgrade begins with a dump of the database and needs {need >> 20} MB at "
            f"{directory}; {free >> 20} MB are free. Make room, and start again. The version "
            f"before this one still runs on this database."
        )


def _write(owner_url: str, facts: dump.Facts, file: Path) -> None:
    half = file.with_suffix(".half")
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            with dump.dumped(owner_url, facts, all_of_it=True) as source:
                while data := source.read(_AT_ONCE):
                    out.write(data)
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
        sync(file.parent)
    except OSError as why:
        raise NoRoomForUpgrade(f"{file} can't be written: {why.strerror}.") from None
    finally:
        half.unlink(missing_ok=True)


def forget_old(place: Place, *, now: datetime, kept_within: timedelta) -> None:
    """Dumps hold keys that were destroyed since, as backups do: they go as soon."""
    _forget_old(place.var / "upgrade", now=now, kept_within=kept_within, left=KEPT)


def _forget_old(directory: Path, *, now: datetime, kept_within: timedelta, left: int) -> None:
    dumps = sorted(directory.glob("before-*.dump"), reverse=True)
    for number, file in enumerate(dumps):
        age = now.timestamp() - file.stat().st_mtime
        if number >= left or age > kept_within.total_seconds():
            file.unlink()
            file.with_suffix(".json").unlink(missing_ok=True)


def newest(place: Place) -> Kept:
    """The last upgrade's dump. Raises `NoWayBack`."""
    for note in sorted((place.var / "upgrade").glob("before-*.json"), reverse=True):
        said = json.loads(note.read_text())
        if (note.parent / said["dump"]).exists():
            return Kept(**said | {"applied": tuple(said["applied"])})
    raise NoWayBack(f"There is no dump of an upgrade in {place.var / 'upgrade'}.")


# ------------------------------------------------------------------ back, with the new code


def reverse(kept: Kept) -> list[str]:
    """Undo each migration since, newest first; what people wrote meanwhile stays. Their names.

    For the newer code, which knows how to. Django is set up as the owner, on the database. Raises
    `NoWayBack` before anything is changed when one of them can't be undone.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    before = {_key(name) for name in kept.applied}
    since = set(executor.loader.applied_migrations) - before
    targets = _targets(before, {app for app, _ in since})
    plan = [migration for migration, _ in executor.migration_plan(targets)]
    stuck = [str(one) for one in plan if not all(part.reversible for part in one.operations)]
    if stuck:
        raise NoWayBack(
            f"{', '.join(stuck)} can't be undone. Put the version before this one in place and "
            f"run heed upgrade back there: it restores the dump of {kept.made_at[:16]} UTC."
        )
    executor.migrate(targets)
    return [f"{one.app_label}.{one.name}" for one in plan]


def _key(name: str) -> tuple[str, str]:
    app, _, migration = name.partition(".")
    return app, migration


def _targets(before: set[tuple[str, str]], apps: set[str]) -> list[tuple[str, str | None]]:
    """The newest migration that each of these apps had; None for an app that was not there."""
    newest_of: dict[str, str | None] = dict.fromkeys(sorted(apps))
    for app, name in sorted(before):
        if app in newest_of:
            newest_of[app] = name
    return list(newest_of.items())


# ------------------------------------------------------------------ back, with the old code


def restore_dump(place: Place, urls: Urls, kept: Kept, *, lose: bool, now: datetime) -> int:
    """Put the dump in the database's place, which is kept beside it. How many entries are lost.

    Raises `NoWayBack` when something came since and `lose` was not said.
    """
    lost = _entries(urls.owner) - kept.log_size
    if lost > 0 and not lose:
        raise NoWayBack(
            f"{lost} entries were made since the dump of {kept.made_at[:16]} UTC: notices, "
            f"decisions. Put the newer version back and run heed upgrade back with it: that keeps "
            f"them where it can. To lose them: --lose-what-came-since"
        )
    name = str(conninfo.conninfo_to_dict(urls.owner)["dbname"])
    stamp = re.sub(r"\D", "", now.strftime(_STAMP))
    fresh, aside = f"{name}_back_{stamp}", f"{name}_newer_{stamp}"
    _make(urls.owner, fresh)
    url = _named(urls.owner, fresh)
    file = place.var / "upgrade" / kept.dump
    with psycopg.connect(url) as asked:
        running = asked.info.server_version // 10000
    dump.put_back(url, file, server_major=running, made_by=kept.dumped_by)
    _swap(urls.owner, name, fresh, aside)
    return max(lost, 0)


def _entries(url: str) -> int:
    with psycopg.connect(url) as asked:
        row = asked.execute("SELECT count(*) FROM ledger_entry").fetchone()
    return int(row[0]) if row else 0


def _make(owner_url: str, fresh: str) -> None:
    made = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0")
    try:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute(made.format(sql.Identifier(fresh)))
    except psycopg.errors.InsufficientPrivilege:
        raise NoWayBack(
            "The owner's role may make no database. Have one made, restore the dump of var/upgrade "
            "into it with pg_restore --no-owner --no-privileges, and name it in HEED_DATABASE_URL."
        ) from None


def _named(url: str, name: str) -> str:
    return conninfo.make_conninfo(url, dbname=name)


def _swap(owner_url: str, name: str, fresh: str, aside: str) -> None:
    """Two renames in one transaction; somebody who is connected keeps both from happening."""
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    try:
        with psycopg.connect(_named(owner_url, "postgres")) as connection:
            connection.execute(rename.format(sql.Identifier(name), sql.Identifier(aside)))
            connection.execute(rename.format(sql.Identifier(fresh), sql.Identifier(name)))
    except psycopg.errors.ObjectInUse:
        raise NoWayBack(
            f"Somebody uses the database {name}: stop heed up, web and worker, and try again."
        ) from None
