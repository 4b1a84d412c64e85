"""A site on loopback that can be told to misbehave. Real sockets, one thread for each request."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any


class Visit(BaseHTTPRequestHandler):
    """One request. Handlers use `self.say` or write to the socket as they like."""

    protocol_version = "HTTP/1.1"
    server: "Site"

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self, chunk: bytes) -> None:
        """Write `chunk` for as long as the other side takes it."""
        while not self.server.closing.wait(0.02):
            self.wfile.write(chunk)

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        self.server.visits.append((self.command, self.path, dict(self.headers.items())))
        try:
            self.server.pages[self.path.partition("?")[0]](self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = handle_any  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class Site(ThreadingHTTPServer):
    """`pages` maps a path to what answers there; `visits` is what came in."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.pages: dict[str, Callable[[Visit], None]] = {}
        self.visits: list[tuple[str, str, dict[str, str]]] = []
        self.connections = 0
        self.closing = threading.Event()
        self.port = self.server_address[1]
        self.place = f"127.0.0.1:{self.port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what these tests are about."""

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextmanager
def open_site(tls: SSLContext | None = None) -> Iterator[Site]:
    """A running site, stopped at the end."""
    site = Site()
    if tls is not None:
        site.socket = tls.wrap_socket(site.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        site.shutdown()
        thread.join()
        site.server_close()


def until(holds: Callable[[], bool], within_seconds: float = 60.0) -> bool:
    """Poll until `holds`; returns whether it came to hold."""
    ends = time.monotonic() + within_seconds
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True
