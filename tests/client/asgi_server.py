"""An ASGI site that really listens, in a thread of its own."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ready: list[tuple[asyncio.AbstractEventLoop, Server]] = []

    async def run() -> None:
        kind, quiet = Interfaces.ASGINL, LogLevels.error
        server = Server(app, "127.0.0.1", port, interface=kind, log_level=quiet, websockets=False)
        ready.append((asyncio.get_running_loop(), server))
        await server.serve()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    url = f"http://127.0.0.1:{port}"
    _wait(url)
    yield url
    loop, server = ready[0]
    loop.call_soon_threadsafe(server.stop)
    thread.join(10)


def _wait(url: str) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            httpx2.get(url, trust_env=False)
            return
        except httpx2.TransportError:
            assert time.monotonic() < until, "the site did not come up"
            time.sleep(0.02)
