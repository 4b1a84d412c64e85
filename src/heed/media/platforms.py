"""Writing down the platforms that this server protects."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from heed.media.models import Platform

NOTED_EVERY = timedelta(minutes=1)
OVERLAP = timedelta(hours=24)  # of a secret and the next one
MOST_FORMER = 3  # a header has room for some signatures, not for any number


def new_platform(**fields: Any) -> Platform:
    """A platform with these fields of its model."""
    return Platform.objects.create(**fields)


def evidence_token(known: str, *, needed: bool) -> str:
    """By which hidden files are asked for: the one that is known, or a new one where it is needed.

    An address without a token would give them to anybody, or to nobody.
    """
    return known or (secrets.token_urlsafe(32) if needed else "")


def callback_secret() -> str:
    """What signs callbacks, as Standard Webhooks write it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def renewed_secret(platform: Platform, *, at_once: bool, now: datetime) -> dict[str, Any]:
    """Fields of a platform with another secret. Those before sign beside it for `OVERLAP`: which of
    them the site knows is its own matter, and it refuses nothing. `at_once`: they sign no more.
    """
    known = [platform.callback_secret, *former_secrets(platform, now=now)]
    former = [] if at_once else [one for one in known if one][:MOST_FORMER]
    return {
        "callback_secret": callback_secret(),
        "former_secrets": former,
        "former_secrets_until": now + OVERLAP if former else None,
    }


def former_secrets(platform: Platform, *, now: datetime) -> list[str]:
    """What signs beside the newest secret now, the newest first; none once their time is over."""
    until = platform.former_secrets_until
    return list(platform.former_secrets) if until is not None and now < until else []


def connect(platform: Platform, **fields: Any) -> None:
    """How this platform is heard and told from now on."""
    Platform.objects.filter(id=platform.id).update(**fields)
    platform.refresh_from_db()


def note_heard(platform: Platform, *, now: datetime) -> None:
    """Its connector works. Written at most once a minute: platforms are read on every request."""
    fresh = platform.heard_at is not None and now - platform.heard_at < NOTED_EVERY
    if not fresh or platform.trouble:
        Platform.objects.filter(id=platform.id).update(heard_at=now, trouble="")


def note_trouble(platform: Platform, why: str) -> None:
    """Its connector does not work, in words for whoever runs this server; never a secret."""
    if platform.trouble != why[:200]:
        Platform.objects.filter(id=platform.id).update(trouble=why[:200])


def declare_addresses(platform: Platform, kinds: Mapping[str, Sequence[str]]) -> None:
    """What this platform's addresses are, in place of what it said before."""
    Platform.objects.filter(id=platform.id).update(address_kinds=dict(kinds))
