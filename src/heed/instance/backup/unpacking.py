"""A backup taken apart into a directory of its own, and compared with what it says of itself."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from heed.instance.backup import archive, manifest
from heed.instance.backup.archive import BackupBroken
from heed.instance.backup.manifest import Manifest
from heed.instance.backup.shelves import room_in
from heed.instance.trouble import Trouble

_AT_ONCE = 1 << 20
_DUMP = "database/dump."


class NoRoom(Trouble):
    """The disk has too little room for what is asked."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a backup held, in a directory. Nothing of it is in use yet."""

    root: Path
    manifest: Manifest

    @property
    def dump(self) -> Path:
        """PostgreSQL's dump, in one piece."""
        return self.root / "dump"


def unpack(
    file: Path,
    identities: Sequence[Any],
    into: Path,
    *,
    with_vault: bool,
    went_on: Callable[[int], None] = lambda _: None,
) -> Unpacked:
    """Take a backup apart in an empty directory. `with_vault`: else its objects are only hashed.

    Raises `BackupBroken`, `WrongIdentity`, `NoRoom`.
    """
    size = file.stat().st_size
    if room_in(into) < size:
        raise NoRoom(f"{into} needs {size >> 20} MB to unpack the backup, and has not got them.")
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    taking = _Taking(into, with_vault, went_on)
    try:
        with file.open("rb") as source:
            found = archive.read(source, identities, taking.take)
    except OSError as why:
        raise NoRoom(f"The backup could not be unpacked into {into}: {why.strerror}.") from None
    if not taking.told:
        raise BackupBroken("The backup's list of what is in it is missing: it is not whole.")
    said = manifest.parsed(taking.told)
    manifest.compared(said, found)
    return Unpacked(into, said)


@dataclass(slots=True)
class _Taking:
    """Where each part goes."""

    into: Path
    with_vault: bool
    went_on: Callable[[int], None]
    told: bytes = b""

    def take(self, name: str, body: IO[bytes]) -> None:
        if name == manifest.NAME:
            self.told = body.read()
        elif name.startswith(_DUMP):
            _append(self.into / "dump", body, self.went_on)
        elif self.with_vault or not name.startswith("vault/"):
            _append(self.into / "parts" / name, body, self.went_on)
        else:  # hashed all the same
            while data := body.read(_AT_ONCE):
                self.went_on(len(data))


def _append(path: Path, body: IO[bytes], went_on: Callable[[int], None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
        while data := body.read(_AT_ONCE):
            out.write(data)
            went_on(len(data))
