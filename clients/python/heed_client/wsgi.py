"""Heed's callback in front of any WSGI site: Django, Flask, or a plain function."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from .callbacks import MOST_BODY_BYTES, Handler

StartResponse = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
PATH = "/heed/callback"


class HeedCallback:
    """`application = HeedCallback(application, handler)`. All but its one path is the site's."""

    def __init__(self, app: Wsgi, handler: Handler, *, path: str = PATH) -> None:
        self._app, self._handler, self._path = app, handler, path

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        if environ.get("PATH_INFO") != self._path:
            return self._app(environ, start_response)
        status, body = self._answer(environ)
        words = f"{status} {HTTPStatus(status).phrase}"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(words, headers)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        if environ.get("REQUEST_METHOD") != "POST":
            return 405, b"{}"
        length = environ.get("CONTENT_LENGTH") or ""
        if not length.isdecimal():
            return 411, b"{}"
        if int(length) > MOST_BODY_BYTES:
            return 413, b"{}"
        return self._handler.answer(environ["wsgi.input"].read(int(length)), _headers(environ))


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
