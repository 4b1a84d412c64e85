"""Speaks with a Mastodon server: webhooks in; reports, accounts and the media gate out.

Its interface can't hide, delete or comment on one post, and knows no notes on reports. So words are
`unsupported`, files are hidden by the gate, and a report is resolved without a word of ours.
"""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from heed.integrations.connectors.credentials import credentials
from heed.integrations.connectors.fields import NotReadable
from heed.integrations.mastodon import examining, reading, settings, telling
from heed.integrations.mastodon.listing import MastodonListing
from heed.integrations.mastodon.server import Server
from heed.ports import (
    Abilities,
    DesiredState,
    Endpoint,
    Heard,
    Hides,
    Listing,
    Message,
    NotFromPeer,
    Peer,
    PeerPost,
    Reported,
    Result,
    StateResult,
    Tried,
)

WORDS = ("token", "webhook_secret")
ADDRESSES = {
    "item": ["/@*/*", "/users/*/statuses/*"],
    "file": ["/system/**", "/media_attachments/**", "/cache/media_attachments/**",
             "/media_proxy/**"],
    "profile": ["/@*", "/users/*"],
    "search": ["/search?q=*", "/tags/*"],
}  # fmt: skip
PURGED_WITHIN = timedelta(days=30)  # docs.joinmastodon.org, Moderation actions: Suspend
GONE = (403, 404, 410, 451)  # what a gate answers for a file that is hidden


class Mastodon:
    """Keeps the promise of `ports.Connector`."""

    def __init__(self) -> None:
        self._server = Server()

    def close(self) -> None:
        """Close idle connections."""
        self._server.close()

    # -------------------------------------------------------------- what it is

    def settings(self) -> Mapping[str, str]:
        """Names, and what each is for."""
        return settings.NAMES

    def check(self, said: Mapping[str, Any]) -> None:
        """Raises `PeerRefused`."""
        settings.read(said)

    def abilities(self, said: Mapping[str, Any]) -> Abilities:
        """Without a gate nothing can be hidden."""
        read = settings.read(said)
        return Abilities(
            hides=Hides.FILES if read.gate else Hides.NOTHING,
            measures=frozenset({"warn", "limit", "suspend"}),
            purges_within=PURGED_WITHIN,
            gate=read.gate,
            gate_paths=("/system/media_attachments/", "/media_attachments/") if read.gate else (),
            gone_statuses=GONE if read.gate else (),
        )

    def addresses(self, said: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        """What stands where, on every Mastodon server."""
        return ADDRESSES

    def media_key(self, address: str) -> str:
        """The number of the attachment: the same for its original, its preview and its cache."""
        return reading.media_key(address)

    def examine(self, peer: Peer) -> Iterator[Tried]:
        """The token and its rights, the webhook's secret, the gate."""
        return examining.examine(self._server, peer)

    # -------------------------------------------------------------- what it brings

    def hear(self, peer: Peer, message: Message) -> Heard:
        """A webhook. Raises `NotFromPeer`, `PeerRefused`."""
        secret = credentials(peer.slug, WORDS)["webhook_secret"]
        signed = message.headers.get("x-hub-signature", "")
        right = "sha256=" + hmac.new(secret.encode(), message.body, "sha256").hexdigest()
        if not hmac.compare_digest(right.encode(), signed.encode("utf-8", "replace")):
            raise NotFromPeer("the signature does not hold")
        try:
            return _heard(json.loads(message.body), settings.read(peer.said))
        except (ValueError, RecursionError, NotReadable):
            raise NotFromPeer("it can't be read: is a template set for the webhook?") from None

    def report(self, peer: Peer, ref: str) -> Reported | None:
        """A report as it is now."""
        return self._server.report(peer, ref)

    def open_reports(self, peer: Peer, *, account_ref: str = "") -> Iterator[Reported]:
        """All open reports, the newest first."""
        return self._server.open_reports(peer, account_ref)

    def listing(self, peer: Peer) -> Listing:
        """Posts with files, account by account."""
        return MastodonListing(self._server, peer)

    def newest(self, peer: Peer) -> Sequence[PeerPost]:
        """Nothing: its webhooks tell of them."""
        return ()

    # -------------------------------------------------------------- what it is told

    def tell_states(
        self, endpoint: Endpoint, states: Sequence[DesiredState], *, message_id: str, now: datetime
    ) -> list[StateResult]:
        """The gate reads what is desired itself, so it is applied as soon as it is written down.

        Only what the gate can do comes here. Whether it stands in front of the files is seen by
        looking at them.
        """
        return [
            StateResult(item_ref=one.item_ref, revision=one.revision, result=Result.APPLIED)
            for one in states
        ]

    def tell(
        self, endpoint: Endpoint, payload: dict[str, object], *, message_id: str, now: datetime
    ) -> None:
        """A decided report, a measure on an account, statements of reasons.

        Raises `PlatformUnreachable`, `PlatformCannot`.
        """
        telling.tell(self._server, endpoint, payload)


def _heard(said: Any, read: settings.Said) -> Heard:
    if not isinstance(said, Mapping):
        raise NotReadable("body")
    event, thing = str(said.get("event") or ""), said.get("object")
    if not isinstance(thing, Mapping):
        raise NotReadable("object")
    if event == "report.created":
        return Heard(event=event, reports=(reading.reported(thing, read),))
    if event == "report.updated":  # it may be an old one, come late: what it is now counts
        return Heard(event=event, report_refs=(str(thing.get("id") or ""),))
    if event in ("status.created", "status.updated"):
        between_people = thing.get("visibility") == reading.FOR_ONE_ALONE
        return Heard(event=event, posts=() if between_people else reading.posts(thing, read.url))
    return Heard(event="")
