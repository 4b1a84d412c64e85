"""Questions to one Mastodon server, with the token that its operator made for Heed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from heed.integrations.connectors.api import Api, Reply
from heed.integrations.connectors.credentials import credentials
from heed.integrations.connectors.fields import NotReadable
from heed.integrations.mastodon import reading, settings
from heed.ports import Peer, PeerBusy, PeerRefused, Reported

REPORTS = "/api/v1/admin/reports"
ACCOUNTS = "/api/v1/admin/accounts"
PAGE = 100  # reports at once: what it gives unasked
MOST_PAGES = 200
_REF = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NEXT = re.compile(r"<([^>]+)>\s*;\s*rel=\"?next\"?")


class Server:
    """One for a process, for all Mastodon servers."""

    def __init__(self) -> None:
        self._api = Api()

    def close(self) -> None:
        """Close idle connections."""
        self._api.close()

    def ask(
        self,
        peer: Peer,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        """`path` may be a whole address of the same server. Raises `PeerBusy`, `PeerRefused`."""
        base = settings.read(peer.said).url
        url = path if path.startswith(base + "/") else base + path
        return self._api.ask(
            method,
            url,
            headers={"Authorization": f"Bearer {credentials(peer.slug, ['token'])['token']}"},
            private=peer.private_addresses_allowed,
            query=query,
            body=body,
        )

    def report(self, peer: Peer, ref: str) -> Reported | None:
        """One report; None when there is none of this ref. Raises `PeerBusy`, `PeerRefused`."""
        if not _REF.fullmatch(ref):
            return None
        reply = self.ask(peer, "GET", f"{REPORTS}/{ref}")
        if reply.status in (404, 410):
            return None
        allowed(reply, "admin:read:reports")
        return _read(reply.said, settings.read(peer.said))

    def open_reports(self, peer: Peer, account_ref: str) -> Iterator[Reported]:
        """The newest first, page by page. Raises `PeerBusy`, `PeerRefused`."""
        said = settings.read(peer.said)
        # Unresolved ones are what it gives unasked; some versions take any `resolved` for a yes.
        query = {"limit": PAGE, "target_account_id": account_ref}
        for page in self.pages(peer, REPORTS, query, "admin:read:reports"):
            for one in page:
                report = _read(one, said)
                if report.open:
                    yield report

    def pages(
        self, peer: Peer, path: str, query: Mapping[str, Any], right: str
    ) -> Iterator[list[Any]]:
        """Lists, each with a link to the next one. Raises `PeerBusy`, `PeerRefused`."""
        asked: Mapping[str, Any] | None = query
        for _ in range(MOST_PAGES):
            reply = self.ask(peer, "GET", path, query=asked)
            allowed(reply, right)
            if not isinstance(reply.said, list):
                raise PeerBusy("answer_unreadable")
            yield reply.said
            further = _NEXT.search(reply.headers.get("link", ""))
            if further is None or not reply.said:
                return
            path, asked = further.group(1), None


def allowed(reply: Reply, right: str) -> None:
    """Raises `PeerRefused`, with the right that the token lacks."""
    if reply.status == 401:
        raise PeerRefused("the token is not known there: make a new one, with the rights it needs")
    if reply.status == 403:
        raise PeerRefused(
            f"the token may not do this: it needs {right}, and its account a role that may"
        )
    if not reply.ok:
        raise PeerRefused(f"it answered {reply.status} where {right} is asked for")


def _read(report: Any, said: settings.Said) -> Reported:
    try:
        if not isinstance(report, Mapping):
            raise NotReadable("report")
        return reading.reported(report, said)
    except NotReadable as lacks:
        raise PeerBusy(f"a report lacks {lacks}") from None
