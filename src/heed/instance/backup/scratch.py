"""A database for a moment, beside the real one: to see that a backup can be restored."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from heed.instance import database, postgres, schema
from heed.instance.addresses import Urls
from heed.instance.backup import dump
from heed.instance.backup.shelves import room_in
from heed.instance.backup.unpacking import NoRoom, Unpacked
from heed.instance.boot import environment
from heed.instance.place import Place
from heed.instance.trouble import Trouble


class NotRestorable(Trouble):
    """The backup was opened, and what is in it can't be used. It is as good as none."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a restore into a scratch database showed."""

    entries: int
    objects: int
    says: str


@contextmanager
def emptied(place: Place) -> Iterator[Place]:
    """A place for an instance under this one's, gone afterwards, as is one that was left over."""
    scratch = Place(place.var / "scratch")
    _clear(scratch)
    scratch.var.mkdir(parents=True)
    try:
        yield scratch
    finally:
        _clear(scratch)


def _clear(scratch: Place) -> None:
    if not scratch.var.exists():
        return
    if scratch.data.exists():
        postgres.end_left_running(scratch)
    shutil.rmtree(scratch.shelter, ignore_errors=True)
    shutil.rmtree(scratch.var, ignore_errors=True)


def restored(unpacked: Unpacked, scratch: Place) -> Checked:
    """Restore it into a database of its own and look at it as `heed verify` does, and at the vault.

    Raises `NotRestorable`, `NoRoom`.
    """
    said = unpacked.manifest
    if room_in(scratch.var) < said.database_bytes * 2:
        need = said.database_bytes * 2 >> 20
        raise NoRoom(f"To restore it for a check needs {need} MB at {scratch.var}.")
    major = said.server_major
    server = postgres.start(scratch, settings=postgres.UNSAFE_BUT_FAST, at_least=major)
    try:
        url = server.urls.owner
        with psycopg.connect(url) as asked:
            running = asked.info.server_version // 10000
        dump.put_back(url, unpacked.dump, server_major=running, made_by=said.dumped_by)
        objects = _objects(url, unpacked)
        verdict = _verified(scratch, url, unpacked.root / "parts" / "checkpoints")
    finally:
        server.stop()
    return Checked(entries=said.log_size, objects=objects, says=verdict)


def _objects(url: str, unpacked: Unpacked) -> int:
    """Whether each object that the restored rows name is there, as they say it is."""
    said = unpacked.manifest
    if said.vault_apart:
        return 0
    with dump.moment(url) as facts:
        named = facts.objects
    gone = set(said.missing)
    for name, digest in named.items():
        part = said.parts.get(f"vault/{name}")
        if part is None and name not in gone:
            raise NotRestorable(f"The database names {name} in the vault; the backup has it not.")
        if part is not None and digest is not None and part.sha256 != digest:
            raise NotRestorable(f"{name} in the vault is not what the database says it is.")
    return len(named) - len(gone)


def _verified(scratch: Place, url: str, checkpoints: Path) -> str:
    """`heed migrate`, where the backup is older than the code, and `heed verify --log`."""
    if checkpoints.exists():
        shutil.copytree(checkpoints, scratch.var / "checkpoints", dirs_exist_ok=True)
    env = own_environment(scratch, Urls(owner=url, app=url))
    with psycopg.connect(url) as asked:
        applied = {str(row[0]) for row in asked.execute(schema.APPLIED)}
    if schema.lacking(applied):
        run_heed(["migrate"], env, "The restored database could not be brought up to date")
    return run_heed(["verify", "--log"], env, "The restored log does not verify")[-1]


_ELSEWHERE = {"HEED_SIGNING_KEY_FILE", "HEED_VAULT", "HEED_VAULT_KEYS", "HEED_SECRET_KEY"}


def own_environment(place: Place, urls: Urls, *, as_set: bool = False) -> dict[str, str]:
    """For a command on another instance than the one of this process.

    `as_set`: where the operator's settings put keys and vault counts for it too.
    """
    left_out = set() if as_set else _ELSEWHERE
    ours = {name: value for name, value in os.environ.items() if name not in left_out}
    told = {**environment(place, database_url=urls.app), "HEED_OWNER_DATABASE_URL": urls.owner}
    return {**ours, **told, "HEED_CONFIG": os.devnull, database.MAY_BE_HALF: "1"}


def run_heed(command: list[str], env: dict[str, str], trouble: str) -> list[str]:
    """One command in a process of its own; what it said. Raises `NotRestorable`."""
    done = subprocess.run(
        [sys.executable, "-m", "heed", *command],
        env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    lines = [line for line in (done.stdout + done.stderr).strip().splitlines() if line.strip()]
    if done.returncode:
        wrong = [line for line in lines if line.startswith("FALSE")] or lines[-1:]
        raise NotRestorable(f"{trouble}: {' '.join(wrong[:1])}")
    return done.stdout.strip().splitlines()
