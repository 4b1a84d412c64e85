"""Sealing with age: a key of its own for each object, wrapped once for each purpose.

The object is encrypted for a key pair that is made for it and thrown away; that pair's secret is
what is wrapped. So destroying the wrappings destroys the object, wherever copies of it lie. A seal
is wrapped twice over, for the second half around the first: both are needed.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import pyrage
from django.conf import settings
from pyrage import x25519

from heed.integrations.vault import keys
from heed.ports import KeyLost, NotOpened, Purpose, Sealing, Wrapping


class AgeSeals:
    """Keys from a directory. `opens` names the purposes that this process may use the keys of."""

    def __init__(
        self, directory: Path | None = None, opens: Collection[Purpose] | None = None
    ) -> None:
        self.directory = directory or Path(settings.HEED_VAULT_KEYS)
        named = settings.HEED_OPENS if opens is None else opens
        self.opens = frozenset(Purpose(one) for one in named)

    def seal(self, data: bytes, purposes: Collection[Purpose]) -> Sealing:
        """Encrypt under a new key, wrapped for each purpose."""
        own = x25519.Identity.generate()
        body = pyrage.encrypt(data, [own.to_public()])
        secret = str(own).encode()
        return Sealing(
            body=body, wrappings=tuple(self._wrap(secret, one) for one in sorted(purposes))
        )

    def open(self, body: bytes, wrapping: Wrapping) -> bytes:
        """Decrypt with this process's key."""
        return _decrypt(body, [_identity(self._secret(wrapping))])

    def rewrap(self, wrapping: Wrapping) -> Wrapping:
        """For the newest public key."""
        return self._wrap(self._secret(wrapping), wrapping.purpose)

    def recipient(self, purpose: Purpose) -> str:
        """The newest public keys of the purpose's holders."""
        newest = [keys.recipients(self.directory, one)[0] for one in keys.OF_PURPOSE[purpose]]
        return "+".join(str(one) for one in newest)

    def _wrap(self, secret: bytes, purpose: Purpose) -> Wrapping:
        wrapped = secret
        for holder in keys.OF_PURPOSE[purpose]:
            wrapped = pyrage.encrypt(wrapped, [keys.recipients(self.directory, holder)[0]])
        return Wrapping(purpose=purpose, recipient=self.recipient(purpose), wrapped=wrapped)

    def _secret(self, wrapping: Wrapping) -> bytes:
        if wrapping.purpose not in self.opens:
            raise KeyLost(f"this process may not open anything for {wrapping.purpose}")
        secret = wrapping.wrapped
        for holder in reversed(keys.OF_PURPOSE[wrapping.purpose]):
            secret = _unwrap(secret, keys.identities(self.directory, holder), holder)
        return secret


def open_sealed(body: bytes, wrapping: Wrapping, halves: Sequence[Path]) -> bytes:
    """Open a seal with the two key files that two people bring. Raises `KeyLost`, `NotOpened`."""
    return _decrypt(body, [_identity(unseal_key(wrapping, halves))])


def unseal_key(wrapping: Wrapping, halves: Sequence[Path]) -> bytes:
    """The key of a sealed object, by both halves in either order."""
    held = [one for path in halves for one in keys.read(path)]
    fit = {part for part in wrapping.recipient.split("+")}
    ours = {str(one.to_public()) for one in held}
    if not fit <= ours:
        raise KeyLost(f"{len(fit & ours)} of the {len(fit)} halves of the seal fit")
    inner = _decrypt(wrapping.wrapped, held)
    return _decrypt(inner, held)


def _unwrap(wrapped: bytes, held: Sequence[x25519.Identity], holder: str) -> bytes:
    try:
        return bytes(pyrage.decrypt(wrapped, held))
    except pyrage.DecryptError as why:
        raise KeyLost(f"it was wrapped for another key of the {holder} than lies here") from why


def _identity(secret: bytes) -> x25519.Identity:
    return x25519.Identity.from_str(secret.decode("ascii"))


def _decrypt(body: bytes, held: Sequence[x25519.Identity]) -> bytes:
    try:
        return bytes(pyrage.decrypt(body, held))
    except pyrage.DecryptError as why:
        raise NotOpened("the sealed bytes are not as they were made") from why
