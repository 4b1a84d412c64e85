"""What the members of a Mastodon server have published, account by account, the newest first."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from heed.integrations.connectors.api import Reply
from heed.integrations.connectors.fields import NotReadable
from heed.integrations.connectors.listed import listed
from heed.integrations.mastodon import reading, settings
from heed.integrations.mastodon.server import ACCOUNTS, Server, allowed
from heed.ports import Listed, ListedPage, NotListed, Peer, PeerBusy, PeerRefused

AT_ONCE = 40  # statuses: the most that it gives
ACCOUNTS_AT_ONCE = 50
LONGEST_WAIT = 310.0  # seconds: its limit is of 300 questions in five minutes
TRIES = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """How far it was read."""

    below: str = ""  # accounts of lower numbers are left
    waiting: tuple[str, ...] = ()  # accounts that are next, the first of them half read
    before: str = ""  # of the first that waits, statuses older than this one
    begun: bool = False

    def text(self) -> str:
        return "|".join((self.below, ",".join(self.waiting), self.before))

    @staticmethod
    def of(text: str) -> "_Place":
        if not text:
            return _Place()
        below, waiting, before = [*text.split("|"), "", ""][:3]
        return _Place(below, tuple(one for one in waiting.split(",") if one), before, True)


class MastodonListing:
    """Keeps the promise of `ports.Listing`: posts with files, that everybody may see.

    What only followers may see is not given to Heed's account, and messages between people are
    none of its business.
    """

    def __init__(
        self, server: Server, peer: Peer, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._server, self._peer, self._wait = server, peer, wait
        self._base = settings.read(peer.said).url

    def page(self, after: str) -> ListedPage:
        """One question to the server, or two. Raises `NotListed`."""
        place = _Place.of(after)
        if not place.waiting:
            place = self._further_accounts(place)
        if not place.waiting:
            return ListedPage(items=(), after="")
        account = place.waiting[0]
        query = {"only_media": "true", "limit": AT_ONCE, "max_id": place.before}
        rows = self._ask(f"/api/v1/accounts/{account}/statuses", query, "read:statuses")
        if len(rows) < AT_ONCE:
            following = _Place(place.below, place.waiting[1:], "", True)
        else:
            following = _Place(place.below, place.waiting, str(rows[-1].get("id") or ""), True)
        return ListedPage(items=self._items(rows), after=following.text())

    def _further_accounts(self, place: _Place) -> _Place:
        query = {"local": "true", "limit": ACCOUNTS_AT_ONCE, "max_id": place.below}
        rows = self._ask(ACCOUNTS, query, "admin:read:accounts")
        refs = tuple(str(row["id"]) for row in rows if row.get("id"))
        return _Place(refs[-1] if refs else "", refs, "", True)

    def _items(self, rows: list[Mapping[str, Any]]) -> tuple[Listed, ...]:
        try:
            return tuple(listed(post) for row in rows for post in reading.posts(row, self._base))
        except NotReadable as lacks:
            raise NotListed(f"a status lacks {lacks}: is this a Mastodon server?") from None

    def _ask(self, path: str, query: Mapping[str, Any], right: str) -> list[Mapping[str, Any]]:
        """Waits as long as the server asks for. An account that has gone has published nothing."""
        for _ in range(TRIES):
            try:
                return _rows(self._server.ask(self._peer, "GET", path, query=query), right)
            except PeerBusy as busy:
                self._wait(min(busy.retry_in if busy.retry_in is not None else 5.0, LONGEST_WAIT))
            except PeerRefused as why:
                raise NotListed(str(why)) from None
        raise NotListed("the server is busy: go on later, from where it stopped")


def _rows(reply: Reply, right: str) -> list[Mapping[str, Any]]:
    if reply.status in (404, 410):
        return []
    allowed(reply, right)
    if not isinstance(reply.said, list):
        raise PeerBusy("answer_unreadable")
    return [one for one in reply.said if isinstance(one, Mapping)]
