"""Sealed objects as files in a directory: written beside their place, synced, and moved there."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from heed.ports import ObjectMissing, VaultFull, VaultTrouble

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DirectoryVault:
    """One directory, readable by the user who runs Heed alone. A directory keeps no locks."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(settings.HEED_VAULT_DIR)

    def put(self, name: str, body: bytes, *, keep_until: datetime | None = None) -> None:
        """Whole, or not at all."""
        place = self._place(name)
        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(place, body)
        except OSError as why:
            if why.errno in _FULL:
                raise VaultFull(f"no room left in the vault: {why.strerror}") from why
            raise VaultTrouble(f"the vault can't be written: {why.strerror}") from why

    def get(self, name: str) -> bytes:
        """As it was put."""
        try:
            return self._place(name).read_bytes()
        except FileNotFoundError as why:
            raise ObjectMissing("the object is not in the vault any more") from why
        except OSError as why:
            raise VaultTrouble(f"the vault can't be read: {why.strerror}") from why

    def erase(self, name: str) -> bool:
        """Gone from here."""
        self._place(name).unlink(missing_ok=True)
        return True

    def names(self) -> Iterator[str]:
        """All but what is being written."""
        for path in sorted(self.root.rglob("*.age")):
            yield str(path.relative_to(self.root))

    def _place(self, name: str) -> Path:
        place = (self.root / name).resolve()
        if not place.is_relative_to(self.root.resolve()):
            raise VaultTrouble("a name that leads out of the vault")
        return place

    def _write(self, place: Path, body: bytes) -> None:
        handle, half = tempfile.mkstemp(dir=place.parent, suffix=".half")
        try:
            with open(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, place)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(half)
            raise
        _sync(place.parent)


def _sync(directory: Path) -> None:
    """The name, too, is on the disk when we say so."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
