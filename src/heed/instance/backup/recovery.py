"""The recovery key: its secret half is shown once and kept by people, never on this machine."""

import os
from collections.abc import Sequence
from pathlib import Path

from pyrage import IdentityError, RecipientError, x25519

from heed.instance.place import Place
from heed.instance.trouble import Trouble

NAMED_BY = "HEED_RECOVERY_KEY"


class NoRecoveryKey(Trouble):
    """Nothing says for whom a backup is to be sealed."""


class NotAKey(Trouble):
    """A text that should be an age key is none. It is not repeated: it may be half a secret."""


def path(place: Place) -> Path:
    """Where the public half lies, unless `HEED_RECOVERY_KEY` says it."""
    return place.keys / "recovery.pub"


def public(place: Place) -> list[str]:
    """The public keys that backups are sealed for; none before there are any."""
    named = os.environ.get(NAMED_BY, "")
    text = named.replace(",", "\n") if named else _read(path(place))
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and line[0] != "#"]


def _read(file: Path) -> str:
    return file.read_text(encoding="ascii", errors="replace") if file.exists() else ""


def recipients(place: Place) -> list[x25519.Recipient]:
    """For `archive.written`. Raises `NoRecoveryKey`, `NotAKey`."""
    lines = public(place)
    if not lines:
        raise NoRecoveryKey(
            "There is no recovery key to seal backups for. Make one with: heed backup key"
        )
    try:
        return [x25519.Recipient.from_str(line) for line in lines]
    except RecipientError:
        raise NotAKey(
            f"{NAMED_BY} or {path(place)} holds something else than public keys of age (age1...)."
        ) from None


def identities(file: Path) -> list[x25519.Identity]:
    """The secret keys of a file, as `age-keygen` and `heed backup key` print them."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="ascii").splitlines()]
        return [x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"]
    except (OSError, UnicodeDecodeError, IdentityError):
        raise NotAKey(
            f"{file} holds no secret key of age (AGE-SECRET-KEY-1...): one a line."
        ) from None


def make(place: Place) -> str:
    """Makes a key and keeps its public half; the secret one, which is nowhere else."""
    made = x25519.Identity.generate()
    keep(place, [str(made.to_public())])
    return str(made)


def keep(place: Place, lines: Sequence[str]) -> None:
    """Backups are sealed for these from now on. Older ones stay sealed for whom they were."""
    place.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path(place).with_suffix(f".{os.getpid()}")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    half.replace(path(place))
