"""A new version changes the database; the way back is there before it does."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg import conninfo, sql

from heed.instance import schema, upgrade
from heed.instance.addresses import Urls
from heed.instance.backup import dump
from heed.instance.place import Place
from heed.ledger import services as ledger

NOW = datetime.now(UTC)
KEPT = timedelta(days=35)
NEWEST = ("ledger", "0002_restoration")


@pytest.fixture
def older(transactional_db: None) -> Iterator[None]:
    """The database as the version before the newest migration of the log left it."""
    MigrationExecutor(connection).migrate([("ledger", "0001_log")])
    connection.close()
    yield
    call_command("migrate", interactive=False, verbosity=0)


def kept(place: Place, url: str, said: list[str]) -> upgrade.Kept | None:
    return upgrade.keep(place, url, now=NOW, kept_within=KEPT, say=said.append)


def there(url: str) -> bool:
    return ".".join(NEWEST) in schema.applied(url)


@pytest.mark.usefixtures("older")
def test_it_is_dumped_before_it_is_migrated_and_the_way_back_loses_nothing_unsaid(
    tmp_path: Path, database_url: str
) -> None:
    place, said = Place(tmp_path), list[str]()
    _does_not_begin_without_room(place, database_url)
    before = kept(place, database_url, said)
    assert (
        before is not None
        and before == upgrade.newest(place)
        and ".".join(NEWEST) not in before.applied
    )
    assert "to be changed (1 migrations)" in said[0]
    call_command("migrate", interactive=False, verbosity=0)
    assert kept(place, database_url, said) is None  # nothing is pending
    ledger.enter("case.opened", subject="case:1", body={}, at=NOW)
    assert upgrade.reverse(before) == [".".join(NEWEST)]
    connection.close()
    assert not there(database_url)
    with psycopg.connect(database_url) as asked:  # what people wrote meanwhile
        assert asked.execute("SELECT count(*) FROM ledger_entry").fetchone() == (1,)
    _is_put_back_by_the_older_code(place, database_url, before)


def _does_not_begin_without_room(place: Place, database_url: str) -> None:
    with pytest.MonkeyPatch.context() as full:
        full.setattr(upgrade, "room_in", lambda _: 1 << 20)
        with pytest.raises(upgrade.NoRoomForUpgrade, match="1 MB are free"):
            kept(place, database_url, [])
    assert list((place.var / "upgrade").iterdir()) == []
    with pytest.raises(upgrade.NoWayBack, match="no dump"):
        upgrade.newest(place)


def _is_put_back_by_the_older_code(place: Place, database_url: str, before: upgrade.Kept) -> None:
    """Another database stands in for the one that a newer version has changed."""
    name = "heed_upgraded"
    url = conninfo.make_conninfo(database_url, dbname=name)
    make = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
    with psycopg.connect(database_url, autocommit=True) as asked:
        asked.execute(make)
    dump.put_back(url, place.var / "upgrade" / before.dump, server_major=15, made_by=15)
    with psycopg.connect(url) as asked:  # as a newer version would have left it
        asked.execute("INSERT INTO django_migrations (app, name, applied)"
                      " VALUES ('ledger', '0099_newer', now())")  # fmt: skip
        asked.execute("INSERT INTO ledger_entry (id, leaf)"
                      " VALUES (gen_random_uuid(), decode(repeat('00', 35), 'hex'))")  # fmt: skip
    with pytest.raises(upgrade.NewerDatabase, match=r"0099_newer.*heed upgrade back"):
        upgrade.check_not_newer(url)
    urls = Urls(owner=url, app=url)
    with pytest.raises(upgrade.NoWayBack, match="1 entries were made since"):
        upgrade.restore_dump(place, urls, before, lose=False, now=NOW)
    assert upgrade.restore_dump(place, urls, before, lose=True, now=NOW) == 1
    assert set(schema.applied(url)) == set(before.applied)
    upgrade.check_not_newer(url)


def test_dumps_go_when_what_was_destroyed_must_be_gone(tmp_path: Path) -> None:
    place = Place(tmp_path)
    directory = tmp_path / "upgrade"
    directory.mkdir()
    for day in (1, 2, 3):
        (directory / f"before-2026030{day}T000000Z.dump").touch()
        os.utime(directory / f"before-2026030{day}T000000Z.dump", (NOW.timestamp(),) * 2)
        (directory / f"before-2026030{day}T000000Z.json").touch()
    upgrade.forget_old(place, now=NOW, kept_within=KEPT)
    assert len(list(directory.glob("*.dump"))) == upgrade.KEPT
    upgrade.forget_old(place, now=NOW + KEPT + timedelta(minutes=1), kept_within=KEPT)
    assert list(directory.iterdir()) == []
    shutil.rmtree(directory)
    upgrade.forget_old(place, now=NOW, kept_within=KEPT)
