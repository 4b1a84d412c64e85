"""Speaks with a Lemmy server, version 0.19: it is asked for reports, and told what to remove.

Lemmy sends no webhooks, so there is nothing to hear. To remove a post leaves its pictures at their
addresses: those are hidden by the media gate alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from heed.integrations.connectors.credentials import credentials
from heed.integrations.lemmy import reading, settings, telling
from heed.integrations.lemmy.listing import LemmyListing
from heed.integrations.lemmy.server import NOT_ADMIN, Server
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
    PeerBusy,
    PeerPost,
    PeerRefused,
    Reported,
    StateResult,
    Tried,
)

ADDRESSES = {
    "item": ["/post/*", "/comment/*", "/post/*/*"],
    "file": ["/pictrs/image/**", "/api/v3/image_proxy"],
    "profile": ["/u/*"],
    "group": ["/c/*"],
    "search": ["/search?q=*"],
}
GONE = (403, 404, 410, 451)  # of older pages also 500, which may mean anything: see the docs


class Lemmy:
    """Keeps the promise of `ports.Connector`."""

    def __init__(self) -> None:
        self._server = Server()

    def close(self) -> None:
        """Close idle connections."""
        self._server.close()

    def settings(self) -> Mapping[str, str]:
        """Names, and what each is for."""
        return settings.NAMES

    def check(self, said: Mapping[str, Any]) -> None:
        """Raises `PeerRefused`."""
        settings.read(said)

    def abilities(self, said: Mapping[str, Any]) -> Abilities:
        """A removed comment leaves its place in the thread: only its pictures can be looked at."""
        gate = settings.read(said).gate
        return Abilities(
            hides=Hides.ITEMS,
            measures=frozenset({"warn", "limit", "suspend"}),
            statements=True,
            gate=gate,
            gate_paths=(reading.PICTURES,) if gate else (),
            gone_statuses=GONE,
            pages_stay=frozenset({"reply"}),
        )

    def addresses(self, said: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        """What stands where, on every Lemmy server."""
        return ADDRESSES

    def media_key(self, address: str) -> str:
        """A picture there has one address for all its sizes: there is nothing to have in common."""
        return ""

    def examine(self, peer: Peer) -> Iterator[Tried]:
        """The address, the token, and whether it is an administrator's."""
        try:
            settings.read(peer.said)
            credentials(peer.slug, ["token"])
            view = self._server.own_view(peer)
        except PeerRefused as why:
            yield Tried(about="server", says="refuses", remedy=str(why))
            return
        except PeerBusy as busy:
            remedy = "see whether the server is up and this machine may reach it, then ask again"
            yield Tried(about="server", says=f"did not answer: {busy}", remedy=remedy)
            return
        yield Tried(about="token", says="is known")
        admin = bool((view.get("local_user") or {}).get("admin"))
        says = "is an administrator's" if admin else "is no administrator's"
        yield Tried(about="account", says=says, remedy="" if admin else NOT_ADMIN)

    # -------------------------------------------------------------- what it brings

    def hear(self, peer: Peer, message: Message) -> Heard:
        """Nothing that comes can be of Lemmy's."""
        raise NotFromPeer("Lemmy sends no messages: it is asked")

    def report(self, peer: Peer, ref: str) -> Reported | None:
        """A report as it is now, if nobody decided it."""
        return self._server.report(peer, ref)

    def open_reports(self, peer: Peer, *, account_ref: str = "") -> Iterator[Reported]:
        """All open reports of posts and comments. Those of private messages are never read."""
        return self._server.open_reports(peer, account_ref)

    def newest(self, peer: Peer) -> Sequence[PeerPost]:
        """What was written here last: so that it is compared with the banks, and seen once."""
        return [
            post
            for kind in reading.KINDS
            for post in self._server.published(peer, kind, sort="New")
        ]

    def listing(self, peer: Peer) -> Listing:
        """All of it, for who comes to a server that has stood for years."""
        return LemmyListing(self._server, peer)

    # -------------------------------------------------------------- what it is told

    def tell_states(
        self, endpoint: Endpoint, states: Sequence[DesiredState], *, message_id: str, now: datetime
    ) -> list[StateResult]:
        """Hidden and removed are both removed there, which can be undone."""
        return telling.tell_states(self._server, endpoint, states)

    def tell(
        self, endpoint: Endpoint, payload: dict[str, object], *, message_id: str, now: datetime
    ) -> None:
        """A decided report, a measure on an account, statements of reasons.

        Raises `PlatformUnreachable`, `PlatformCannot`.
        """
        telling.tell(self._server, endpoint, payload)
