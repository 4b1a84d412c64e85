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
AT_MOST_SECONDS = 60  # for what comes at once: a slow machine is no fault
WHOLE = b"links=https%3A%2F%2Ftown.example"


class Site:
    """An application that notes the bodies it is given, behind one thread."""

    def __init__(self, threads: int = 1) -> None:
        self.bodies: list[bytes] = []
        self.said: list[dict[str, Any]] = []
        self.threads = bridge.Threads(self._answer, ThreadPoolExecutor(threads))

    def _answer(self, asked: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.bodies.append(asked["wsgi.input"].read())
        start("200 OK", [])
        return [b"heard"]

    async def hear(
        self,
        *messages: dict[str, Any],
        pause: float = 0.0,
        after: asyncio.Event | None = None,
        chunked: bool = False,
    ) -> list[int]:
        """Send these parts, the last one `after` something; returns the statuses answered."""
        parts = iter(messages)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(pause)
            part = next(parts)
            if after and part is messages[-1]:
                await after.wait()
            return part

        async def send(message: Any) -> None:
            self.said.append(message)

        headers = [(b"content-length", b"%d" % len(WHOLE))]
        if chunked:
            headers = [(b"transfer-encoding", b"chunked")]
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
        heard = asyncio.Event()
        slow = asyncio.ensure_future(site.hear(HALF, REST, after=heard))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(site.hear({**REST, "body": b"quick"}), AT_MOST_SECONDS)
        heard.set()
        await slow
        return site.bodies

    assert apart(asyncio.run, play(Site())) == [b"quick", WHOLE]


def test_a_body_of_any_length_is_given_as_it_comes_and_not_when_it_breaks_off() -> None:
    whole, torn, slow = Site(), Site(), Site()
    assert apart(asyncio.run, whole.hear(HALF, REST, chunked=True)) == [200]
    assert whole.bodies == [WHOLE]
    with pytest.raises(ConnectionAbortedError):
        apart(asyncio.run, torn.hear(HALF, GONE, chunked=True))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(TimeoutError):
        patch.setattr(bridge, "LONG_WITHIN_SECONDS", 0.05)
        apart(asyncio.run, slow.hear(HALF, REST, pause=0.04, chunked=True))
    assert torn.bodies == slow.bodies == []


def test_few_bodies_of_any_length_are_taken_in_at_a_time() -> None:
    async def play(site: Site) -> list[bytes]:
        places, heard = bridge.LONG_AT_ONCE, asyncio.Event()
        slow = [
            asyncio.ensure_future(site.hear(HALF, REST, after=heard, chunked=True))
            for _ in range(places + 1)
        ]
        await asyncio.sleep(0.05)
        quick = {**REST, "body": b"quick"}
        await asyncio.wait_for(site.hear(quick), AT_MOST_SECONDS)
        assert site.bodies == [b"quick"]
        heard.set()
        await asyncio.gather(*slow)
        return site.bodies

    site = Site(threads=bridge.LONG_AT_ONCE + 1)
    assert len(apart(asyncio.run, play(site))) == bridge.LONG_AT_ONCE + 2


def test_a_short_answer_says_how_long_it_is() -> None:
    site = Site()
    apart(asyncio.run, site.hear(HALF, REST))
    assert (b"content-length", b"5") in site.said[0]["headers"]


def test_where_too_many_wait_the_next_is_told_to_come_again() -> None:
    def turn(*_: object) -> Any:
        raise bridge.TooMany(b"later")

    site = Site()
    site.threads = bridge.Threads(site._answer, ThreadPoolExecutor(1), turn)
    assert apart(asyncio.run, site.hear(HALF, REST)) == [503]
    assert (b"retry-after", b"60") in site.said[0]["headers"]
    assert site.said[1]["body"] == b"later"
    assert site.bodies == []
