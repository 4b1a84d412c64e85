"""What a Mastodon server has published is listed whole, in spite of its limit, and can be gone on
with by another process.
"""

import json
from collections.abc import Iterator

import pytest

from heed.integrations.mastodon import listing
from heed.integrations.mastodon.listing import MastodonListing
from heed.integrations.mastodon.server import Server
from heed.integrations.mastodon.stand_in import StandIn, running
from heed.integrations.mastodon.stand_in_state import SECRET, TOKEN
from heed.ports import NotListed, Peer


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    kept = {"token": TOKEN, "webhook_secret": SECRET}
    monkeypatch.setenv("HEED_CONNECTOR_SOCIAL", json.dumps(kept))
    monkeypatch.setattr(listing, "AT_ONCE", 3)
    monkeypatch.setattr(listing, "ACCOUNTS_AT_ONCE", 2)
    with running() as server:
        yield server


def peer(server: StandIn) -> Peer:
    place = f"127.0.0.1:{server.server_address[1]}"
    said = {"url": server.there.base}
    return Peer(slug="social", said=said, private_addresses_allowed=(place,))


def listed(server: StandIn, waits: list[float]) -> list[str]:
    """Every ref; each page is asked for by a new listing, as after a crash."""
    refs, after = [], ""
    for _ in range(60):
        port = Server()
        page = MastodonListing(port, peer(server), waits.append).page(after)
        port.close()
        refs += [one.ref for one in page.items]
        after = page.after
        if not after:
            return refs
    raise AssertionError("it does not end")


def test_every_post_with_a_file_is_listed_once_whatever_goes_wrong(there: StandIn) -> None:
    state = there.there
    people = [state.join(name) for name in ("dana", "gil", "uri", "zed", "rae")]
    posts = [state.post(people[n % 4], "a picture", b"png" * 40).id for n in range(23)]
    state.post(people[0], "words alone")
    state.post(people[1], "for you", b"png" * 40, visibility="direct")
    waits: list[float] = []
    assert sorted(listed(there, waits)) == sorted(posts) and not waits
    state.faults["/api/v1/"] = [429, "half", "silent"]
    assert sorted(listed(there, waits)) == sorted(posts) and len(waits) == 3
    assert 290 < waits[0] <= 310  # as long as the server asked for


def test_what_the_token_may_not_read_is_said(there: StandIn) -> None:
    there.there.scopes.remove("admin:read:accounts")
    with pytest.raises(NotListed, match="admin:read:accounts"):
        listed(there, [])
    there.there.faults["/api/v1/"] = [503] * 9
    there.there.scopes.append("admin:read:accounts")
    with pytest.raises(NotListed, match="busy"):
        listed(there, [])
