"""How a platform is heard and told: by our own interface, or by a connector in its own words.

1. Check the settings, and write them down with what follows from them: its addresses, what its
   answers mean, and the token by which Heed alone reads what is hidden.
   By our own interface: where it listens, and where hidden files are.
2. Try everything that the connector needs, and note whether it works.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction

from heed.flows import wiring
from heed.flows.guard_media import probe
from heed.flows.manage_platforms import AddressTaken as AddressTaken
from heed.flows.manage_platforms import NoSuchPlatform as NoSuchPlatform
from heed.flows.manage_platforms import check_addresses
from heed.flows.shared import peers
from heed.ledger import services as ledger
from heed.media import platforms
from heed.media.models import Platform
from heed.ports import NotFetched, Tried
from heed.ports import PeerRefused as PeerRefused

ENDPOINTS = (
    "name", "url_prefixes", "callback_url", "evidence_url", "evidence_token", "private_addresses",
)  # fmt: skip


class NoSuchConnector(Exception):
    """There is no such connector; the message names those there are."""


def check_settings(*, connector: str, said: Mapping[str, Any]) -> None:
    """Whether these would do. Raises `NoSuchConnector`, `PeerRefused`."""
    if connector not in wiring.connectors():
        known = ", ".join(wiring.connectors())
        raise NoSuchConnector(f"there is no connector {connector!r}: choose from {known}")
    if connector != peers.WEBHOOK:
        wiring.connector(connector).check(said)
    elif said:
        raise PeerRefused("webhook takes no settings: `heed platform set` says where it listens")


def connect_platform(
    *, platform_slug: str, connector: str, said: Mapping[str, Any], by: str, now: datetime
) -> Platform:
    """From now on it is heard and told so. Raises `NoSuchPlatform`, `NoSuchConnector`,
    `PeerRefused`.
    """
    check_settings(connector=connector, said=said)
    platform = Platform.objects.filter(slug=platform_slug).first()
    if platform is None:
        raise NoSuchPlatform(f"there is no platform {platform_slug!r}")
    with transaction.atomic():
        platforms.connect(platform, **_follows(platform, connector, said))
        ledger.enter(
            "platform.connected",
            subject=f"platform:{platform.id}",
            body={"connector": connector, "settings": sorted(said), "by": by},
            at=now,
        )
    return platform


def set_endpoints(
    *,
    platform_slug: str,
    endpoints: Mapping[str, Any],
    new_secret: bool = False,
    at_once: bool = False,
    by: str,
    now: datetime,
) -> Mapping[str, str]:
    """Where our own interface reaches a platform, in place of what was said before.

    `endpoints`: those of `ENDPOINTS` that change. Gives back the secrets that were made now: the
    one that signs callbacks if asked for, and a token where an evidence address has none. The
    secret before it signs for a day more, unless the new one is to hold `at_once`. Raises
    `NoSuchPlatform`, `AddressTaken`.
    """
    platform = Platform.objects.filter(slug=platform_slug).first()
    if platform is None:
        raise NoSuchPlatform(f"there is no platform {platform_slug!r}")
    fields = {name: endpoints[name] for name in ENDPOINTS if name in endpoints}
    check_addresses(fields.get("url_prefixes", ()), of=platform.id)
    made = _made(platform, fields)
    if new_secret:
        renewed = platforms.renewed_secret(platform, at_once=at_once, now=now)
        made["callback_secret"] = renewed["callback_secret"]
        fields |= renewed
    with transaction.atomic():
        platforms.connect(platform, **{**fields, **made})
        changed = sorted({*fields, *made})
        body = {"connector": platform.connector, "settings": changed, "by": by}
        ledger.enter("platform.connected", subject=f"platform:{platform.id}", body=body, at=now)
    return made


def _made(platform: Platform, fields: Mapping[str, Any]) -> dict[str, str]:
    known = fields.get("evidence_token", platform.evidence_token)
    url = fields.get("evidence_url", platform.evidence_url)
    token = platforms.evidence_token(known, needed=bool(url))
    return {} if token == known else {"evidence_token": token}


def _follows(platform: Platform, connector: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the platform, as the connector has them; our own interface leaves them be."""
    fields: dict[str, Any] = {
        "connector": connector, "connector_settings": dict(said), "trouble": "", "heard_at": None,
    }  # fmt: skip
    if connector == peers.WEBHOOK:
        return fields
    port = wiring.connector(connector)
    able = port.abilities(said)
    kinds = {kind: list(patterns) for kind, patterns in port.addresses(said).items()}
    fields |= {"gone_statuses": list(able.gone_statuses)}
    if kinds and not platform.address_kinds:
        fields["address_kinds"] = kinds
    token = platforms.evidence_token(platform.evidence_token, needed=able.gate)
    return fields | {"evidence_token": token}


def examine_platform(*, platform_slug: str, now: datetime) -> Sequence[Tried]:
    """Try it; changes nothing at the platform. Raises `NoSuchPlatform`."""
    platform = Platform.objects.filter(slug=platform_slug).first()
    if platform is None:
        raise NoSuchPlatform(f"there is no platform {platform_slug!r}")
    if not peers.has_connector(platform):
        return _webhook(platform)
    tried = list(wiring.connector(platform.connector).examine(peers.peer_of(platform)))
    tried += _gate(platform, now)
    trouble = next((one for one in tried if one.remedy), None)
    if trouble is None:
        platforms.note_heard(platform, now=now)
    else:
        platforms.note_trouble(platform, f"{trouble.about}: {trouble.says}")
    return tried


def _gate(platform: Platform, now: datetime) -> list[Tried]:
    """Ask for a file that there is not: only a gate in front of it then asks us in turn."""
    able = peers.abilities_of(platform)
    if able is None or not able.gate:
        says = "is off: no picture can be hidden there"
        remedy = f"heed platform gate {platform.slug} prints it for nginx and Caddy; then connect "
        return [Tried(about="media gate", says=says, remedy=remedy + "again with --set gate=on")]
    for prefix in platform.url_prefixes:
        for path in able.gate_paths:
            url = prefix.rstrip("/") + path + probe(platform.slug)
            own = tuple(platform.private_addresses)
            with suppress(NotFetched):
                wiring.fetcher().fetch(
                    url, max_bytes=1_000, within_seconds=5.0, private_addresses_allowed=own
                )
    platform.refresh_from_db()
    if platform.gate_asked_at is not None and platform.gate_asked_at >= now:
        return [Tried(about="media gate", says="asks before a file is served")]
    remedy = f"put in what heed platform gate {platform.slug} prints, and reload the proxy"
    return [Tried(about="media gate", says="did not ask when a file was asked for", remedy=remedy)]


def guarded_platform(*, platform_slug: str) -> Platform:
    """A platform whose files a gate may stand before. Raises `NoSuchPlatform`, `PeerRefused`."""
    platform = Platform.objects.filter(slug=platform_slug).first()
    if platform is None:
        raise NoSuchPlatform(f"there is no platform {platform_slug!r}")
    if not peers.has_connector(platform):
        raise PeerRefused("this platform hides its files itself: it has no connector")
    return platform


def _webhook(platform: Platform) -> list[Tried]:
    told = Tried(about="callback", says=platform.callback_url)
    if not platform.callback_url:
        told = Tried(about="callback", says="none: it asks for its events itself")
    kept = Tried(about="evidence", says=platform.evidence_url or "handed over by the platform")
    return [told, kept]


def known_connectors() -> dict[str, Mapping[str, str]]:
    """The connectors there are, with their settings."""
    named = [one for one in wiring.connectors() if one != peers.WEBHOOK]
    return {peers.WEBHOOK: {}, **{one: wiring.connector(one).settings() for one in named}}


def abilities_in_words(platform: Platform) -> list[str]:
    """What its connector can do there and what not, for people."""
    able = peers.abilities_of(platform)
    if able is None:
        return []
    hides = {
        "items": "hides posts",
        "files": "hides pictures and videos at the media gate; the words of a post stay",
        "nothing": "can hide nothing: set up the media gate",
    }
    words = [hides[able.hides.value]]
    words += [] if able.limits else ["can't limit a post"]
    words += [] if able.removes else ["can't delete a post: a moderator does that there"]
    words += [] if able.statements else ["can't pass statements of reasons on"]
    return [*words, f"accounts: {', '.join(sorted(able.measures)) or 'nothing'}"]
