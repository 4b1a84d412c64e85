"""An ASGI site that really listens, in a thread of its own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn

from tests.ports import free_port


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Its address."""
    port = free_port()
    config = uvicorn.Config(
        app, port=port, interface="asgi3", ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    _wait(url)
    yield url
    server.should_exit = True
    thread.join(60)


def _wait(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            httpx2.get(url, trust_env=False)
            return
        except httpx2.TransportError:
            assert time.monotonic() < until, "the site did not come up"
            time.sleep(0.02)
