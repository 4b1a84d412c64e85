"""One question over HTTP and its answer: no redirects, no cookies, no proxy, no compression."""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import httpcore2
import httpx2

from heed.integrations.outward.connection import GuardedBackend, NoAnswer, time_for_all

USER_AGENT = "Heed/0.1 (+verification)"
CONNECT_WITHIN_SECONDS = 3.0
READ_WITHIN_SECONDS = 20.0
_MOST_ALLOW_LISTS = 64  # pools kept: one for each platform's list of private addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. Header names are lower case; `complete` is false when `body` was cut."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def address(url: str) -> httpx2.URL:
    """`url` read and found usable. Raises `NoAnswer("bad_url")`."""
    try:
        read = httpx2.URL(url)
        usable = read.scheme in ("http", "https") and read.raw_host and not read.userinfo
        usable = usable and 0 < (read.port or 1) < 65536
    except (httpx2.InvalidURL, ValueError, TypeError):
        raise NoAnswer("bad_url") from None
    if not usable:
        raise NoAnswer("bad_url")
    return read


class Wire:
    """Keeps connections for reuse, apart for each list of private addresses that are allowed."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._pools: dict[tuple[str, ...], httpcore2.ConnectionPool] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        method: str,
        url: httpx2.URL,
        *,
        headers: Mapping[str, str],
        content: bytes = b"",
        max_bytes: int,
        within_seconds: float,
        private_addresses_allowed: tuple[str, ...],
    ) -> Answer:
        """Raises `NoAnswer` with a named reason."""
        request = httpcore2.Request(
            method,
            httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=_headers(url, headers, content),
            content=content,
            extensions={
                "timeout": {
                    "connect": CONNECT_WITHIN_SECONDS,
                    "read": READ_WITHIN_SECONDS,
                    "write": READ_WITHIN_SECONDS,
                    "pool": within_seconds,
                }
            },
        )
        try:
            with time_for_all(within_seconds):
                return _answer(self._pool(private_addresses_allowed), request, max_bytes)
        except httpcore2.PoolTimeout:
            raise NoAnswer("timed_out") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            raise NoAnswer("broken_answer") from None

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def _pool(self, allowed: tuple[str, ...]) -> httpcore2.ConnectionPool:
        with self._lock:
            if allowed not in self._pools and len(self._pools) >= _MOST_ALLOW_LISTS:
                self._pools.pop(next(iter(self._pools)))  # its connections end when last used
            if allowed not in self._pools:
                self._pools[allowed] = httpcore2.ConnectionPool(
                    ssl_context=self._tls or _trusted(),
                    max_connections=64,
                    max_keepalive_connections=16,
                    keepalive_expiry=4.0,  # below the five seconds after which servers hang up
                    network_backend=GuardedBackend(allowed),
                )
            return self._pools[allowed]


def _headers(
    url: httpx2.URL, headers: Mapping[str, str], content: bytes
) -> list[tuple[bytes, bytes]]:
    sent = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",  # a small answer must not unpack into a large one
        **({"Content-Length": str(len(content))} if content else {}),
        **headers,
    }
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()]


def _answer(pool: httpcore2.ConnectionPool, request: httpcore2.Request, max_bytes: int) -> Answer:
    response = pool.handle_request(request)
    try:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise NoAnswer("unasked_encoding")
        body, complete = _body(response, max_bytes)
    finally:
        response.close()
    return Answer(status=response.status, headers=headers, body=body, complete=complete)


def _body(response: httpcore2.Response, max_bytes: int) -> tuple[bytes, bool]:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > max_bytes:
            return bytes(body[:max_bytes]), False
    return bytes(body), True
