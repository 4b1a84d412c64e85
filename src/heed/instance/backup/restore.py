"""Puts a backup back onto an empty instance: database, keys, vault, checkpoints, settings.

Until it is finished, a note in `var/` keeps every other command from taking the half for a whole;
cut short, it is begun anew.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from heed.instance import database, postgres, schema
from heed.instance.addresses import Urls, configured
from heed.instance.backup import dump
from heed.instance.backup.contents import CONFIG, Progress
from heed.instance.backup.scratch import own_environment, run_heed
from heed.instance.backup.unpacking import Unpacked, unpack
from heed.instance.place import Place
from heed.instance.trouble import Trouble

_NOTE = database.RESTORING


class NotEmpty(Trouble):
    """There is an instance already where the backup should go. It was not touched."""


class MadeByNewer(Trouble):
    """The backup's database is newer than this Heed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and what the log says of it."""

    unpacked_from: str
    made_at: str
    verdict: str
    taken_up: dict[str, Any]
    vault_apart: bool
    missing: tuple[str, ...]
    left_out: tuple[str, ...]
    config: str  # where the settings were put; empty: there were some, or none


def restore(
    file: Path,
    identities: Sequence[Any],
    place: Place,
    *,
    checkpoints: Path | None,
    progress: Progress,
) -> Restored:
    """Put a backup back. Raises `Trouble` in one of its forms; `NotEmpty` before anything else."""
    _begin(place)
    unpacked_at = place.var / _NOTE
    progress.say("Opening the backup")
    try:
        unpacked = unpack(
            file, identities, unpacked_at / "unpacked", with_vault=True, went_on=progress.went_on
        )
        _check_version(unpacked)
    except BaseException:  # nothing of it is in its place yet
        shutil.rmtree(unpacked_at, ignore_errors=True)
        raise
    progress.say("Putting keys and checkpoints in their places")
    _put_keys(unpacked, place)
    _put_checkpoints(unpacked, place, checkpoints)
    with _database(place, unpacked) as urls:
        progress.say("Putting the database back")
        _fill(urls, unpacked)
        env = own_environment(place, urls, as_set=True)
        progress.say("Putting the vault back")
        _put_vault(unpacked, place)
        progress.say("Bringing it up to date, and verifying its log")
        finish = ["restored", "finish", unpacked.manifest.made_at.isoformat()]
        *_, verdict, told = run_heed(finish, env, "What was restored does not hold")
    config = _put_config(unpacked, place)
    shutil.rmtree(unpacked_at)
    said = unpacked.manifest
    return Restored(
        unpacked_from=said.instance, made_at=said.made_at.isoformat(), verdict=verdict,
        taken_up=json.loads(told), vault_apart=said.vault_apart, missing=said.missing,
        left_out=said.left_out, config=config,
    )  # fmt: skip


# ------------------------------------------------------------------ an empty place


def _begin(place: Place) -> None:
    """Refuse a full one; clear what a restore that was cut short has left."""
    note = place.var / _NOTE
    if note.exists():
        _clear(place)
    elif full := _what_is_there(place):
        raise NotEmpty(
            f"{full}. Restore into another directory with --into DIR (and another database, where "
            f"HEED_DATABASE_URL names one), or move this one away first."
        )
    note.mkdir(mode=0o700, parents=True)


def _what_is_there(place: Place) -> str:
    if (place.var / "postgres").exists() and configured() is None:
        return f"There is a database in {place.var / 'postgres'}"
    if (place.keys / "log.key").exists():
        return f"There is a log's key in {place.keys}"
    elsewhere = os.environ.get("HEED_VAULT", "")
    vault = Path(elsewhere) if elsewhere.startswith("/") else place.var / "vault"
    if any(vault.rglob("*.age")):
        return f"There are sealed objects in {vault}"
    named = configured()
    if named is not None and _tables(named.owner):
        return "The database of HEED_DATABASE_URL is not empty"
    return ""


def _tables(url: str) -> int:
    database.check(url)
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchone()
    return int(row[0]) if row else 0


def _clear(place: Place) -> None:
    """What was here was put here by a restore: it was empty before, by its own word."""
    if configured() is None and (place.var / "postgres").exists():
        postgres.end_left_running(place)
        shutil.rmtree(place.data, ignore_errors=True)
    elif (named := configured()) is not None and _tables(named.owner):
        raise NotEmpty(
            "A restore into the database of HEED_DATABASE_URL was cut short. Make it anew "
            "(dropdb, createdb, as in docs/operate.md), and restore again."
        )
    for name in ("vault", _NOTE):
        shutil.rmtree(place.var / name, ignore_errors=True)
    (place.keys / "log.key").unlink(missing_ok=True)


@contextmanager
def _database(place: Place, unpacked: Unpacked) -> Iterator[Urls]:
    named = configured()
    if named is not None:
        yield named
        return
    with database.own(place, at_least=unpacked.manifest.server_major) as urls:
        yield urls


def _check_version(unpacked: Unpacked) -> None:
    if unknown := schema.unknown(unpacked.manifest.migrations):
        raise MadeByNewer(
            f"The backup was made by a newer Heed ({unpacked.manifest.heed}; it knows "
            f"{unknown[0]}): install that version, and restore with it."
        )


def _fill(urls: Urls, unpacked: Unpacked) -> None:
    with psycopg.connect(urls.owner) as asked:
        running = asked.info.server_version // 10000
    made_by = unpacked.manifest.dumped_by
    dump.put_back(urls.owner, unpacked.dump, server_major=running, made_by=made_by)


# ------------------------------------------------------------------ everything else


def _put_keys(unpacked: Unpacked, place: Place) -> None:
    """Over what a command may have made by itself: sessions are signed by it, and nothing else."""
    source = unpacked.root / "parts" / "keys"
    if not source.exists():
        return
    place.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.vault_keys.exists():
        shutil.rmtree(place.vault_keys)  # of an instance that never sealed anything
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        target = _place_of_key(place, path.relative_to(source))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(path, target, 0o644 if path.suffix == ".pub" else 0o600)


def _place_of_key(place: Place, name: Path) -> Path:
    """Where this machine's settings look for it."""
    elsewhere = os.environ.get("HEED_SIGNING_KEY_FILE", "")
    if str(name) == "log.key" and elsewhere:
        return Path(elsewhere)
    vault_keys = os.environ.get("HEED_VAULT_KEYS", "")
    if name.parts[0] == "vault" and vault_keys:
        return Path(vault_keys, *name.parts[1:])
    return place.keys / name


def _copy(path: Path, target: Path, mode: int) -> None:
    half = target.with_name(f".{target.name}.half")
    shutil.copyfile(path, half)
    half.chmod(mode)
    with half.open("rb") as written:
        os.fsync(written.fileno())
    half.replace(target)


def _put_checkpoints(unpacked: Unpacked, place: Place, more: Path | None) -> None:
    """Those of the backup, those that lie here still, and those that the operator brings."""
    target = place.var / "checkpoints"
    target.mkdir(parents=True, exist_ok=True)
    sources = [unpacked.root / "parts" / "checkpoints", *([more] if more else [])]
    for name in ("history", "destroyed"):
        lines = [line for source in [*sources, target] for line in _lines(source / name)]
        if lines:
            (target / name).write_text("".join(f"{one}\n" for one in dict.fromkeys(lines)))
    for source in sources:
        for line in _lines(source / "newest"):
            _append_notes(target / "history", line)
    (target / "newest").unlink(missing_ok=True)  # made again from the history, the largest of each


def _append_notes(history: Path, line: str) -> None:
    known = set(_lines(history.parent / history.name))
    fresh = [text for note in json.loads(line) if (text := json.dumps(note)) not in known]
    with history.open("a") as out:
        out.write("".join(f"{one}\n" for one in fresh))


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else []


def _put_vault(unpacked: Unpacked, place: Place) -> None:
    """Into `HEED_VAULT`, or `var/vault`."""
    source = unpacked.root / "parts" / "vault"
    if not source.exists():
        return
    if os.environ.get("HEED_VAULT", "").startswith("s3://"):
        from heed.integrations.vault.s3 import S3Vault

        vault = S3Vault(os.environ["HEED_VAULT"])
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            vault.put(str(path.relative_to(source)), path.read_bytes())
        return
    elsewhere = os.environ.get("HEED_VAULT", "")
    target = Path(elsewhere) if elsewhere else place.var / "vault"
    if target.exists():
        shutil.rmtree(target)
    shutil.move(source, target)


def _put_config(unpacked: Unpacked, place: Place) -> str:
    """Only where there is none: the new machine's own settings count."""
    source = unpacked.root / "parts" / "config" / CONFIG
    target = Path(os.environ.get("HEED_CONFIG") or place.var / CONFIG)
    if not source.exists() or target.exists():
        return ""
    _copy(source, target, 0o600)
    return str(target)
