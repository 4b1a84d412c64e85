"""Writing down the platforms that this server protects."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from heed.media.models import Platform

NOTED_EVERY = timedelta(minutes=1)
OVERLAP = timedelta(hours=24)  # of two secrets


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
    """Fields of a platform with another secret. The one before signs beside it for `OVERLAP`: the
    site takes the new one over meanwhile, and refuses nothing. `at_once`: it signs nothing more.
    """
    former = "" if at_once else platform.callback_secret
    return {
        "callback_secret": callback_secret(),
        "former_secret": former,
        "former_secret_until": now + OVERLAP if former else None,
    }


def former_secret(platform: Platform, *, now: datetime) -> str:
    """What signs beside the newest secret now; empty once its time is over."""
    until = platform.former_secret_until
    return platform.former_secret if until is not None and now < until else ""


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
