"""Townsquare as the story sees it: a visitor, a poster, and what the site really serves."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2

Json = dict[str, Any]
AT_ONCE = 4  # posts under way at a time


class TownRefused(Exception):
    """Townsquare answered otherwise than the story needs. Its answer is in the message."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one post: published (201), held (202) or refused (422)."""

    id: str
    url: str
    status: int


class Town:
    """A client of one Townsquare. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx2.Client(base_url=url, timeout=60, follow_redirects=True)

    def close(self) -> None:
        """Go."""
        self._http.close()

    def post(self, account: str, text: str, picture: bytes) -> Posted:
        """Post a picture as this account."""
        answer = self._http.post(
            "/api/posts",
            headers={"X-Account": account},
            data={"text": text},
            files={"files": ("picture.jpg", picture)},
        )
        if answer.status_code not in (201, 202, 422):
            raise TownRefused(f"{answer.status_code}: {answer.text[:200]}")
        told = answer.json()
        return Posted(str(told.get("id", "")), str(told.get("url", "")), answer.status_code)

    def post_many(self, posts: Sequence[tuple[str, str, bytes]]) -> list[Posted]:
        """Post several, a few at a time, in the order given."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda post: self.post(*post), posts))

    def reshare(self, account: str, post_id: str) -> int:
        """Reshare as this account; the status tells whether the site let it."""
        path = f"/api/posts/{post_id}/reshare"
        return int(self._http.post(path, headers={"X-Account": account}).status_code)

    def seed_reshares(self, post_id: str, count: int, depth: int, views: int) -> list[str]:
        """Many accounts reshare a post, and each other, through several levels."""
        asked = {"of": post_id, "reshares": count, "depth": depth, "views": views}
        answer = self._http.post("/pretend/seed", json=asked)
        if answer.status_code != 201:
            raise TownRefused(f"{answer.status_code}: {answer.text[:200]}")
        return [str(one) for one in answer.json()["reshares"]]

    def status_of(self, url: str) -> int:
        """What an anonymous visitor gets at this address."""
        return int(self._http.get(url).status_code)

    def facts(self, *, brief: bool = False) -> Json:
        """What the site says of itself from the inside."""
        found: Json = self._http.get("/pretend/facts" + ("?brief=1" if brief else "")).json()
        return found

    def pretend(self, mode: str, seconds: float | None = None, only: str = "") -> None:
        """Have the site misbehave; without `seconds`, until it is told otherwise."""
        asked: Json = {"mode": mode, "only": only}
        if seconds is not None:
            asked["seconds"] = seconds
        self._http.post("/pretend", json=asked).raise_for_status()

    def wait_registered(self, within_seconds: float = 60) -> None:
        """Until Heed has confirmed everything that was posted."""
        until = time.monotonic() + within_seconds
        while self.facts(brief=True)["unregistered"]:
            if time.monotonic() > until:
                raise TownRefused("Heed has not confirmed all registrations")
            time.sleep(0.1)

    def wait_gone(self, urls: Iterable[str], within_seconds: float) -> float:
        """Seconds until none of these is served to a visitor any more."""
        began = time.monotonic()
        left = list(urls)
        while left:
            left = [url for url in left if self.status_of(url) == 200]
            if time.monotonic() - began > within_seconds:
                raise TownRefused(f"{len(left)} are still served after {within_seconds:.0f} s")
            time.sleep(0.005)
        return time.monotonic() - began
