"""What was written on a Lemmy server: its posts, then its comments, the oldest first."""

import time
from collections.abc import Callable

from heed.integrations.connectors.listed import listed
from heed.integrations.lemmy import reading
from heed.integrations.lemmy.server import PAGE, Server
from heed.ports import ListedPage, NotListed, Peer, PeerBusy, PeerPost, PeerRefused

WAIT_SECONDS = 20.0  # its limit is of so many questions a minute, and it does not say how many
TRIES = 5


class LemmyListing:
    """Keeps the promise of `ports.Listing`: what everybody may see, of this server's own members.

    The oldest first, so that what is written meanwhile moves no page.
    """

    def __init__(
        self, server: Server, peer: Peer, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._server, self._peer, self._wait = server, peer, wait

    def page(self, after: str) -> ListedPage:
        """One question to the server. Raises `NotListed`."""
        kind, _, number = (after or f"{reading.POST}:1").partition(":")
        page = int(number)
        posts = self._asked(kind, page)
        if len(posts) == PAGE:
            following = f"{kind}:{page + 1}"
        else:
            following = f"{reading.COMMENT}:1" if kind == reading.POST else ""
        return ListedPage(items=tuple(map(listed, posts)), after=following)

    def _asked(self, kind: str, page: int) -> list[PeerPost]:
        for _ in range(TRIES):
            try:
                return self._server.published(self._peer, kind, sort="Old", page=page)
            except PeerBusy:
                self._wait(WAIT_SECONDS)
            except PeerRefused as why:
                raise NotListed(str(why)) from None
        raise NotListed("the server is busy: go on later, from where it stopped")
