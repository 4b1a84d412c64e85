"""Connections: whoever says nothing, or too slowly, or never comes to the end, is not waited for.

A proxy before Heed would see to that as well; a small site may have none.
"""

import asyncio
import contextlib
import fcntl
import re
import sys
from termios import TIOCOUTQ
from typing import Any

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_CONNECTIONS = 2_000
MOST_HEAD_BYTES = 1 << 16  # of a request before its body, and behind it
WITHIN_SECONDS = 60.0  # a request that is short comes whole, and of a longer one comes `ENOUGH`
ENOUGH_BYTES = 1 << 16
_UPGRADE = re.compile(rb"(?im)^upgrade[ \t]*:")


class Patient(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._since: float | None = self.loop.time()  # when what we wait for began
        self._begins, self._head_bytes, self._has_body = True, 0, False
        self._came = self._came_before = 0
        self._full_since: float | None = None  # when what we say was no longer taken
        self._left = 0  # bytes of it at the last look
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Taken, unless there are very many."""
        if len(self.connections) >= MOST_CONNECTIONS:
            self.transport = transport
            transport.abort()
            return
        super().connection_made(transport)
        self._look = self.loop.call_later(WITHIN_SECONDS, self._look_again)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request, or of several."""
        if self._since is None:
            self._since, self._head_bytes = self.loop.time(), 0
        self._came += len(data)
        self._has_body = False
        super().data_received(_not_upgraded(data) if self._begins else data)
        self._head_bytes = 0 if self._has_body else self._head_bytes + len(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of this request is too long.")

    def on_message_begin(self) -> None:
        """The first letter of a request."""
        self._since, self._begins, self._head_bytes = self.loop.time(), False, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """What is wanted is known. Raises where the parser would take the body for a request."""
        if self.parser.should_upgrade():
            raise HttpParserError("no other protocol is spoken here")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._has_body = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of a request is there; how long the answer takes is our affair."""
        self._since = self.loop.time() if self.cycle.response_complete else None
        self._begins = True
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Whoever asked does not take the answer as fast as it is said."""
        self._full_since = self.loop.time()
        self._left = self._untaken()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It was taken."""
        self._full_since = None
        super().resume_writing()

    def _look_again(self) -> None:
        came, self._came_before = self._came - self._came_before, self._came
        if self._full_since is None and self.transport.is_closing():
            self._full_since, self._left = self.loop.time(), self._untaken()  # it waits to be taken
        if (self._is_waited_for() and came < ENOUGH_BYTES) or self._is_stuck():
            self.transport.abort()
        else:
            self._look = self.loop.call_later(WITHIN_SECONDS, self._look_again)

    def _is_waited_for(self) -> bool:
        """The rest of a request, for long enough, and it is not we who let it wait."""
        if not self._is_long(self._since) or self.flow.read_paused:
            return False
        cycle: Any = self.cycle  # none before the first request
        return cycle is None or cycle.more_body or cycle.response_complete

    def _is_stuck(self) -> bool:
        """Of what we say, hardly anything is taken."""
        before, self._left = self._left, self._untaken()
        return self._is_long(self._full_since) and before - self._left < ENOUGH_BYTES

    def _untaken(self) -> int:
        """Bytes of what we said that have not arrived: ours, and those that the kernel has."""
        kernels = bytearray(4)
        with contextlib.suppress(OSError):  # not Linux: its buffers are small
            fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, kernels)
        return self.transport.get_write_buffer_size() + int.from_bytes(kernels, sys.byteorder)

    def _is_long(self, since: float | None) -> bool:
        return since is not None and self.loop.time() - since >= WITHIN_SECONDS


def _not_upgraded(data: bytes) -> bytes:
    """Without the offer of another protocol, which some clients make with each request, and which
    may be ignored (RFC 9110, 7.8).

    `data` begins between two requests, so no body's line can be meant. An offer that comes in a
    later part of a head is refused: see above.
    """
    if b"pgrade" not in data:
        return data
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"x-upgrade-offered:", head) + end + rest
