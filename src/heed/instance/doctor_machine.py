"""What `heed doctor` asks of this machine: the config file, room on the disk, and the clock."""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from heed.instance import env_file
from heed.instance.findings import Finding

LEAST_BYTES, LEAST_SHARE = 1 << 30, 0.05  # below both, a day with videos can fill a disk
MOST_SKEW_SECONDS = 2.0  # deadlines and sign-in codes are read off two clocks
FAMILIES = ("HEED_NCMEC_OF_", "HEED_EXCHANGE_", "HEED_CONNECTOR_", "HEED_BACKUP_", "HEED_TEST_")
BESIDES = ("HEED_HOST", "HEED_PORT", "HEED_POSTGRES_BIN", "HEED_SECRETS_DIR", "HEED_CONFIG",
           "HEED_CHROMIUM", "HEED_RECOVERY_KEY")  # fmt: skip


def config(where: Path, fields: Iterable[str]) -> Iterator[Finding]:
    """The file is for its owner alone, and each of its names means something."""
    if not where.exists():
        yield Finding("config", f"there is no {where}: settings come from the environment")
        return
    said, found = env_file.read(where), where.stat()
    known = {*BESIDES, *(f"HEED_{name.upper()}" for name in fields)}
    strange = env_file.unknown(said, known, FAMILIES)
    if stat.S_IMODE(found.st_mode) & 0o007:
        yield Finding("config", f"others can read {where}, and passwords in it",
                      f"chmod 600 {where}")  # fmt: skip
    if strange:
        yield Finding("config", f"{', '.join(strange)}: there is no such setting",
                      f"look at the spelling in {where}, or take it out")  # fmt: skip
    else:
        yield Finding("config", f"{where}: {len(said)} settings")


def room(*directories: Path) -> Iterator[Finding]:
    """What is left of each disk that we write to."""
    seen = set()
    for directory in directories:
        there = next(path for path in (directory, *directory.parents) if path.exists())
        disk = os.stat(there).st_dev
        if disk in seen:
            continue
        seen.add(disk)
        usage = shutil.disk_usage(there)
        left = f"{usage.free / (1 << 30):.1f} GB left of {usage.total / (1 << 30):.0f} at {there}"
        full = usage.free < LEAST_BYTES or (usage.free < usage.total * LEAST_SHARE
                                            and usage.free < 10 * LEAST_BYTES)  # fmt: skip
        yield Finding(
            "disk", left, "make room: when it is full nothing is received" if full else ""
        )


def clock(connection: psycopg.Connection) -> Finding:
    """This machine's clock beside the database's."""
    before = datetime.now(UTC)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    after = datetime.now(UTC)
    assert row is not None
    theirs: datetime = row[0]
    skew = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if skew > MOST_SKEW_SECONDS:
        return Finding("clock", f"it is {skew:.0f} s away from the database's",
                       "let both be set by the network: timedatectl set-ntp true")  # fmt: skip
    return Finding("clock", "agrees with the database's")
