"""Makes a backup: one file, checked by restoring it, and only then given its name.

The file is sealed for the recovery key, and for a second one that is made for this run and lives in
the memory of this process alone. With that one the finished file is read back from the disk and
restored into a scratch database. When the process ends nobody on this machine can open it any more.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pyrage import x25519

from heed.instance.addresses import Urls
from heed.instance.backup import recovery, scratch, shelves
from heed.instance.backup.archive import BackupNotWritten, written
from heed.instance.backup.contents import Progress, fill
from heed.instance.backup.shelves import Lying, Note, Shelf
from heed.instance.backup.unpacking import unpack
from heed.instance.place import Place
from heed.instance.trouble import Trouble
from heed.rules import backups


class AnotherRuns(Trouble):
    """One backup, check or restore at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that lies on its shelf."""

    name: str
    note: Note
    missing: tuple[str, ...]
    left_out: tuple[str, ...]
    removed: tuple[str, ...]


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Nobody else backs up, checks or restores here meanwhile. Raises `AnotherRuns`."""
    place.var.mkdir(parents=True, exist_ok=True)
    with (place.var / "backup.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherRuns("Another backup, check or restore runs here. Wait for it.") from None
        yield


def make(
    place: Place,
    urls: Urls,
    shelf: Shelf,
    *,
    checked: bool,
    vault_apart: bool,
    kept_within: timedelta,
    progress: Progress,
    now: datetime,
) -> Made:
    """Make one, and remove those that are too many or too old. Django is set up.

    Raises `Trouble` in one of its forms; then there is no file under a backup's name.
    """
    recipients = recovery.recipients(place)
    own = x25519.Identity.generate()
    name = backups.name_of(now)
    half = shelf.writing(name)
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for_whom = [*recipients, own.to_public()]
            with written(out, for_whom, made_at=now) as writer:
                said = fill(
                    writer, place, urls, vault_apart=vault_apart, progress=progress, now=now
                )
            out.flush()
            os.fsync(out.fileno())
        note = _checked(place, half, own, progress, now) if checked else _unchecked(half, now)
        progress.say("Putting it in its place")
        shelf.put(half, name, note)
    except OSError as why:
        raise BackupNotWritten(
            f"The backup could not be written: {why.strerror}. No file was left."
        ) from None
    finally:
        half.unlink(missing_ok=True)
    removed = remove_old(shelf, kept_within=kept_within, now=now)
    return Made(name=name, note=note, missing=said.missing, left_out=said.left_out, removed=removed)


def _unchecked(half: Path, now: datetime) -> Note:
    size, digest = shelves.measured(half)
    return Note(made_at=now.isoformat(), bytes=size, sha256=digest)


def _checked(
    place: Place, half: Path, own: x25519.Identity, progress: Progress, now: datetime
) -> Note:
    note = _unchecked(half, now)
    return check(place, half, [own], note, progress=progress, now=now)


def check(
    place: Place,
    file: Path,
    identities: list[x25519.Identity],
    note: Note,
    *,
    progress: Progress,
    now: datetime,
) -> Note:
    """Open a backup, restore it into a scratch database, and note what was found."""
    with scratch.emptied(place) as beside:
        progress.say("Opening it again")
        unpacked = unpack(
            file, identities, beside.var / "unpacked", with_vault=False, went_on=progress.went_on
        )
        progress.say("Restoring it into a scratch database")
        found = scratch.restored(unpacked, beside)
    said = f"restored; {found.says} {found.objects} objects of the vault are there."
    return Note(
        made_at=note.made_at, bytes=note.bytes, sha256=note.sha256,
        checked_at=now.isoformat(), found=said,
    )  # fmt: skip


def remove_old(shelf: Shelf, *, kept_within: timedelta, now: datetime) -> tuple[str, ...]:
    """Those that no rule keeps. Called when there is a newer one."""
    lying = {one.made_at: one for one in shelf.all()}
    gone: list[Lying] = [
        lying[at] for at in backups.too_many(lying, kept_within=kept_within, now=now)
    ]
    for one in gone:
        shelf.remove(one.name)
    return tuple(one.name for one in gone)
