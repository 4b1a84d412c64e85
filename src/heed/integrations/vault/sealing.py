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
from heed.ports import (
    BadRecipient,
    KeyLost,
    NotForThisProcess,
    NotOpened,
    Purpose,
    Sealing,
    Wrapping,
)


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

    def open_with(self, body: bytes, wrapping: Wrapping, halves: Sequence[str]) -> bytes:
        """With both halves of the seal."""
        return open_sealed(body, wrapping, halves)

    def rewrap(
        self, wrapping: Wrapping, to: Purpose | None = None, halves: Sequence[str] = ()
    ) -> Wrapping:
        """For the newest public key."""
        secret = unseal_key(wrapping, halves) if halves else self._secret(wrapping)
        return self._wrap(secret, to or wrapping.purpose)

    def has(self, purpose: Purpose) -> bool:
        """Of a seal: both halves."""
        return all(keys.here(self.directory, one) for one in keys.OF_PURPOSE[purpose])

    def renew(self, purpose: Purpose) -> str:
        """In front of the older ones."""
        for holder in keys.OF_PURPOSE[purpose]:
            keys.add(self.directory, holder)
        return self.recipient(purpose)

    def forget_older(self, purpose: Purpose) -> int:
        """All but the newest."""
        return sum(keys.forget_older(self.directory, one) for one in keys.OF_PURPOSE[purpose])

    def check_recipient(self, recipient: str) -> None:
        """An X25519 public key of age."""
        _recipient(recipient)

    def encrypt_for(self, data: bytes, recipient: str) -> bytes:
        """For one person."""
        return bytes(pyrage.encrypt(data, [_recipient(recipient)]))

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
            raise NotForThisProcess(f"this process may not open anything for {wrapping.purpose}")
        secret = wrapping.wrapped
        for holder in reversed(keys.OF_PURPOSE[wrapping.purpose]):
            secret = _unwrap(secret, keys.identities(self.directory, holder), holder)
        return secret


def open_sealed(body: bytes, wrapping: Wrapping, halves: Sequence[str]) -> bytes:
    """Open a seal with the texts of two key files. Raises `KeyLost`, `NotOpened`."""
    return _decrypt(body, [_identity(unseal_key(wrapping, halves))])


def unseal_key(wrapping: Wrapping, halves: Sequence[str]) -> bytes:
    """The key of a sealed object, by both halves in either order."""
    held = [one for text in halves for one in keys.parse(text, "a half of the seal")]
    fit = set(wrapping.recipient.split("+"))
    ours = {str(one.to_public()) for one in held}
    if not fit <= ours:
        raise KeyLost(f"{len(fit & ours)} of the {len(fit)} halves of the seal fit")
    return _decrypt(_decrypt(wrapping.wrapped, held), held)


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as why:
        raise BadRecipient("this is no age public key: it begins with age1") from why


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
