"""The duty person is rung by mail and in the team's channel; a way that fails says so."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from standardwebhooks.webhooks import Webhook

from heed.integrations.pager.mail_and_team import MailAndTeam
from heed.ports import PagerRefused, Reach, Ringing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WORDS = Ringing(subject="Look now", text="Open this page", link="https://h/c/1", urgent=True)


def team(server: HTTPServer, **more: Any) -> Reach:
    place = f"{server.host}:{server.port}"
    return Reach(
        way="team", address=server.url_for("/hook"), private_addresses_allowed=(place,), **more
    )


def ring(to: Reach) -> None:
    MailAndTeam().ring(to, WORDS, message_id="m1", now=datetime.now(UTC))


def test_the_team_reads_the_words_and_can_check_who_sent_them(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("ok")
    ring(team(httpserver, secret=SECRET))
    request, _ = httpserver.log[0]
    said = json.loads(request.data)
    assert (said["text"], said["link"], said["urgent"]) == ("Open this page", "https://h/c/1", True)
    Webhook(SECRET).verify(request.data, dict(request.headers))


def test_a_channel_that_answers_no_is_a_failure_with_a_name(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("", 503)
    with pytest.raises(PagerRefused, match="status 503"):
        ring(team(httpserver))


def test_the_operators_own_network_is_not_rung_unless_it_is_listed(httpserver: HTTPServer) -> None:
    with pytest.raises(PagerRefused, match="team: "):
        ring(Reach(way="team", address=httpserver.url_for("/hook")))


def test_a_push_is_a_line_of_plain_text_that_a_telephone_shows(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/topic", method="POST").respond_with_data("ok")
    to = Reach(
        way="push", address=httpserver.url_for("/topic"),
        private_addresses_allowed=(f"{httpserver.host}:{httpserver.port}",),
    )  # fmt: skip
    ring(to)
    request, _ = httpserver.log[0]
    assert request.data == b"Open this page"
    assert request.headers["Title"] == "Look now" and request.headers["Priority"] == "urgent"
    assert request.headers["Click"] == "https://h/c/1"
    for wrong in (302, 413, 503):  # to follow a redirect would tell a stranger
        httpserver.clear()
        httpserver.expect_request("/topic").respond_with_data("", wrong, {"Location": "/other"})
        with pytest.raises(PagerRefused, match=f"push: status {wrong}"):
            ring(to)
        assert len(httpserver.log) == 1
    with pytest.raises(PagerRefused, match="push: address_refused"):
        ring(replace(to, private_addresses_allowed=()))


def test_a_mail_server_that_is_down_is_a_failure_with_a_name(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with pytest.raises(PagerRefused, match="mail: "):
        ring(Reach(way="mail", address="rae@heed.example"))


def test_a_mail_goes_to_the_person_on_duty(mailoutbox: list[Any]) -> None:
    ring(Reach(way="mail", address="rae@heed.example"))
    assert (mailoutbox[0].to, mailoutbox[0].subject) == (["rae@heed.example"], "Look now")
