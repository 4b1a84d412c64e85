"""What a leaf is made of. A leaf tells a stranger the kind of event and nothing else.

It is 35 bytes: version, event code, commitment. The commitment is a salted hash of what happened,
so that somebody who holds salt and body can open it, and nobody else can guess at it.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785

from heed.ledger.merkle import batch_root

VERSION = 1
LEAF_BYTES = 1 + 2 + 32
SALT_BYTES = 32


class NotCanonical(Exception):
    """The value has no canonical JSON (RFC 8785): a naive time, a half character, a huge number."""


class LeafUnreadable(Exception):
    """The bytes are not a leaf of a version that this program knows."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment."""

    event: str
    subject: str
    body: str  # canonical JSON
    at: datetime
    salt: bytes


def plain(value: Any) -> Any:
    """The JSON form of a value: ids and times become text, sequences become lists."""
    match value:
        case Enum():
            return plain(value.value)
        case str() | bool() | int() | float() | None:
            return value
        case UUID():
            return str(value)
        case datetime():
            return instant(value)
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case Sequence() if not isinstance(value, (bytes, bytearray)):
            return [plain(inner) for inner in value]
    raise NotCanonical(f"{type(value).__name__} has no JSON form")


def instant(at: datetime) -> str:
    """An aware time in the one spelling that is committed to."""
    if at.tzinfo is None:
        raise NotCanonical("a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value (RFC 8785). Raises `NotCanonical`."""
    try:
        return bytes(rfc8785.dumps(plain(value)))
    except (rfc8785.CanonicalizationError, RecursionError) as refused:
        raise NotCanonical(str(refused)) from None


def commitment(*, event: str, subject: str, body: Any, at: datetime, salt: bytes) -> bytes:
    """SHA-256 over the salt and the canonical form of what happened."""
    told = {"event": event, "subject": subject, "body": body, "at": instant(at)}
    return sha256(salt + canonical(told)).digest()


def encode_leaf(code: int, committed: bytes) -> bytes:
    """The leaf of an event and its commitment."""
    return bytes([VERSION]) + code.to_bytes(2, "big") + committed


def decode_leaf(leaf: bytes) -> tuple[int, bytes]:
    """Event code and commitment of a leaf. Raises `LeafUnreadable`."""
    if len(leaf) != LEAF_BYTES or leaf[0] != VERSION:
        raise LeafUnreadable(f"not a leaf of version {VERSION}: {len(leaf)} bytes")
    return int.from_bytes(leaf[1:3], "big"), leaf[3:]


def batch_leaves(items: Sequence[str], salt: bytes) -> list[bytes]:
    """The leaves of a batch: each item behind a salt of its own, so that none tells another."""
    return [batch_leaf(item, index, salt) for index, item in enumerate(items)]


def batch_leaf(item: str, index: int, salt: bytes) -> bytes:
    """One leaf of a batch."""
    return item_salt(index, salt) + item.encode()


def item_salt(index: int, salt: bytes) -> bytes:
    """The salt of one item: it opens that item, and no other."""
    return hmac.digest(salt, index.to_bytes(8, "big"), "sha256")


def batch_summary(items: Sequence[str], salt: bytes) -> dict[str, Any]:
    """What stands in an entry's body for a whole batch: how many, and the root over them."""
    try:
        return {"size": len(items), "root": batch_root(batch_leaves(items, salt)).hex()}
    except UnicodeEncodeError as refused:
        raise NotCanonical(str(refused)) from None
