"""Signed notes and checkpoints, as C2SP writes them down. Knows no storage.

A note is text, an empty line, and one line for each signature: an em dash, the key's name, and
base64 of a four-byte key id with the signature (c2sp.org/signed-note). A checkpoint is a note of
three lines: the log's origin, its size, its root (c2sp.org/tlog-checkpoint). The log also says
*when*, as a timestamped cosignature by its own key (c2sp.org/tlog-cosignature): a program that
does not know that kind of signature passes over it.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

ED25519 = 1  # signature type, c2sp.org/signed-note
COSIGNATURE = 4  # c2sp.org/tlog-cosignature: eight bytes of time come before the signature
_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_DASH = "\u2014 "


class NoteUnreadable(Exception):
    """The text is not a signed note, or not a checkpoint. Nothing was checked."""


class KeyUnreadable(Exception):
    """The text is not a verifier key (`name+id+key`). Copy it again, whole and on one line."""


class NotSigned(Exception):
    """No signature by this key: another key signed, or nobody did."""


class SignatureFalse(Exception):
    """There is a signature in the name of this key, and it does not fit the text."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and the name it signs under."""

    name: str
    public: bytes  # 32 bytes, Ed25519

    @property
    def vkey(self) -> str:
        """The key on one line, as `name+id+key`."""
        key = base64.b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.key_id(ED25519).hex()}+{key}"

    def key_id(self, kind: int) -> bytes:
        """Four bytes that say which key made a signature of this kind."""
        digest = sha256(self.name.encode() + b"\n" + bytes([kind]) + self.public)
        return digest.digest()[:_KEY_ID_BYTES]

    def named(self, name: str) -> "Verifier":
        """The same key under another name (a log that was declared anew)."""
        return Verifier(name=name, public=self.public)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, taken apart."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: this log, at this size, has this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def is_name(name: str) -> bool:
    """Whether a key or a log may be called this: no space, no plus, and never like a JSON text."""
    return bool(name) and "+" not in name and name[0] != "{" and not any(map(_breaks, name))


def _breaks(letter: str) -> bool:
    return letter.isspace() or not letter.isprintable()


def parse_vkey(vkey: str) -> Verifier:
    """Read a key line. Raises `KeyUnreadable`, also when its id does not fit."""
    name, _, rest = vkey.strip().partition("+")
    _, _, key = rest.partition("+")
    raw = _unbase64(key) if is_name(name) else b""
    if len(raw) != 33 or raw[0] != ED25519:
        raise KeyUnreadable("not a verifier key of the form name+id+key for Ed25519")
    verifier = Verifier(name=name, public=raw[1:])
    if verifier.vkey != vkey.strip():
        raise KeyUnreadable("the key's id does not fit the key: a letter is wrong or missing")
    return verifier


def verifier_of(key: Ed25519PrivateKey, name: str) -> Verifier:
    """The public side of a private key, under a name."""
    return Verifier(name=name, public=key.public_key().public_bytes_raw())


def signature_line(text: str, key: Ed25519PrivateKey, name: str) -> str:
    """The signature of a text that ends in a newline."""
    if not text.endswith("\n"):
        raise NoteUnreadable("the text of a note ends in a newline")
    return _line(name, verifier_of(key, name).key_id(ED25519) + key.sign(text.encode()))


def cosignature_line(text: str, key: Ed25519PrivateKey, name: str, *, at: datetime) -> str:
    """The signature of a checkpoint's text and of the time, in whole seconds."""
    time = int(at.timestamp())
    signed = key.sign(_timed(text, time))
    key_id = verifier_of(key, name).key_id(COSIGNATURE)
    return _line(name, key_id + time.to_bytes(_TIME_BYTES, "big") + signed)


def _line(name: str, raw: bytes) -> str:
    return f"{_DASH}{name} {base64.b64encode(raw).decode()}\n"


def _timed(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey, *, at: datetime) -> str:
    """The whole note: the checkpoint, signed, and timed by the log's own word."""
    text, name = checkpoint.text, checkpoint.origin
    lines = signature_line(text, key, name) + cosignature_line(text, key, name, at=at)
    return f"{text}\n{lines}"


def open_note(note: str) -> tuple[str, list[Signature]]:
    """The text and the signatures of a note; nothing is verified. Raises `NoteUnreadable`."""
    head, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise NoteUnreadable("not a signed note: text, an empty line, signatures")
    signatures = [_parse_line(line) for line in tail[:-1].split("\n")]
    return head + "\n", signatures


def _parse_line(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = _unbase64(encoded)
    if not line.startswith(_DASH) or not is_name(name) or len(raw) <= _KEY_ID_BYTES:
        raise NoteUnreadable("a signature line of the note can't be read")
    return Signature(name=name, key_id=raw[:_KEY_ID_BYTES], signature=raw[_KEY_ID_BYTES:])


def _unbase64(text: str) -> bytes:
    """Strict: another spelling of the same bytes is refused. What is refused is no bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def verify_note(note: str, verifier: Verifier) -> str:
    """The text of a note that this key signed. Raises `NotSigned`, `SignatureFalse`."""
    text, signatures = open_note(note)
    signed = _by(signatures, verifier, ED25519)
    _check(verifier, signed.signature, text.encode())
    return text


def verify_time(note: str, verifier: Verifier) -> datetime:
    """When, by this key's own word, a checkpoint was made. Raises as `verify_note` does."""
    text, signatures = open_note(note)
    signed = _by(signatures, verifier, COSIGNATURE).signature
    time = int.from_bytes(signed[:_TIME_BYTES], "big")
    _check(verifier, signed[_TIME_BYTES:], _timed(text, time))
    return datetime.fromtimestamp(time, tz=UTC)


def _by(signatures: list[Signature], verifier: Verifier, kind: int) -> Signature:
    for signature in signatures:
        if signature.name == verifier.name and signature.key_id == verifier.key_id(kind):
            return signature
    raise NotSigned(f"no signature by the key of {verifier.name}")


def _check(verifier: Verifier, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature, message)
    except InvalidSignature:
        raise SignatureFalse(f"the signature of {verifier.name} does not fit the text") from None


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text; lines after the third are other programs' own."""
    origin, size, root, *_ = [*text.split("\n"), "", "", ""]
    raw = _unbase64(root)
    if not is_name(origin) or not size.isdecimal() or str(int(size)) != size or len(raw) != 32:
        raise NoteUnreadable("not a checkpoint: origin, size and root, one a line")
    return Checkpoint(origin=origin, size=int(size), root=raw)


def checkpoint_in(note: str) -> Checkpoint:
    """What a signed checkpoint says; nothing is verified."""
    return parse_checkpoint(open_note(note)[0])
