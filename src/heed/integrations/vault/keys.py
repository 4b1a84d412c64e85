"""The vault's key files: `<holder>.pub` for who seals, `<holder>.key` for who opens.

Each line is one age key, the newest first; older ones stay until a rotation has gone through. The
viewer's, the filer's and the two halves of the seal are made once. Where a public key is there and
its secret one is not, nothing is made anew: a lost key must be found, not replaced in silence.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from pyrage import IdentityError, x25519

from heed.ports import KeyLost, Purpose

HOLDERS = ("viewer", "filer", "seal-a", "seal-b")
OF_PURPOSE = {
    Purpose.REVIEW: ("viewer",),
    Purpose.FILING: ("filer",),
    Purpose.SEAL: ("seal-a", "seal-b"),
}


def ensure(directory: Path) -> None:
    """Make what was never made. Safe to repeat, and when two processes do it at once."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for holder in HOLDERS:
        public, secret = _paths(directory, holder)
        if public.exists():
            continue
        if not secret.exists():
            _write_new(secret, str(x25519.Identity.generate()) + "\n", 0o600)
        kept = [str(one.to_public()) for one in identities(directory, holder)]
        _write_new(public, "\n".join(kept) + "\n", 0o644)


def recipients(directory: Path, holder: str) -> list[x25519.Recipient]:
    """Public keys of a holder, the newest first. Raises `KeyLost`."""
    return [x25519.Recipient.from_str(line) for line in _lines(_paths(directory, holder)[0])]


def identities(directory: Path, holder: str) -> list[x25519.Identity]:
    """Secret keys of a holder, the newest first. Raises `KeyLost`."""
    path = _paths(directory, holder)[1]
    return parse("\n".join(_lines(path)), path.name)


def parse(text: str, name: str) -> list[x25519.Identity]:
    """The secret keys in the text of a file. Raises `KeyLost`, which names the file."""
    try:
        return [x25519.Identity.from_str(line) for line in _kept(text, name)]
    except IdentityError as why:
        raise KeyLost(f"{name} holds no age key") from why


def here(directory: Path, holder: str) -> bool:
    """Whether the holder's newest secret key lies here, and fits its public one."""
    try:
        newest = identities(directory, holder)[0].to_public()
        return str(newest) == str(recipients(directory, holder)[0])
    except KeyLost:
        return False


def add(directory: Path, holder: str) -> str:
    """A new key pair in front of the older ones; returns its public key.

    Who seals may take the new one as soon as it is there: so the secret is written first.
    """
    made = x25519.Identity.generate()
    public, secret = _paths(directory, holder)
    older = _lines(secret) if secret.exists() else []
    _replace(secret, [str(made), *older], 0o600)
    _replace(public, [str(made.to_public()), *_lines(public)], 0o644)
    return str(made.to_public())


def forget_older(directory: Path, holder: str) -> int:
    """Destroy all but the newest; returns how many. Only when nothing is wrapped for them."""
    public, secret = _paths(directory, holder)
    older = len(_lines(public)) - 1
    _replace(secret, _lines(secret)[:1], 0o600)
    _replace(public, _lines(public)[:1], 0o644)
    return older


def _paths(directory: Path, holder: str) -> tuple[Path, Path]:
    return directory / f"{holder}.pub", directory / f"{holder}.key"


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as why:
        raise KeyLost(f"{path.name} can't be read: bring it back from its backup") from why
    return _kept(text, path.name)


def _kept(text: str, name: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
    if not lines:
        raise KeyLost(f"{name} is empty: bring it back from its backup")
    return lines


def _write_new(path: Path, text: str, mode: int) -> None:
    """Linked into its place, so that it is never half there and never replaced."""
    half = _half(path, text, mode)
    try:
        os.link(half, path)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        half.unlink()


def _replace(path: Path, lines: Sequence[str], mode: int) -> None:
    _half(path, "\n".join(lines) + "\n", mode).replace(path)


def _half(path: Path, text: str, mode: int) -> Path:
    half = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return half
