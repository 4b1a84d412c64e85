"""A platform's keys: `heed_<prefix>_<secret>`. Shown once; only a hash is kept."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from heed.media.models import ApiKey, Platform

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_PREFIX_LENGTH = 8


class Scope(StrEnum):
    """What a key may be used for."""

    ITEMS = "items"
    UPLOADS = "uploads"
    NOTICES = "notices"
    STATES = "states"
    CASES = "cases"
    BANKS = "banks"


class NoSuchScope(Exception):
    """A key was asked for something that no key can do. The message lists what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose key it is, and what it may do."""

    key_id: UUID
    prefix: str  # names the key, and is no secret
    platform_id: UUID
    slug: str
    url_prefixes: tuple[str, ...]
    scopes: frozenset[str]


def make_key(
    platform: Platform,
    name: str,
    scopes: Sequence[str],
    *,
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """A new key, returned in the clear this once. Raises `NoSuchScope`."""
    unknown = sorted(set(scopes) - set(Scope))
    if unknown or not scopes:
        raise NoSuchScope(
            f"no scope {', '.join(unknown) or 'given'}: choose from {', '.join(Scope)}"
        )
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(_PREFIX_LENGTH))
    secret = secrets.token_urlsafe(32)
    ApiKey.objects.create(
        platform=platform,
        name=name,
        prefix=prefix,
        secret_hash=_digest(secret),
        scopes=sorted(set(scopes)),
        made_at=now,
        expires_at=expires_at,
    )
    return f"heed_{prefix}_{secret}"


def revoke(platform_id: UUID, key_id: UUID, *, now: datetime) -> bool:
    """False when there is no such key of this platform, or it was revoked before."""
    live = ApiKey.objects.filter(id=key_id, platform_id=platform_id, revoked_at=None)
    return bool(live.update(revoked_at=now))


def caller_with(token: str, *, now: datetime) -> Caller | None:
    """Whose key this is; None for one that is wrong, expired or revoked, never saying which."""
    scheme, _, rest = token.partition("_")
    prefix, _, secret = rest.partition("_")
    readable = token.isascii() and token.isprintable()  # others can't be asked a database for
    found = (
        ApiKey.objects.select_related("platform").filter(prefix=prefix).first()
        if readable
        else None
    )
    expected = _digest("") if found is None else bytes(found.secret_hash)
    fits = hmac.compare_digest(_digest(secret), expected)
    if found is None or not fits or scheme != "heed" or not secret or not is_live(found, now):
        return None
    return Caller(
        key_id=found.id,
        prefix=found.prefix,
        platform_id=found.platform_id,
        slug=found.platform.slug,
        url_prefixes=tuple(found.platform.url_prefixes),
        scopes=frozenset(found.scopes),
    )


def named(token: str) -> ApiKey | None:
    """The key of this prefix, or of which this is the whole, whether it still works or not."""
    prefix = token.split("_")[1] if token.startswith("heed_") else token
    return ApiKey.objects.select_related("platform").filter(prefix=prefix).first()


def take_back(prefix: str, *, now: datetime) -> bool:
    """Take a key back. False when it was before, or never was."""
    return bool(ApiKey.objects.filter(prefix=prefix, revoked_at=None).update(revoked_at=now))


def is_live(key: ApiKey, now: datetime) -> bool:
    """Whether it gets in at that time."""
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


def _digest(secret: str) -> bytes:
    """One round is enough: the secret has 256 random bits, nobody can guess it from its hash."""
    return hashlib.sha256(secret.encode()).digest()
