"""A platform's proxy asks before it serves a file: every variant of a hidden one is refused.

1. Say whether the file at an address may be served. Nothing is remembered from one question to the
   next: what is hidden is refused from then on. Heed itself is let through, by its own token.
"""

import hmac
import posixpath
import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

from heed.flows import wiring
from heed.flows.hear_peer import NoSuchPeer as NoSuchPeer
from heed.flows.shared import peers
from heed.media import gate
from heed.media.models import Platform

PROBE = "heed-gate-check"  # in an address: somebody tries whether the gate stands there
_SIGNER = TimestampSigner(salt="heed.gate")
_KNOWN_FOR = 2.0  # seconds: how a platform is connected changes rarely, what is hidden does not


@dataclass(frozen=True, slots=True)
class _Guarded:
    """What the gate must know of a platform."""

    id: UUID
    connector: str
    token: str
    origins: tuple[str, ...]
    until: float


_known: dict[str, _Guarded] = {}


def may_serve(*, platform_slug: str, address: str, bearer: str, now: datetime) -> bool:
    """Whether the file at this path may be given to whoever asks. Raises `NoSuchPeer`."""
    guarded = _guarded(platform_slug)
    path = _plain(address)
    if PROBE in path:
        if _ours(path, platform_slug):
            gate.note_asked(guarded.id, now=now)
        return False
    if bearer and guarded.token and hmac.compare_digest(bearer.encode(), guarded.token.encode()):
        return True
    key = wiring.connector(guarded.connector).media_key(path)
    urls = [origin + path for origin in guarded.origins]
    return not gate.out_of_sight(guarded.id, urls=urls, key=key)


def probe(slug: str) -> str:
    """The name of a file that there is not: who asks for it at the gate was asked for it by us."""
    return f"{PROBE}/{_SIGNER.sign(slug)}"


def _ours(path: str, slug: str) -> bool:
    try:
        return _SIGNER.unsign(path.rpartition(PROBE + "/")[2], max_age=60) == slug
    except BadSignature:
        return False


def forget() -> None:
    """How platforms are connected is read anew."""
    _known.clear()


def _plain(address: str) -> str:
    """The path that a server looks up: without a query, escapes, doubled slashes and dots."""
    path = unquote(address.partition("?")[0].partition("#")[0]).replace("\0", "")
    return posixpath.normpath("/" + path.lstrip("/"))


def _guarded(slug: str) -> _Guarded:
    found = _known.get(slug)
    if found is None or found.until < time.monotonic():
        found = _known[slug] = _asked(slug)
    return found


def _asked(slug: str) -> _Guarded:
    platform = Platform.objects.filter(slug=slug).first()
    able = None if platform is None else peers.abilities_of(platform)
    if platform is None or able is None or not able.gate:
        raise NoSuchPeer(slug)
    origins = {"{0.scheme}://{0.netloc}".format(urlsplit(one)) for one in platform.url_prefixes}
    return _Guarded(
        id=platform.id,
        connector=platform.connector,
        token=platform.evidence_token,
        origins=tuple(sorted(origins)),
        until=time.monotonic() + _KNOWN_FOR,
    )
