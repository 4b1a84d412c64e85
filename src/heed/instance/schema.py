"""Brings the database to what the code expects, and knows without Django when it is there.

A note under `var/` keeps what a finished run found: a hash of the code that decides the schema,
and the migrations in the database. Both are compared before the note is believed, so an older
backup of the database, or newer code, always runs the migrations again.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import psycopg

from heed.instance.place import ROOT, Place

APPLIED = "SELECT app || '.' || name FROM django_migrations"
_LOCK = 0x4EED  # pg_advisory_lock: two starters migrate one after the other


def is_current(place: Place, owner_url: str) -> bool:
    """Whether nothing is left to do. Cheap: no Django, one query."""
    note = _note(place)
    if not note.exists():
        return False
    kept = json.loads(note.read_text())
    return bool(kept["code"] == _code() and kept["applied"] == applied(owner_url))


def migrate(place: Place, *, owner_url: str, app_url: str) -> None:
    """Runs what is pending and grants the application its rights. Django is set up as the owner."""
    from django.core.management import call_command

    from heed.instance import grants

    with psycopg.connect(owner_url, autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        call_command("migrate", interactive=False, verbosity=0)
        grants.apply(owner_url=owner_url, app_url=app_url)
        kept = {"code": _code(), "applied": applied(owner_url)}
    half = _note(place).with_suffix(".half")
    half.write_text(json.dumps(kept))
    half.replace(_note(place))


def unknown(names: Iterable[str]) -> list[str]:
    """Migrations of ours among these that this code does not have: a newer one made them."""
    ours = _ours()
    apps = {name.partition(".")[0] for name in ours}
    return sorted(name for name in names if name.partition(".")[0] in apps and name not in ours)


def lacking(names: Iterable[str]) -> list[str]:
    """Migrations of ours that this database does not have yet."""
    return sorted(_ours() - set(names))


def _ours() -> set[str]:
    house = ROOT / "src" / "heed"
    found = house.glob("*/migrations/[0-9]*.py")
    return {f"{path.parent.parent.name}.{path.stem}" for path in found}


def forget(place: Place) -> None:
    """What the last run found counts no more: the database was changed by other means."""
    _note(place).unlink(missing_ok=True)


def _note(place: Place) -> Path:
    return place.var / "migrated.json"


def _code() -> str:
    """Changes whenever a migration, a grant, or the list of apps or packages does."""
    house = ROOT / "src" / "heed"
    deciding = [
        *sorted(house.glob("**/migrations/*.py")),
        *sorted(house.glob("ledger/models*")),
        house / "settings.py",
        house / "instance" / "grants.py",
        ROOT / "requirements" / "runtime.txt",
    ]
    digest = hashlib.sha256()
    for path in (path for path in deciding if path.is_file()):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def applied(owner_url: str) -> list[str]:
    """The migrations that a database has; none where it is empty."""
    with psycopg.connect(owner_url, connect_timeout=10) as connection:
        table = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
        if table is None or table[0] is None:
            return []
        rows = connection.execute(APPLIED).fetchall()
    return sorted(str(name) for (name,) in rows)
