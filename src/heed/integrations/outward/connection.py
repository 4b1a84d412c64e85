"""Connections that go where they were checked to go, and end when their time is up."""

import contextvars
import select
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2

from heed.integrations.outward.addresses import AddressRefused, NameUnknown, Resolved, resolve

# Each read may come just in time for ever; only an end for the whole exchange stops a slow sender.
_ends_at: contextvars.ContextVar[float] = contextvars.ContextVar("ends_at")


class NoAnswer(Exception):
    """Nothing could be learnt. `str()` is the name of the reason, free of addresses and people."""


@contextmanager
def time_for_all(within_seconds: float) -> Iterator[None]:
    """Every wait on a connection inside ends `within_seconds` from now."""
    token = _ends_at.set(time.monotonic() + within_seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def seconds_left(at_most: float | None = None) -> float:
    """What remains of `time_for_all`. Raises `NoAnswer` when it is used up."""
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise NoAnswer("timed_out")
    return left if at_most is None else min(left, at_most)


class Stream(httpcore2.NetworkStream):
    """A socket on which no wait is longer than the exchange has left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes; none at the end."""
        self._sock.settimeout(seconds_left(timeout))
        try:
            return self._sock.recv(max_bytes)
        except TimeoutError:
            raise NoAnswer("timed_out") from None
        except OSError as error:
            raise httpcore2.ReadError(type(error).__name__) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of `buffer`."""
        view = memoryview(buffer)
        try:
            while view:
                self._sock.settimeout(seconds_left(timeout))
                view = view[self._sock.send(view) :]
        except TimeoutError:
            raise NoAnswer("timed_out") from None
        except OSError as error:  # httpcore still reads what the other side may have said
            raise httpcore2.WriteError(type(error).__name__) from None

    def close(self) -> None:
        """Let go of the socket."""
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """The same connection under TLS, checked against the name in the URL."""
        try:
            self._sock.settimeout(seconds_left(timeout))
            return Stream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname))
        except TimeoutError:
            self.close()
            raise NoAnswer("timed_out") from None
        except (OSError, ValueError):  # ssl.SSLError is an OSError; ValueError: an impossible name
            self.close()
            raise NoAnswer("tls_failed") from None

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks to learn whether an idle connection was closed."""
        if info == "is_readable":
            return _is_readable(self._sock)
        return {"socket": self._sock}.get(info)


def _is_readable(sock: socket.socket) -> bool:
    """Whether an idle connection has something to say: an end, or rubbish. Either way: not ours."""
    if sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


class GuardedBackend(httpcore2.NetworkBackend):
    """Resolves a name once, checks every address of it, and connects to just those."""

    def __init__(self, private_addresses_allowed: tuple[str, ...]) -> None:
        self._allowed = private_addresses_allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first checked address that takes it."""
        until = time.monotonic() + seconds_left(timeout)
        reason = "not_connected"
        for address in self._checked(host, port, until - time.monotonic()):
            try:
                return Stream(_connected(address, until - time.monotonic()))
            except ConnectionRefusedError:
                reason = "connection_refused"
            except TimeoutError:
                reason = "connect_timed_out"
            except OSError:
                reason = "not_connected"
        raise NoAnswer(reason)

    def _checked(self, host: str, port: int, within_seconds: float) -> list[Resolved]:
        try:
            return resolve(
                host,
                port,
                private_addresses_allowed=self._allowed,
                within_seconds=within_seconds,
            )
        except AddressRefused:
            raise NoAnswer("address_refused") from None
        except NameUnknown:
            raise NoAnswer("name_unknown") from None


def _connected(address: Resolved, within_seconds: float) -> socket.socket:
    if within_seconds <= 0:
        raise TimeoutError
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(within_seconds)
        sock.connect(where)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock
