"""A platform comes under this server's care.

1. Write it down, with the secret that signs our callbacks. 2. Give it keys.
3. It may say what its addresses are, so that a profile is never taken for a post.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.ledger import services as ledger
from heed.media import keys, platforms
from heed.media.models import Platform
from heed.rules import addresses


class PlatformExists(Exception):
    """There is a platform of this short name. Choose another, or change that one."""


class NoSuchPlatform(Exception):
    """There is no platform of this short name. Add it first with `heed platform add`."""


class AddressTaken(Exception):
    """Another platform has this very address: nobody could say whose a post there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformAdded:
    """What the platform's engineer needs. The secrets are shown here, and kept for later."""

    platform_id: UUID
    callback_secret: str
    evidence_token: str  # empty without an address to ask


def add_platform(
    *,
    slug: str,
    name: str,
    url_prefixes: Sequence[str],
    callback_url: str = "",
    evidence_url: str = "",
    evidence_token: str = "",
    private_addresses: Sequence[str] = (),
    now: datetime,
) -> PlatformAdded:
    """Add a platform. An evidence address without a token gets one.

    Raises `PlatformExists`, `AddressTaken`.
    """
    if Platform.objects.filter(slug=slug).exists():
        raise PlatformExists(f"there is a platform {slug!r} already")
    check_addresses(url_prefixes)
    secret = platforms.callback_secret()
    token = platforms.evidence_token(evidence_token, needed=bool(evidence_url))
    with transaction.atomic():
        platform = platforms.new_platform(
            slug=slug,
            name=name,
            url_prefixes=list(url_prefixes),
            callback_url=callback_url,
            callback_secret=secret,
            evidence_url=evidence_url,
            evidence_token=token,
            private_addresses=list(private_addresses),
            added_at=now,
        )
        ledger.enter("platform.added", subject=f"platform:{platform.id}", body={}, at=now)
    return PlatformAdded(platform_id=platform.id, callback_secret=secret, evidence_token=token)


def check_addresses(url_prefixes: Sequence[str], *, of: UUID | None = None) -> None:
    """Whether these may be the platform `of`'s, or a new one's. Raises `AddressTaken`."""
    there = Platform.objects.filter(url_prefixes__overlap=list(url_prefixes)).order_by("slug")
    if taken := next((one for one in there if one.id != of), None):
        raise AddressTaken(f"the platform {taken.slug!r} has that address already")


def add_key(
    *,
    platform_slug: str,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    by: UUID | None = None,
    now: datetime,
) -> str:
    """A new key for a platform: shown once, kept as a hash. Raises `NoSuchPlatform`.

    `by` nobody: by the command line.
    """
    platform = Platform.objects.filter(slug=platform_slug).first()
    if platform is None:
        raise NoSuchPlatform(f"there is no platform {platform_slug!r}")
    with transaction.atomic():
        key = keys.make_key(platform, name, scopes, now=now, expires_at=expires_at)
        body = {"scopes": list(scopes), "by": "command" if by is None else str(by)}
        ledger.enter("key.added", subject=f"platform:{platform.id}", body=body, at=now)
    return key


def withdraw_key(*, platform_id: UUID, key_id: UUID, by: UUID | str, now: datetime) -> bool:
    """Take a key back: from now on nothing with it gets in. False when it was taken back before.

    `by`: somebody of the staff, or the word for whoever runs the server.
    """
    with transaction.atomic():
        if not keys.revoke(platform_id, key_id, now=now):
            return False
        body = {"key": str(key_id), "by": str(by)}
        ledger.enter("key.withdrawn", subject=f"platform:{platform_id}", body=body, at=now)
    return True


def declare_addresses(
    *, platform_slug: str, kinds: Mapping[str, Sequence[str]], now: datetime
) -> None:
    """Say what the platform's addresses are, anew. Raises `NoSuchPlatform`, `NotAPattern`."""
    addresses.check(kinds)
    platform = Platform.objects.filter(slug=platform_slug).first()
    if platform is None:
        raise NoSuchPlatform(f"there is no platform {platform_slug!r}")
    with transaction.atomic():
        platforms.declare_addresses(platform, {kind: list(said) for kind, said in kinds.items()})
        ledger.enter(
            "addresses.declared",
            subject=f"platform:{platform.id}",
            body={"kinds": {kind: len(said) for kind, said in kinds.items()}},
            at=now,
        )
