"""Django in threads, behind a server that speaks ASGI.

Pages and most of the API wait for the database: they are plain functions in a few threads, as under
any WSGI server. What must never wait for them stands beside them in the same process and event
loop: see `heed.web.platform_api.gate`.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, closing, nullcontext
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answered = Callable[[int], None]  # told the status of an answer
Turn = Callable[[Scope, bytes | None], AbstractAsyncContextManager[Answered]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

AT_ONCE_BYTES = 1 << 20  # a body or an answer up to this is taken whole; a longer one in pieces
SENT_WITHIN_SECONDS = 60.0  # a body of that size, over a slow phone
LONG_WITHIN_SECONDS = 600.0  # a longer one, and more time by its length
LEAST_BYTES_A_SECOND = 50_000
FORMS = ("/", "/notice")  # where notices are sent to
# Requests with a body above 64 KiB, and above `AT_ONCE_BYTES`, that are taken in at a time: so much
# memory, and so many threads that wait for what is sent slowly. Notices have as much again.
SMALL_BYTES, MIDDLE_AT_ONCE, LONG_AT_ONCE = 1 << 16, 64, 4


class TooMany(Exception):
    """So many wait that this one is told to come again, with the page that says so."""

    def __init__(self, page: bytes) -> None:
        self.page = page


class Body(io.RawIOBase):
    """A request's body, read from a thread as it comes. Nothing of it is kept.

    Reading raises `TimeoutError` when it takes too long, `ConnectionAbortedError` when it ends
    before its end.
    """

    def __init__(
        self, receive: Receive, loop: asyncio.AbstractEventLoop, size: int | None = None
    ) -> None:
        """`size` in bytes, where that is known."""
        self._receive, self._loop = receive, loop
        self._kept, self._over = b"", False
        within = LONG_WITHIN_SECONDS + (size or 0) / LEAST_BYTES_A_SECOND
        self._until = loop.time() + within

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, waiting for them; fewer only at the end."""
        parts, missing = [], sys.maxsize if size is None or size < 0 else size
        while missing and (piece := self._kept or self._next()):
            parts.append(piece[:missing])
            self._kept = piece[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)

    def readline(self, size: int | None = -1) -> bytes:
        """A line; forms are read by Django's own parser, which does not ask for lines."""
        line = bytearray()
        while not line.endswith(b"\n") and len(line) != size and (byte := self.read(1)):
            line += byte
        return bytes(line)

    def _next(self) -> bytes:
        while not self._over:
            message = asyncio.run_coroutine_threadsafe(self._one(), self._loop).result()
            if message["type"] != "http.request":
                raise ConnectionAbortedError("whoever sent this has gone")
            self._over = not message.get("more_body")
            if piece := bytes(message.get("body", b"")):
                return piece
        return b""

    async def _one(self) -> Message:
        async with asyncio.timeout_at(self._until):
            return await self._receive()


class Whole(Body):
    """A body that was read before."""

    def __init__(self, data: bytes) -> None:
        self._kept, self._over = data, True


class Threads:
    """A WSGI application as an ASGI one."""

    def __init__(
        self, application: Wsgi, executor: Executor, turn: Turn = lambda *_: nullcontext(_nobody)
    ) -> None:
        """`turn` is waited for before the usual executor is asked, and held until it is done.

        It is told of the body where that is short enough to be read before.
        """
        self._application, self._executor, self._turn = application, executor, turn
        self._room = {
            (form, places): asyncio.Semaphore(places)
            for form in (False, True)
            for places in (MIDDLE_AT_ONCE, LONG_AT_ONCE)
        }

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        body: bytes | None = None,
        executor: Executor | None = None,
    ) -> None:
        """Answer one request; `body` if it was read already, `executor` if not the usual one.

        No thread waits for a short body: whoever sends it slowly takes nobody's place.
        """
        async with self._room_for(scope, body, executor):
            if body is None and _is_short(length(scope)):
                body = await _in_time(receive, send)
                if body is None:
                    return
            messages = await self._in_turn(scope, receive, send, body, executor)
        for message in messages:
            await send(message)

    async def _in_turn(
        self, scope: Scope, receive: Receive, send: Send, body: bytes | None,
        executor: Executor | None,
    ) -> list[Message]:  # fmt: skip
        if executor is not None:  # whoever has one has bounds of its own
            return await self._answer(scope, receive, send, body, executor)
        try:
            async with self._turn(scope, body) as answered:
                messages = await self._answer(scope, receive, send, body, self._executor)
                answered(messages[0].get("status", 200))
                return messages
        except TooMany as refused:
            return _told(503, refused.page, (b"retry-after", b"60"))

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, body: bytes | None, executor: Executor
    ) -> list[Message]:
        loop = asyncio.get_running_loop()
        stream = Body(receive, loop, length(scope)) if body is None else Whole(body)
        answer = _Answer(send, loop)
        run = lambda: answer.take(self._application, environ(scope, stream))  # noqa: E731
        return await loop.run_in_executor(executor, run)

    def _room_for(
        self, scope: Scope, body: bytes | None, executor: Executor | None
    ) -> AbstractAsyncContextManager[Any]:
        size = _most_bytes(scope) if body is None else len(body)
        if size <= SMALL_BYTES or (size > AT_ONCE_BYTES and executor is not None):
            return nullcontext()
        places = MIDDLE_AT_ONCE if size <= AT_ONCE_BYTES else LONG_AT_ONCE
        return self._room[is_form(scope), places]


def _nobody(_: int) -> None:
    """Whom no status is told."""


def is_form(scope: Scope) -> bool:
    """A notice is sent, or something where one could be."""
    return scope["method"] == "POST" and scope["path"] in FORMS


def _most_bytes(scope: Scope) -> int:
    """Of the body: it may be as long as it likes where its length is not said."""
    said = length(scope)
    if said is not None:
        return said
    chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    return sys.maxsize if chunked else 0


def _is_short(size: int | None) -> bool:
    """Of a body that is there. Not for `range` to say: it looks for None a million times."""
    return size is not None and 0 < size <= AT_ONCE_BYTES


def length(scope: Scope) -> int | None:
    """What the request says of its body's bytes; None where it says nothing that can be read."""
    said = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(said[0]) if said and said[0].isdigit() else None


async def _in_time(receive: Receive, send: Send) -> bytes | None:
    """The whole body. None when its sender has gone, or was told that it took too long."""
    try:
        async with asyncio.timeout(SENT_WITHIN_SECONDS):
            return await _whole(receive)
    except TimeoutError:
        for message in _told(408, b"", (b"connection", b"close")):
            await send(message)
        return None


def _told(status: int, page: bytes, *headers: tuple[bytes, bytes]) -> list[Message]:
    kind = (b"content-type", b"text/html; charset=utf-8")
    size, kept = (b"content-length", b"%d" % len(page)), (b"cache-control", b"no-store")
    said = [kind, size, kept, *headers]
    start = {"type": "http.response.start", "status": status, "headers": said}
    return [start, {"type": "http.response.body", "body": page}]


async def _whole(receive: Receive) -> bytes | None:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None  # half a form is no form
        parts.append(bytes(message.get("body", b"")))
        if not message.get("more_body"):
            return b"".join(parts)


class _Answer:
    """What the application says: sent in pieces while it is long, else returned."""

    def __init__(self, send: Send, loop: asyncio.AbstractEventLoop) -> None:
        self._send, self._loop = send, loop
        self._start: Message = {}
        self._parts: list[bytes] = []
        self._size, self._begun = 0, False

    def take(self, application: Wsgi, asked: dict[str, Any]) -> list[Message]:
        """Run the application in this thread; what it returns is still to be sent."""
        said = application(asked, self._start_response)
        with closing(said) if hasattr(said, "close") else nullcontext():  # type: ignore[type-var]
            for part in said:
                self._parts.append(part)
                self._size += len(part)
                if self._size > AT_ONCE_BYTES:
                    self._pass_on()
        last: Message = {"type": "http.response.body", "body": b"".join(self._parts)}
        if self._begun:
            return [last]
        if asked["REQUEST_METHOD"] != "HEAD" and self._start["status"] not in (204, 304):
            _say_length(self._start["headers"], self._size)
        return [self._start, last]

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], failed: Any = None
    ) -> Callable[[bytes], None]:
        self._start = {
            "type": "http.response.start",
            "status": int(status.split(" ", 1)[0]),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
        }
        return self._parts.append

    def _pass_on(self) -> None:
        messages = [] if self._begun else [self._start]
        body = b"".join(self._parts)
        messages.append({"type": "http.response.body", "body": body, "more_body": True})
        self._parts, self._size, self._begun = [], 0, True
        for message in messages:
            asyncio.run_coroutine_threadsafe(_say(self._send, message), self._loop).result()


def _say_length(headers: list[tuple[bytes, bytes]], size: int) -> None:
    """Else it would be sent in chunks, which not all that ask can read."""
    if not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", b"%d" % size))


async def _say(send: Send, message: Message) -> None:
    await send(message)


def environ(scope: Scope, body: io.RawIOBase) -> dict[str, Any]:
    """The request as PEP 3333 has it."""
    server = scope.get("server") or ("localhost", 80)
    asked = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").upper().replace("-", "_")
        if "_" in raw.decode("latin-1"):
            continue  # could pass for a header with a hyphen that a proxy has set
        key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
        said = value.decode("latin-1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        asked[key] = f"{asked[key]}{joint}{said}" if key in asked else said
    return asked
