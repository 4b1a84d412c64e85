"""Heed's callback in front of any ASGI site: Starlette, FastAPI, Django under ASGI."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from .callbacks import MOST_BODY_BYTES, Handler
from .wsgi import PATH

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

P = ParamSpec("P")
T = TypeVar("T")
_loop: ContextVar[asyncio.AbstractEventLoop] = ContextVar("heed_client_loop")


def waiting(function: Callable[P, Awaitable[T]]) -> Callable[P, T]:
    """Makes an `async` function fit where a plain one is wanted: `book.following(waiting(apply))`.

    It runs in the site's own event loop, so what belongs to that loop can be used in it.
    """

    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await function(*args, **kwargs)

    @wraps(function)
    def waited(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run_coroutine_threadsafe(run(*args, **kwargs), _loop.get()).result()

    return waited


class HeedCallback:
    """`app = HeedCallback(app, handler)`. All but its one path is the site's.

    The handler works in a thread: a slow `apply` holds up nobody else.
    """

    def __init__(self, app: Asgi, handler: Handler, *, path: str = PATH) -> None:
        self._app, self._handler, self._path = app, handler, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        status, body = await self._answer(scope, receive)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            return 405, b"{}"
        body = await _body(receive)
        if body is None:
            return 413, b"{}"
        _loop.set(asyncio.get_running_loop())
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in
                   scope["headers"]}  # fmt: skip
        return await asyncio.to_thread(self._handler.answer, body, headers)


async def _body(receive: Receive) -> bytes | None:
    """All of it; None when it is too much, or broke off."""
    whole = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        whole += message.get("body", b"")
        if len(whole) > MOST_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(whole)
