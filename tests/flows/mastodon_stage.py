"""A stage on a stand-in for Mastodon: what is told there is heard here, by its own webhooks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from heed.flows import guard_media
from heed.flows.connect_platform import connect_platform
from heed.integrations.mastodon.stand_in import StandIn, running
from heed.integrations.mastodon.stand_in_state import SECRET, TOKEN
from tests.flows.conftest import close_ports
from tests.flows.stage import Stage

RULES = [{"id": "1", "text": "Be kind."}, {"id": "2", "text": "Nothing sexual about minors."}]
CREDENTIALS = json.dumps({"token": TOKEN, "webhook_secret": SECRET})
MAPPED = {"gate": "on", "rule_2": "minor_sexual"}


class Social(Stage):
    """A platform that runs Mastodon."""

    def __init__(self, server: StandIn, **said: str) -> None:
        self.server, self.there = server, server.there
        super().__init__(
            "social", self.there.base, private_addresses=[urlsplit(self.there.base).netloc]
        )
        self.now = datetime.now(UTC) + timedelta(minutes=1)  # the door takes the real time
        self.said = {"url": self.there.base, **MAPPED, **said}
        connect_platform(
            platform_slug="social", connector="mastodon", said=self.said, by="test", now=self.now
        )

    def hook(self, event: str, thing: dict[str, Any], **headers: str) -> int:
        """A webhook comes in at the door; returns what it is answered."""
        body, signed = self.there.hook(event, thing)
        sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed.items()}
        return Client().post(
            "/connect/social/hook", body, content_type="application/json", **(sent | headers)
        ).status_code  # fmt: skip


@contextmanager
def social(monkeypatch: pytest.MonkeyPatch, **said: str) -> Iterator[Social]:
    """A stage on a running stand-in."""
    monkeypatch.setenv("HEED_CONNECTOR_SOCIAL", CREDENTIALS)
    with running() as server:
        yield Social(server, **said)
    close_ports()
    guard_media.forget()
