"""What a Mastodon server is told: reports that are decided, and measures on accounts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from heed.integrations.connectors.api import Reply
from heed.integrations.mastodon.server import ACCOUNTS, REPORTS, Server
from heed.ports import Endpoint, Peer, PeerBusy, PeerRefused, PlatformCannot, PlatformUnreachable

# Its words for what may be done to an account. Whatever is not `none` resolves all open reports
# about the account: Heed takes those as notices before it sends one.
ACTIONS = {"warn": "none", "limit": "silence", "suspend": "suspend"}
_HELD = {"silence": "silenced", "suspend": "suspended"}  # how an account says that it is so
UNDO = {"limit": "unsilence", "suspend": "unsuspend"}  # a warning stays said
MOST_WORDS = 10_000  # characters


def tell(server: Server, endpoint: Endpoint, payload: Mapping[str, Any]) -> None:
    """Raises `PlatformUnreachable`, `PlatformCannot`; each text is a name."""
    kind = str(payload.get("type") or "")
    if kind not in _TOLD:  # statements of reasons: there is nothing to say them by but a strike
        raise PlatformCannot("not_on_mastodon")
    peer = Peer(
        slug=endpoint.slug,
        said=endpoint.said,
        private_addresses_allowed=endpoint.private_addresses_allowed,
    )
    try:
        _TOLD[kind](server, peer, payload)
    except PeerBusy as busy:
        raise PlatformUnreachable(str(busy)) from None
    except PeerRefused:
        raise PlatformUnreachable("peer_refused") from None  # `heed platform check` says why


def _resolve(server: Server, peer: Peer, payload: Mapping[str, Any]) -> None:
    """Resolved is resolved, whoever did it. No word of ours can go with it."""
    _done(server.ask(peer, "POST", f"{REPORTS}/{payload['report']}/resolve", body={}))


def _measure(server: Server, peer: Peer, payload: Mapping[str, Any]) -> None:
    account, measure = str(payload["account"]), str(payload["measure"])
    if measure == "none":
        undo = UNDO.get(str(payload.get("lifted")))
        if undo is not None:
            _done(server.ask(peer, "POST", f"{ACCOUNTS}/{account}/{undo}", body={}))
        return
    _act(server, peer, account, ACTIONS[measure], _words(payload))


def _act(server: Server, peer: Peer, account: str, action: str, words: str) -> None:
    """Once: asked again after an answer that was lost, it would be a second strike and mail."""
    if _is_so(server.ask(peer, "GET", f"{ACCOUNTS}/{account}"), action):
        return
    body = {"type": action, "text": words[:MOST_WORDS], "send_email_notification": True}
    _done(server.ask(peer, "POST", f"{ACCOUNTS}/{account}/action", body=body))


def _is_so(reply: Reply, action: str) -> bool:
    if reply.status in (404, 410):
        return True
    held = reply.said if reply.ok and isinstance(reply.said, Mapping) else {}
    return bool(held.get(_HELD.get(action, "")))


def _words(payload: Mapping[str, Any]) -> str:
    parts: Sequence[object] = (payload.get("reasons"), payload.get("appeal_url"))
    return "\n\n".join(str(part) for part in parts if part)


def _done(reply: Reply) -> None:
    """What is not there any more needs nothing done to it."""
    if reply.ok or reply.status in (404, 410):
        return
    raise PlatformUnreachable(f"status_{reply.status}")


_TOLD: Mapping[str, Callable[[Server, Peer, Mapping[str, Any]], None]] = {
    "report.decided": _resolve,
    "account.measured": _measure,
}
