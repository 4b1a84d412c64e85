"""What a Lemmy server is told: what is removed and restored, what is decided, who is banned.

Its log of moderation is public, so no reason that is sent says more than that people look, or that
the site's rules count. The administrator's purge, and `remove_data`, are never used: both destroy.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from heed.integrations.connectors.api import Reply
from heed.integrations.lemmy import reading, settings
from heed.integrations.lemmy.server import Server, is_missing
from heed.ports import (
    DesiredState,
    Endpoint,
    Peer,
    PeerBusy,
    PeerRefused,
    PlatformCannot,
    PlatformUnreachable,
    Result,
    StateResult,
)
from heed.rules.visibility import Visibility

REASONS = {
    Visibility.HIDDEN: "Out of sight while people look at it.",
    Visibility.REMOVED: "Against the rules of this site.",
    Visibility.VISIBLE: "People have looked at it: it may stay.",
}
BANNED = "Against the rules of this site."
WITHIN_SECONDS = 12.0  # for one batch; what is left over is told again
MOST_WORDS = 10_000  # characters of a private message


def peer_at(endpoint: Endpoint) -> Peer:
    """Whom to speak with."""
    return Peer(
        slug=endpoint.slug,
        said=endpoint.said,
        private_addresses_allowed=endpoint.private_addresses_allowed,
    )


# ------------------------------------------------------------------ states


def tell_states(
    server: Server, endpoint: Endpoint, states: Sequence[DesiredState]
) -> list[StateResult]:
    """One after the other, as many as there is time for. Raises `PlatformUnreachable`."""
    peer, until = peer_at(endpoint), time.monotonic() + WITHIN_SECONDS
    done: list[StateResult] = []
    for state in states:
        if time.monotonic() > until:
            break
        try:
            result = _made_so(server, peer, state)
        except (PeerBusy, PeerRefused) as why:
            if done:
                break  # the rest is told again
            busy = isinstance(why, PeerBusy)
            raise PlatformUnreachable(str(why) if busy else "peer_refused") from None
        done.append(StateResult(item_ref=state.item_ref, revision=state.revision, result=result))
    return done


def _made_so(server: Server, peer: Peer, state: DesiredState) -> Result:
    named = reading.parted(state.item_ref)
    thing = None if named is None else server.thing(peer, *named)
    if named is None or thing is None:
        return Result.NOT_FOUND
    kind, number = named
    wanted = Visibility(state.visibility)
    removed = wanted is not Visibility.VISIBLE
    if bool(thing.get("removed")) == removed:
        return Result.APPLIED
    if kind == reading.COMMENT and thing.get("deleted"):
        return Result.UNSUPPORTED  # its writer took it away, and may bring it back: a person looks
    if not removed and _is_another_s(server, peer, kind, number):
        return Result.UNSUPPORTED  # it is theirs to restore
    body = {f"{kind}_id": number, "removed": removed, "reason": REASONS[wanted]}
    reply = server.ask(peer, "POST", f"/{kind}/remove", body=body)
    if is_missing(reply):
        return Result.NOT_FOUND
    return Result.APPLIED if reply.ok else Result.FAILED


def _is_another_s(server: Server, peer: Peer, kind: str, number: int) -> bool:
    """Whether somebody there removed it for reasons of their own, by the log of moderation."""
    name = f"ModRemove{kind.capitalize()}"
    query = {"type_": name, f"{kind}_id": number, "limit": 50}
    reply = server.ask(peer, "GET", "/modlog", query=query)
    rows = reply.said.get(f"removed_{kind}s") if isinstance(reply.said, Mapping) else None
    entries = [row.get(f"mod_remove_{kind}") or {} for row in rows or []]
    ours = [one for one in entries if one.get(f"{kind}_id") == number]
    if not ours:
        return False
    newest = max(ours, key=lambda one: str(one.get("when_") or ""))
    by = newest.get("mod_person_id")
    return bool(newest.get("removed")) and by is not None and by != server.me(peer)


# ------------------------------------------------------------------ everything else


def tell(server: Server, endpoint: Endpoint, payload: Mapping[str, Any]) -> None:
    """Raises `PlatformUnreachable`, `PlatformCannot`; each text is a name."""
    do = _TOLD.get(str(payload.get("type") or ""))
    if do is None:
        raise PlatformCannot("not_on_lemmy")
    try:
        do(server, peer_at(endpoint), payload)
    except PeerBusy as busy:
        raise PlatformUnreachable(str(busy)) from None
    except PeerRefused:
        raise PlatformUnreachable("peer_refused") from None  # `heed platform check` says why


def _resolve(server: Server, peer: Peer, payload: Mapping[str, Any]) -> None:
    """Resolved is resolved, whoever did it. No word of ours can go with it."""
    named = reading.parted(str(payload["report"]))
    if named is None:
        raise PlatformCannot("not_on_lemmy")
    kind, number = named
    body = {"report_id": number, "resolved": True}
    _done(server.ask(peer, "PUT", f"/{kind}/report/resolve", body=body))


def _measure(server: Server, peer: Peer, payload: Mapping[str, Any]) -> None:
    account, measure = int(payload["account"]), str(payload["measure"])
    if measure == "none":
        if payload.get("lifted") in ("limit", "suspend"):
            _ban(server, peer, account, ban=False)
        return
    if measure != "warn" and _is_banned(server, peer, account):
        return  # asked again after an answer that was lost
    _write(server, peer, account, _words(payload))
    days = settings.read(peer.said).limit_days if measure == "limit" else None
    if measure != "warn":
        _ban(server, peer, account, ban=True, days=days)


def _ban(server: Server, peer: Peer, account: int, *, ban: bool, days: int | None = None) -> None:
    until = None if days is None else int((datetime.now(UTC) + timedelta(days=days)).timestamp())
    body = {"person_id": account, "ban": ban, "remove_data": False, "reason": BANNED}
    if until is not None:
        body["expires"] = until
    _done(server.ask(peer, "POST", "/user/ban", body=body))


def _is_banned(server: Server, peer: Peer, account: int) -> bool:
    reply = server.ask(peer, "GET", "/user", query={"person_id": account, "limit": 1})
    view = reply.said.get("person_view") if isinstance(reply.said, Mapping) else None
    person = view.get("person") if isinstance(view, Mapping) else None
    return is_missing(reply) or (isinstance(person, Mapping) and bool(person.get("banned")))


def _statements(server: Server, peer: Peer, payload: Mapping[str, Any]) -> None:
    """To each account alone, as a private message. Told again, they may come twice."""
    for one in payload.get("statements") or []:
        if str(one.get("account") or "").isdecimal():
            parts = [f"{line['label']}: {line['text']}" for line in one.get("statement") or []]
            words = "\n\n".join([*parts, str(one.get("appeal_url") or "")])
            _write(server, peer, int(one["account"]), words)


def _write(server: Server, peer: Peer, account: int, words: str) -> None:
    body = {"content": words[:MOST_WORDS], "recipient_id": account}
    _done(server.ask(peer, "POST", "/private_message", body=body))


def _words(payload: Mapping[str, Any]) -> str:
    parts: Sequence[object] = (payload.get("reasons"), payload.get("appeal_url"))
    return "\n\n".join(str(part) for part in parts if part)


def _done(reply: Reply) -> None:
    """What is not there any more needs nothing done to it."""
    if not reply.ok and not is_missing(reply):
        raise PlatformUnreachable(f"status_{reply.status}")


_TOLD: Mapping[str, Callable[[Server, Peer, Mapping[str, Any]], None]] = {
    "report.decided": _resolve,
    "account.measured": _measure,
    "statements.issued": _statements,
}
