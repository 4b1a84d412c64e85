"""Questions to one Lemmy server, with the token of the account that its operator made for Heed."""

from collections.abc import Iterator, Mapping
from typing import Any

from heed.integrations.connectors.api import Api, Reply
from heed.integrations.connectors.credentials import credentials
from heed.integrations.connectors.fields import NotReadable
from heed.integrations.lemmy import reading, settings
from heed.ports import Peer, PeerBusy, PeerPost, PeerRefused, Reported

API = "/api/v3"
PAGE = 50  # the most that it gives
MOST_PAGES = 200
OURS_PAGES = 2  # of the newest, among which are those that our own removals resolved
NO_TOKEN = "the token is not known there: sign in anew with Heed's account, and keep the new one"
NOT_ADMIN = "Heed's account may not do this: make it an administrator of the site"
_STRANGER = {"not_logged_in", "incorrect_login"}
_MAY_NOT = {"not_an_admin", "not_a_mod_or_admin", "not_a_moderator"}
_LATER = {"rate_limit_error"}  # with 400: it does not say it by a status of its own


class Server:
    """One for a process, for all Lemmy servers."""

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
        """Any no that is about the thing asked for is a reply. Raises `PeerBusy`, `PeerRefused`."""
        token = credentials(peer.slug, ["token"])["token"]
        reply = self._api.ask(
            method,
            settings.read(peer.said).url + API + path,
            headers={"Authorization": f"Bearer {token}"},
            private=peer.private_addresses_allowed,
            query=query,
            body=body,
        )
        why = error_of(reply)
        if why in _LATER:
            raise PeerBusy(why)
        if reply.status == 401 or why in _STRANGER:
            raise PeerRefused(NO_TOKEN)
        if reply.status == 403 or why in _MAY_NOT:
            raise PeerRefused(NOT_ADMIN)
        return reply

    def me(self, peer: Peer) -> int:
        """The number of Heed's own account there. Raises `PeerBusy`, `PeerRefused`."""
        return int(self.own_view(peer)["person"]["id"])

    def own_view(self, peer: Peer) -> Mapping[str, Any]:
        """What it says of Heed's own account. Raises `PeerBusy`, `PeerRefused`."""
        said = self.ask(peer, "GET", "/site").said
        if not isinstance(said, Mapping):
            raise PeerRefused("it does not answer as Lemmy 0.19 does: is the address right?")
        try:
            view: Mapping[str, Any] = said["my_user"]["local_user_view"]
            int(view["person"]["id"])
        except (KeyError, TypeError, ValueError):
            raise PeerRefused(NO_TOKEN) from None
        return view

    def report(self, peer: Peer, ref: str) -> Reported | None:
        """One report, from the list: it can't be asked for alone."""
        return next((one for one in self.open_reports(peer, "") if one.ref == ref), None)

    def open_reports(self, peer: Peer, account_ref: str) -> Iterator[Reported]:
        """Those that nobody decided. Raises `PeerBusy`, `PeerRefused`."""
        me = self.me(peer)
        for kind in reading.KINDS:
            for unresolved, most in (("true", MOST_PAGES), ("false", OURS_PAGES)):
                for view in self._views(peer, kind, unresolved, most):
                    report = _read(kind, view, settings.read(peer.said), me)
                    theirs = account_ref in ("", report.account_ref)
                    resolved = bool(view[f"{kind}_report"].get("resolved"))
                    if report.open and theirs and resolved == (unresolved == "false"):
                        yield report

    def _views(
        self, peer: Peer, kind: str, unresolved: str, most: int
    ) -> Iterator[Mapping[str, Any]]:
        for page in range(1, most + 1):
            query = {"page": page, "limit": PAGE, "unresolved_only": unresolved}
            reply = self.ask(peer, "GET", f"/{kind}/report/list", query=query)
            rows = reply.said.get(f"{kind}_reports") if isinstance(reply.said, Mapping) else None
            if not reply.ok or not isinstance(rows, list):
                raise PeerBusy(f"no list of {kind} reports: {reply.status}")
            yield from rows
            if len(rows) < PAGE:
                return

    def published(self, peer: Peer, kind: str, *, sort: str, page: int = 1) -> list[PeerPost]:
        """Some of the posts or comments written here. Raises `PeerBusy`, `PeerRefused`."""
        query = {"type_": "Local", "sort": sort, "limit": PAGE, "page": page}
        reply = self.ask(peer, "GET", f"/{kind}/list", query=query)
        rows = reply.said.get(f"{kind}s") if isinstance(reply.said, Mapping) else None
        if not reply.ok or not isinstance(rows, list):
            raise PeerBusy(f"no list of {kind}s: {reply.status}")
        return [_published(kind, row, settings.read(peer.said)) for row in rows]

    def thing(self, peer: Peer, kind: str, number: int) -> Mapping[str, Any] | None:
        """A post or comment as moderators see it; None where there is none."""
        reply = self.ask(peer, "GET", f"/{kind}", query={"id": number})
        if reply.ok and isinstance(reply.said, Mapping):
            found = (reply.said.get(f"{kind}_view") or {}).get(kind)
            if isinstance(found, Mapping):
                return found
        if reply.status in (400, 404) and is_missing(reply):
            return None
        raise PeerBusy(f"status_{reply.status}")


def error_of(reply: Reply) -> str:
    """The name that it gives to a refusal."""
    return str(reply.said.get("error") or "") if isinstance(reply.said, Mapping) else ""


def is_missing(reply: Reply) -> bool:
    """Whether it is the thing that is missing."""
    why = error_of(reply)
    return reply.status == 404 or why.startswith("couldnt_find") or why == "not_found"


def _published(kind: str, view: Any, said: settings.Said) -> PeerPost:
    thing = view.get(kind) if isinstance(view, Mapping) else None
    try:
        return reading.published(kind, thing if isinstance(thing, Mapping) else {}, said)
    except NotReadable as lacks:
        raise PeerBusy(f"a {kind} lacks {lacks}") from None


def _read(kind: str, view: Any, said: settings.Said, me: int) -> Reported:
    try:
        if not isinstance(view, Mapping):
            raise NotReadable("report")
        return reading.reported(kind, view, said, me=me)
    except NotReadable as lacks:
        raise PeerBusy(f"a report lacks {lacks}") from None
