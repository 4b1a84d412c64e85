"""The log's key: one Ed25519 key in one file that only its owner reads."""

import os
import stat
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from heed import ids

_OWNER_ONLY = 0o600
_OTHERS = stat.S_IWGRP | stat.S_IRWXO  # a group may read: that is how containers mount secrets


class CannotSign(Exception):
    """The log can't sign now. What was to be entered is entered; it is signed for later."""


class KeyFileExposed(CannotSign):
    """Others can read or change the key file: `chmod 600` it; if they did, declare a new log."""


class KeyFileUnreadable(CannotSign):
    """The key file holds no Ed25519 private key. Bring back the right one; it is not replaced."""


def signing_key() -> Ed25519PrivateKey:
    """The log's private key; made at the first use of this instance."""
    return key_at(Path(settings.HEED_SIGNING_KEY_FILE))


def key_at(path: Path) -> Ed25519PrivateKey:
    """The key in `path`, made if there is none. Raises `KeyFileExposed`, `KeyFileUnreadable`."""
    try:
        if not path.exists():
            _make(path)
        status = path.stat()
    except OSError as refused:
        raise KeyFileUnreadable(f"no key can be made at {path}: {refused}") from None
    if status.st_mode & _OTHERS:
        raise KeyFileExposed(f"{path} is open to others: chmod 600 it")
    return _read(path, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise KeyFileUnreadable(f"{path}: {wrong}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileUnreadable(f"{path} holds a key of another kind")
    return key


def _make(path: Path) -> None:
    """Whole or not at all, never over another process's key: a link fails where a rename wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    draft = path.with_name(f".{path.name}.{ids.mint().hex}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its key is the key
    finally:
        draft.unlink()
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make a new name in a directory survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
