"""What a platform is told, and what is believed of its answers."""

import base64
import hmac
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from heed.integrations.webhook.platform import Webhook
from heed.ports import DesiredState, Endpoint, PlatformUnreachable, Result, StateResult
from tests.integrations.site import Site, Visit, open_site

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STATES = [
    DesiredState(item_ref="a", visibility="hidden", revision=3, reason="child-safety"),
    DesiredState(item_ref="b", visibility="visible", revision=8, reason="none"),
]


def endpoint(site: Site, path: str = "/hook", secret: str = SECRET) -> Endpoint:
    return Endpoint(
        callback_url=site.url(path),
        callback_secret=secret,
        private_addresses_allowed=(site.place,),
    )


def tell(webhook: Webhook, to: Endpoint, now: datetime | None = None) -> list[StateResult]:
    return webhook.tell_states(to, STATES, message_id="msg-1", now=now or datetime.now(UTC))


def answers(site: Site, said: object, status: int = 200) -> None:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    site.pages["/hook"] = lambda visit: visit.say(status, body)


def test_who_knows_the_secret_before_the_newest_one_verifies_it_too(
    webhook: Webhook, site: Site
) -> None:
    newest = "whsec_" + base64.b64encode(b"another secret of 24 byte").decode()
    heard: list[list[bool]] = []

    def hook(visit: Visit) -> None:
        heard.append([verified(one, visit) for one in (newest, SECRET)])
        visit.say(200, b"{}")

    site.pages["/hook"] = hook
    both = replace(endpoint(site, secret=newest), former_secrets=(SECRET,))
    tell(webhook, both)
    tell(webhook, endpoint(site, secret=newest))
    assert heard == [[True, True], [True, False]]


def verified(secret: str, visit: Visit) -> bool:
    try:
        Verifier(secret).verify(visit.body, dict(visit.headers.items()))
    except WebhookVerificationError:
        return False
    return True


def test_the_states_arrive_signed_so_that_the_library_verifies_them(
    webhook: Webhook, site: Site
) -> None:
    heard: list[Any] = []

    def hook(visit: Visit) -> None:
        heard.append(Verifier(SECRET).verify(visit.body, dict(visit.headers.items())))
        visit.say(200, b'{"results": []}')

    site.pages["/hook"] = hook
    elsewhere = datetime.now(UTC).astimezone(timezone(timedelta(hours=9)))
    assert tell(webhook, endpoint(site), now=elsewhere) == []
    assert heard == [
        {
            "type": "states.desired",
            "states": [
                {"item": "a", "visibility": "hidden", "revision": 3, "reason": "child-safety"},
                {"item": "b", "visibility": "visible", "revision": 8, "reason": "none"},
            ],
        }
    ]
    assert site.visits[0][2]["webhook-id"] == "msg-1"


def test_the_signature_is_what_the_guide_says_for_sites_without_a_library(
    webhook: Webhook, site: Site
) -> None:
    bodies: list[bytes] = []

    def hook(visit: Visit) -> None:
        bodies.append(visit.body)
        visit.say(200, b'{"results": []}')

    site.pages["/hook"] = hook
    tell(webhook, endpoint(site))
    headers = {name.lower(): value for name, value in site.visits[0][2].items()}
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + bodies[0]
    signature = base64.b64encode(hmac.digest(key, text, "sha256")).decode()
    assert f"v1,{signature}" in headers["webhook-signature"].split(" ")
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 300


def test_the_platforms_word_comes_back_for_each_item(webhook: Webhook, site: Site) -> None:
    answers(
        site,
        {
            "results": [
                {"item": "a", "revision": 3, "result": "applied"},
                {"item": "b", "revision": 8, "result": "unsupported"},
            ]
        },
    )
    assert tell(webhook, endpoint(site)) == [
        StateResult(item_ref="a", revision=3, result=Result.APPLIED),
        StateResult(item_ref="b", revision=8, result=Result.UNSUPPORTED),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {"item": "a", "revision": 2, "result": "applied"},  # older than sent
        {"item": "a", "revision": 4, "result": "applied"},  # never sent
        {"item": "z", "revision": 3, "result": "applied"},
        {"item": "a", "revision": 3, "result": "done"},
        {"item": "a", "revision": "3", "result": "applied"},
        {"item": "a", "revision": True, "result": "applied"},
        {"item": "a", "result": "applied"},
        {"item": ["a"], "revision": 3, "result": "applied"},
        {"item": "a", "revision": 3, "result": {}},
        "applied",
        None,
    ],
)
def test_a_word_that_makes_no_sense_counts_as_not_said_yet(
    webhook: Webhook, site: Site, entry: object
) -> None:
    good = {"item": "b", "revision": 8, "result": "applied"}
    answers(site, {"results": [entry, good]})
    assert [result.item_ref for result in tell(webhook, endpoint(site))] == ["b"]


def test_two_different_words_on_one_item_are_no_word(webhook: Webhook, site: Site) -> None:
    words = [{"item": "a", "revision": 3, "result": word} for word in ("applied", "failed")]
    twice = [{"item": "b", "revision": 8, "result": "applied"}] * 2
    answers(site, {"results": words + twice})
    assert [result.item_ref for result in tell(webhook, endpoint(site))] == ["b"]


@pytest.mark.parametrize("said", [{}, {"results": None}, {"results": "all"}, {"ok": True}])
def test_an_answer_without_results_means_later(webhook: Webhook, site: Site, said: object) -> None:
    answers(site, said)
    assert tell(webhook, endpoint(site)) == []


@pytest.mark.parametrize("status", [202, 204])
def test_a_platform_may_answer_later(webhook: Webhook, site: Site, status: int) -> None:
    answers(site, b"", status)
    assert tell(webhook, endpoint(site)) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "answer_unreadable"),
        (b"<html>ok</html>", "answer_unreadable"),
        (b"[]", "answer_unreadable"),
        (b"\xff\xfe", "answer_unreadable"),
        (b"[" * 200_000, "answer_unreadable"),
        (b'{"results": [' + b" " * 1_100_000 + b"]}", "answer_too_large"),
    ],
)
def test_an_answer_that_can_not_be_read_confirms_nothing(
    webhook: Webhook, site: Site, body: bytes, reason: str
) -> None:
    answers(site, body)
    with pytest.raises(PlatformUnreachable, match=reason):
        tell(webhook, endpoint(site))


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410, 429, 500, 503])
def test_only_a_2xx_confirms_and_no_redirect_is_followed(
    webhook: Webhook, site: Site, status: int
) -> None:
    site.pages["/hook"] = lambda visit: visit.say(status, Location="/other")
    with pytest.raises(PlatformUnreachable, match=f"status_{status}"):
        tell(webhook, endpoint(site))
    assert len(site.visits) == 1


def test_a_callback_into_the_private_network_is_refused(webhook: Webhook, site: Site) -> None:
    unlisted = Endpoint(
        callback_url=site.url("/hook"), callback_secret=SECRET, private_addresses_allowed=()
    )
    with pytest.raises(PlatformUnreachable, match="address_refused"):
        tell(webhook, unlisted)
    assert site.connections == 0


def test_a_platform_that_is_down_is_named_so(webhook: Webhook) -> None:
    with open_site() as gone:
        down = endpoint(gone)
    with pytest.raises(PlatformUnreachable, match="connection_refused"):
        tell(webhook, down)


def test_a_platform_that_never_ends_its_answer_is_left(site: Site) -> None:
    def endless(visit: Visit) -> None:
        visit.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        visit.drip(b" ")

    site.pages["/hook"] = endless
    webhook = Webhook(within_seconds=0.3)
    with pytest.raises(PlatformUnreachable, match="timed_out"):
        tell(webhook, endpoint(site))
    webhook.close()


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é"])
def test_an_unusable_secret_sends_nothing(webhook: Webhook, site: Site, secret: str) -> None:
    with pytest.raises(PlatformUnreachable, match="secret_unusable"):
        tell(webhook, endpoint(site, secret=secret))
    assert not site.visits


def test_a_letter_needs_no_more_than_a_2xx(webhook: Webhook, site: Site) -> None:
    answers(site, b"thanks", 201)
    webhook.tell(
        endpoint(site),
        {"type": "statement.issued", "item": "é\ud800"},
        message_id="m",
        now=datetime.now(UTC),
    )
    assert len(site.visits) == 1


def test_deliveries_reuse_the_connection(webhook: Webhook, site: Site) -> None:
    answers(site, {"results": []})
    for _ in range(4):
        tell(webhook, endpoint(site))
    assert site.connections == 1
