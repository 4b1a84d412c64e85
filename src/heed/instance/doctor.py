"""`heed doctor`: is this instance in order, if not what to do; and what real use still needs."""

import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from django.db import ProgrammingError

from heed.instance import doctor_machine, doctor_outside, doctor_people, env_file, grants, schema
from heed.instance.addresses import Urls
from heed.instance.backup import examining as backups
from heed.instance.before_use import Todo, todo
from heed.instance.boot import booted
from heed.instance.findings import Finding
from heed.instance.place import Place, here
from heed.instance.trouble import Trouble
from heed.integrations.outward.exchange import Wire

HEARTBEAT_WITHIN_SECONDS = 30  # Procrastinate's workers write one every ten seconds


def run() -> int:
    """Prints the findings, then what real use still needs. 0 when no finding needs a remedy."""
    left = list[Todo]()
    found = list(examine(here(), left))
    for finding in found:
        print(f"{'ok  ' if not finding.remedy else 'BAD '} {finding.about}: {finding.says}")
        if finding.remedy:
            print(f"     -> {finding.remedy}")
    if left:
        print("\nBefore real use, a person has to:")
    for one in left:
        print(f"todo {one.about}: {one.says}\n     -> {one.how}")
    return 1 if any(finding.remedy for finding in found) else 0


def examine(place: Place, left: list[Todo]) -> Iterator[Finding]:
    """All findings on an instance, in the order in which to put them right.

    Where it is in order so far, `left` gets what a person still has to do.
    """
    yield from _keys(place)
    yield _index(place)
    try:
        with booted(place) as urls:
            yield from _with_database(place, urls)
            log = _log(urls)
            yield log
            yield from _vault(place)
            yield from _words()
            yield from _site(place)
            yield from _quiet()
            yield from backups.examine(place, datetime.now(UTC), real=_is_real())
            left += [] if log.remedy else todo()
    except (Trouble, psycopg.OperationalError) as trouble:
        remedy = "put the database right, then ask again"
        yield Finding("database", str(trouble).splitlines()[0], remedy)


def _with_database(place: Place, urls: Urls) -> Iterator[Finding]:
    with psycopg.connect(urls.app, connect_timeout=5, autocommit=True) as connection:
        for examine_one in _EXAMINATIONS:
            yield examine_one(connection, place, urls)


def _site(place: Place) -> Iterator[Finding]:
    """The people, and what lies outside this machine. Nothing, before the tables are there."""
    from django.conf import settings

    yield from doctor_machine.config(env_file.path(), settings.HEED_SETTINGS)
    yield from doctor_machine.room(place.var, Path(settings.HEED_VAULT_DIR))
    now, wire = datetime.now(UTC), Wire()
    try:
        yield from doctor_people.people(now=now)
        yield from doctor_outside.mail(settings.HEED_MAIL_URL, now=now)
        yield from doctor_outside.public_address(
            settings.PUBLIC_URL, log_origin=settings.HEED_LOG_ORIGIN,
            proxies=settings.HEED_PROXIES, wire=wire,
        )  # fmt: skip
        yield from doctor_outside.platforms(wire=wire, now=now)
        yield from doctor_outside.exchanges(now=now)
    except ProgrammingError:
        return  # `migrations` said so
    finally:
        wire.close()


def _server(connection: psycopg.Connection, place: Place, urls: Urls) -> Finding:
    return Finding("database", f"PostgreSQL {connection.info.server_version // 10000} answers")


def _roles(connection: psycopg.Connection, place: Place, urls: Urls) -> Finding:
    row = connection.execute(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    remedy = "make a role without power for HEED_DATABASE_URL, see docs/operate.md"
    if row and row[0]:
        return Finding("roles", "the application is a superuser and could rewrite the log", remedy)
    if grants.role_of(urls.app) == grants.role_of(urls.owner):
        return Finding("roles", "the application owns its tables and could rewrite the log", remedy)
    return Finding("roles", "the application can add to the log and not rewrite it")


def _migrations(connection: psycopg.Connection, place: Place, urls: Urls) -> Finding:
    if schema.is_current(place, urls.owner):
        return Finding("migrations", "none is pending")
    return Finding("migrations", "not known to be up to date", "heed migrate")


def _clock(connection: psycopg.Connection, place: Place, urls: Urls) -> Finding:
    return doctor_machine.clock(connection)


def _worker(connection: psycopg.Connection, place: Place, urls: Urls) -> Finding:
    table = connection.execute("SELECT to_regclass('procrastinate_workers')").fetchone()
    if table is None or table[0] is None:
        return Finding("worker", "the database has no jobs yet", "heed migrate")
    alive = connection.execute(
        "SELECT count(*) FROM procrastinate_workers "
        "WHERE last_heartbeat > now() - make_interval(secs => %s)",
        [HEARTBEAT_WITHIN_SECONDS],
    ).fetchone()
    if alive and alive[0]:
        return Finding("worker", f"{alive[0]} alive")
    return Finding("worker", "none is alive: nothing is verified, sent or reminded", "heed up")


def _gate(connection: psycopg.Connection, place: Place, urls: Urls) -> Finding:
    table = connection.execute("SELECT to_regclass('media_unchecked')").fetchone()
    if table is None or table[0] is None:
        return Finding("gate", "the database has no uploads yet", "heed migrate")
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE due_at < now()), string_agg(DISTINCT reason, ', ')"
        " FROM media_unchecked WHERE ended_at IS NULL"
    ).fetchone()
    assert row is not None
    if not row[0]:
        return Finding("gate", "no upload waits unchecked")
    says = f"{row[0]} could not be checked and wait for a person, {row[1]} late: {row[2]}"
    return Finding("gate", says, "see to them at /console/unchecked; the web log says what failed")


def _log(urls: Urls) -> Finding:
    from heed.ledger import signing
    from heed.ledger.keys import CannotSign

    try:
        signing.check_now()
    except CannotSign as refusal:
        return Finding("log", str(refusal), "read docs/operate.md, 'The log'; nothing is signed")
    except ProgrammingError:
        return Finding("log", "the database has no log yet", "heed migrate")
    return Finding("log", "the database holds what was signed")


def _vault(place: Place) -> Iterator[Finding]:
    """What was sealed, and whether the keys lie where they should."""
    from heed.flows.check_vault import vault_state
    from heed.ports import KeyLost

    try:
        state = vault_state(now=datetime.now(UTC))
    except KeyLost as lost:
        yield Finding("vault", str(lost), "bring var/keys/vault back from its backup")
        return
    except ProgrammingError:
        yield Finding("vault", "the database has no vault yet", "heed migrate")
        return
    lost_count = len(state.trouble)
    remedy = "heed vault status names them" if lost_count else ""
    yield Finding("vault", f"{state.counts['kept']} kept, {lost_count} not kept or damaged", remedy)
    if not state.keys["filing"]:
        yield Finding("vault key", "the filer's is not here", "bring it back, or heed vault rotate")
    if state.keys["seal"]:
        yield _halves()


def _words() -> Iterator[Finding]:
    """Whether what notifiers wrote is forgotten when its time is over."""
    from heed.flows import forget_words

    try:
        late = forget_words.behind(now=datetime.now(UTC))
    except ProgrammingError:
        return  # `migrations` said so
    says = f"of {late} notices they should be forgotten by now" if late else "none is overdue"
    remedy = "keep the worker running; its log says 'words not forgotten' of what fails"
    yield Finding("words", says, remedy if late else "")


def _halves() -> Finding:
    """To try Heed out they may lie here; where people already tell what must stay private, not."""
    says = "both halves lie here: whoever has this machine can open all evidence"
    remedy = "give seal-a.key and seal-b.key of var/keys/vault to two people, and remove both here"
    return Finding("seal", says, remedy if _is_real() else "")


def _is_real() -> bool:
    """Whether people reach it, who rely on it: it is not only tried out."""
    from django.conf import settings

    return settings.PUBLIC_URL.startswith("https://")


def _quiet() -> Iterator[Finding]:
    """After a restore, until the operator has spoken."""
    from heed.ledger import queries

    try:
        if queries.is_quiet():
            yield Finding("restored", "and tells nobody outside yet", "heed restore --live")
    except ProgrammingError:
        return  # said above


def _index(place: Place) -> Finding:
    directory = place.var / "index"
    nearest = next(path for path in (directory, *directory.parents) if path.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        remedy = f"give Heed's user the right to write {nearest}; until then every search is slower"
        return Finding("index", f"{directory} can't be written", remedy)
    return Finding("index", f"can be kept in {directory}")


def _keys(place: Place) -> Iterator[Finding]:
    for name in ("secret", "log.key", "push.key"):
        path = place.keys / name
        if not path.exists():
            yield Finding(f"key {name}", "not made yet: it is made when it is first needed")
        elif stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(f"key {name}", "others can read it", f"chmod 600 {path}")
        else:
            yield Finding(f"key {name}", "kept private")


_EXAMINATIONS: tuple[Callable[[psycopg.Connection, Place, Urls], Finding], ...] = (
    _server,
    _roles,
    _clock,
    _migrations,
    _worker,
    _gate,
)
