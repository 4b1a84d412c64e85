"""Whether all that Heed needs of a Mastodon server works, and what to do where it does not."""

from collections.abc import Iterator

from heed.integrations.connectors.credentials import credentials
from heed.integrations.mastodon import settings
from heed.integrations.mastodon.server import ACCOUNTS, REPORTS, Server
from heed.ports import Peer, PeerBusy, PeerRefused, Tried

RIGHTS = ("admin:read:reports", "admin:write:reports", "admin:read:accounts",
          "admin:write:accounts", "read:statuses")  # fmt: skip
_BROAD = {"admin:read", "admin:write", "read"}
NEW_TOKEN = "make one under Preferences > Development, with the scopes " + " ".join(RIGHTS)
ROLE = "give its account a role with Manage Reports and Manage Users"
SHORTEST_SECRET = 12  # what Mastodon itself asks for


def examine(server: Server, peer: Peer) -> Iterator[Tried]:
    """Changes nothing there. What can't be tried is said so."""
    try:
        settings.read(peer.said)
        kept = credentials(peer.slug, ["token", "webhook_secret"])
    except PeerRefused as why:
        yield Tried(about="settings", says="they do not do", remedy=str(why))
        return
    yield _secret(kept["webhook_secret"])
    try:
        yield from _token(server, peer)
    except PeerBusy as busy:
        remedy = "see whether the server is up and this machine may reach it, then ask again"
        yield Tried(about="server", says=f"did not answer: {busy}", remedy=remedy)
    except PeerRefused as why:
        yield Tried(about="server", says="refuses", remedy=str(why))


def _secret(secret: str) -> Tried:
    if len(secret) < SHORTEST_SECRET:
        remedy = "copy the whole secret from Administration > Webhooks"
        return Tried(about="webhook secret", says="is too short to be one", remedy=remedy)
    return Tried(about="webhook secret", says="is kept; the first webhook shows whether it fits")


def _token(server: Server, peer: Peer) -> Iterator[Tried]:
    app = server.ask(peer, "GET", "/api/v1/apps/verify_credentials")
    if app.status in (401, 403):
        yield Tried(about="token", says="is not known there", remedy=NEW_TOKEN)
        return
    if lacks := _missing((app.said or {}).get("scopes")):
        yield Tried(about="token", says=f"lacks {', '.join(lacks)}", remedy=NEW_TOKEN)
    else:
        yield Tried(about="token", says="is known")
    for path, right in ((REPORTS, RIGHTS[0]), (ACCOUNTS, RIGHTS[2])):
        reply = server.ask(peer, "GET", path, query={"limit": 1})
        if reply.status == 403:
            remedy = f"{ROLE}, or {NEW_TOKEN}"
            yield Tried(about=right, says="is not allowed", remedy=remedy)
        else:
            works = "works" if reply.ok else f"answered {reply.status}"
            remedy = "" if reply.ok else "is this a Mastodon server, and its version 4 or newer?"
            yield Tried(about=right, says=works, remedy=remedy)


def _missing(scopes: object) -> list[str]:
    """What the token was not given. Older servers do not say, and then it is tried instead."""
    if not isinstance(scopes, list):
        return []
    held = {str(one) for one in scopes}
    broad = {one for one in _BROAD if one in held}
    return [one for one in RIGHTS if one not in held and not any(_in(one, b) for b in broad)]


def _in(right: str, broad: str) -> bool:
    return right.startswith(broad + ":")
