"""What the stand-ins for other sides' servers have in common: they answer at once, and quietly."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=ThreadingHTTPServer)


class Visit(BaseHTTPRequestHandler):
    """One request, on a connection that may stay."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves as one: in two parts each would wait for the other side
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Anything that only asks."""
        self.visit()

    def do_POST(self) -> None:
        """Anything that changes something."""
        self.visit()

    def do_PUT(self) -> None:
        """The same."""
        self.visit()

    def visit(self) -> None:
        """Answer it; `command` and `path` say what it asks for."""
        raise NotImplementedError

    def body(self) -> bytes:
        """What was sent with the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(
        self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """A whole answer."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet: nothing that was said is ever printed."""


class Server(ThreadingHTTPServer):
    """Listens until it is closed."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is its own affair."""


@contextmanager
def answering(server: Kind) -> Iterator[Kind]:
    """It answers for the block, and is closed at the end."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
