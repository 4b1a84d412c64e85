"""Reads URLs of the open web: politely, bounded, and never inside the operator's network."""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import httpx2

from heed.integrations.outward.connection import NoAnswer
from heed.integrations.outward.exchange import Answer, Wire, address
from heed.ports import Fetched, NotFetched

MOST_REDIRECTS = 3
AT_ONCE_PER_HOST = 8
SPACING_SECONDS = 0.002  # between two requests to one host: at most 500 a second
_REDIRECTS = {301, 302, 303, 307, 308}
_HOSTS_REMEMBERED = 1_024


class Manners:
    """Few requests at a time to one host, and never all at the same instant."""

    def __init__(self, *, at_once: int, spacing_seconds: float) -> None:
        self._at_once = at_once
        self._spacing = spacing_seconds
        self._free = threading.Condition()
        self._busy: dict[str, int] = {}
        self._next: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str, *, until: float) -> Iterator[None]:
        """Wait for a place at `host`; raises `NoAnswer` when none is free by `until`."""
        pause = self._enter(host, until)
        try:
            if time.monotonic() + pause > until:
                raise NoAnswer("host_busy")
            time.sleep(pause)
            yield
        finally:
            self._leave(host)

    def _enter(self, host: str, until: float) -> float:
        with self._free:
            while self._busy.get(host, 0) >= self._at_once:
                if not self._free.wait(until - time.monotonic()) and time.monotonic() >= until:
                    raise NoAnswer("host_busy")
            self._busy[host] = self._busy.get(host, 0) + 1
            starts = max(time.monotonic(), self._next.get(host, 0.0))
            self._next[host] = starts + self._spacing
            return max(starts - time.monotonic(), 0.0)

    def _leave(self, host: str) -> None:
        with self._free:
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]
            if len(self._next) > _HOSTS_REMEMBERED:
                now = time.monotonic()
                self._next = {host: at for host, at in self._next.items() if at > now}
            self._free.notify_all()


class Fetcher:
    """Keeps the promise of `ports.Fetcher`. One for a process: threads share its manners."""

    def __init__(
        self,
        *,
        at_once_per_host: int = AT_ONCE_PER_HOST,
        spacing_seconds: float = SPACING_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._wire = Wire(tls=tls)
        self._manners = Manners(at_once=at_once_per_host, spacing_seconds=spacing_seconds)

    def fetch(
        self,
        url: str,
        *,
        max_bytes: int,
        within_seconds: float,
        private_addresses_allowed: tuple[str, ...] = (),
        bearer: str | None = None,
    ) -> Fetched:
        """GET `url` with up to three redirects, each checked like the first.

        `within_seconds` is for everything together; `bearer` is shown to the first origin only.
        Raises `NotFetched`, whose text is the name of the reason.
        """
        until = time.monotonic() + within_seconds
        try:
            first = at = address(url)
            for _ in range(MOST_REDIRECTS + 1):
                shown = bearer if _origin(at) == _origin(first) else None
                answer = self._get(at, max_bytes, until, private_addresses_allowed, shown)
                target = _redirected(at, answer)
                if target is None:
                    return _fetched(at, answer)
                at = target
        except NoAnswer as reason:
            raise NotFetched(str(reason)) from None
        raise NotFetched("too_many_redirects")

    def many(
        self,
        urls: Iterable[str],
        *,
        max_bytes: int,
        within_seconds: float,
        private_addresses_allowed: tuple[str, ...] = (),
        at_once: int = 16,
    ) -> Iterator[tuple[str, Fetched | NotFetched]]:
        """Fetch many URLs, `at_once` of them together; yields each as it is done, in no order.

        Takes the next URL only when one is done: `urls` may be endless, and no bodies pile up.
        """

        def one(url: str) -> tuple[str, Fetched | NotFetched]:
            try:
                return url, self.fetch(
                    url,
                    max_bytes=max_bytes,
                    within_seconds=within_seconds,
                    private_addresses_allowed=private_addresses_allowed,
                )
            except NotFetched as reason:
                return url, reason

        pool = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="fetch")
        try:
            running: set[Future[tuple[str, Fetched | NotFetched]]] = set()
            for url in urls:
                running.add(pool.submit(one, url))
                if len(running) >= at_once:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Close idle connections."""
        self._wire.close()

    def _get(
        self,
        at: httpx2.URL,
        max_bytes: int,
        until: float,
        allowed: tuple[str, ...],
        bearer: str | None,
    ) -> Answer:
        headers = {"Accept": "*/*"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        with self._manners.turn(at.netloc.decode("ascii"), until=until):
            return self._wire.ask(
                "GET",
                at,
                headers=headers,
                max_bytes=max_bytes,
                within_seconds=until - time.monotonic(),
                private_addresses_allowed=allowed,
            )


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _redirected(at: httpx2.URL, answer: Answer) -> httpx2.URL | None:
    """Where the answer sends us; `None` when it is an answer in itself."""
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or location is None:
        return None
    try:
        return address(str(at.join(location)))
    except (httpx2.InvalidURL, ValueError, NoAnswer):
        raise NoAnswer("redirect_broken") from None


def _fetched(at: httpx2.URL, answer: Answer) -> Fetched:
    return Fetched(
        status=answer.status,
        content_type=answer.headers.get("content-type", ""),
        body=answer.body,
        complete=answer.complete,
        final_url=str(at),
    )
