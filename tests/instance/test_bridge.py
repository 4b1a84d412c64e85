"""Django behind an event loop: whose body comes slowly, or not at all, keeps nobody's thread."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from heed.instance import bridge
from tests.apart import apart

HALF = {"type": "http.request", "body": b"links=https%3A%2F%2F", "more_body": True}
REST = {"type": "http.request", "body": b"town.example", "more_body": False}
GONE = {"type": "http.disconnect"}
WHOLE = b"links=https%3A%2F%2Ftown.example"


class Site:
    """An application that notes the bodies it is given, behind one thread."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.said: list[dict[str, Any]] = []
        self.threads = bridge.Threads(self._answer, ThreadPoolExecutor(1))

    def _answer(self, asked: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.bodies.append(asked["wsgi.input"].read())
        start("200 OK", [])
        return [b"heard"]

    async def hear(self, *messages: dict[str, Any], pause: float = 0.0) -> list[int]:
        """Send these parts; returns the statuses that were answered."""
        parts = iter(messages)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(pause)
            return next(parts)

        async def send(message: Any) -> None:
            self.said.append(message)

        headers = [(b"content-length", b"%d" % len(WHOLE))]
        scope: dict[str, Any] = {
            "type": "http", "method": "POST", "path": "/notice", "query_string": b"",
            "http_version": "1.1", "headers": headers,
        }  # fmt: skip
        await self.threads(scope, receive, send)
        return [one["status"] for one in self.said if "status" in one]


def test_a_body_that_comes_in_parts_is_given_whole() -> None:
    site = Site()
    assert apart(asyncio.run, site.hear(HALF, REST)) == [200]
    assert site.bodies == [WHOLE]


def test_half_a_form_is_no_form() -> None:
    site = Site()
    assert apart(asyncio.run, site.hear(HALF, GONE)) == []
    assert site.bodies == []


def test_who_takes_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "SENT_WITHIN_SECONDS", 0.05)
    site = Site()
    assert apart(asyncio.run, site.hear(HALF, REST, pause=0.04)) == [408]
    assert site.bodies == []


def test_a_slow_sender_keeps_no_thread_from_another() -> None:
    async def play(site: Site) -> list[bytes]:
        slow = asyncio.ensure_future(site.hear(HALF, REST, pause=0.3))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(site.hear({**REST, "body": b"quick"}), 0.2)
        await slow
        return site.bodies

    assert apart(asyncio.run, play(Site())) == [b"quick", WHOLE]
