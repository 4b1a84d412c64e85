"""The instance's own secrets: made once, kept under `var/keys`, readable by the owner alone."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from heed.instance.place import Place


def ensure(place: Place) -> None:
    """Makes what is missing. Safe to repeat, and when two processes do it at once."""
    place.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.keys.chmod(0o700)
    _ensure(place.keys / "secret", lambda: secrets.token_urlsafe(48).encode())
    _ensure(place.keys / "log.key", _new_log_key)


def secret(place: Place) -> str:
    """What signs sessions and links, when `HEED_SECRET_KEY` says nothing."""
    return (place.keys / "secret").read_text().strip()


def _ensure(path: Path, make: Callable[[], bytes]) -> None:
    """Written beside its place and linked there, so that it is never half and never replaced."""
    if path.exists():
        return
    half = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(half, path)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        half.unlink()


def _new_log_key() -> bytes:
    """An Ed25519 key (PKCS 8, PEM). Who loses it cannot go on with the log under its name."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
