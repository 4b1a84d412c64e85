"""The instance's own secrets: made once, kept under `var/keys`, readable by the owner alone.

The log's key lies there too; `heed.ledger.keys` makes it when the first entry is sealed. So do the
vault's, where the operator has named no other place for them.
"""

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
    _ensure(place.keys / "push.key", _push_key)
    if not os.environ.get("HEED_VAULT_KEYS") and not (place.vault_keys / "seal-b.pub").exists():
        from heed.integrations.vault import keys as vault_keys  # only now: age is not for everyone

        vault_keys.ensure(place.vault_keys)


def secret(place: Place) -> str:
    """What signs sessions and links, when `HEED_SECRET_KEY` says nothing."""
    return (place.keys / "secret").read_text().strip()


def _push_key() -> bytes:
    from heed.integrations.web_push import keys as push_keys  # only now: once in an instance's life

    return push_keys.make()


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
