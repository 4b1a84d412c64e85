"""What this interface is: alive, its paths, its description. Open to everybody."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse

from heed.web.hma.asking import say

ALIVE = "I-AM-ALIVE"
TITLE = "Open Media Match API"  # clients look for it
_OWN = ("/openapi/openapi.json", "/site-map", "/status", "/status/live")


def status() -> HttpResponse:
    """There is no index to be waited for: what is banked is matched by the next request."""
    return HttpResponse(ALIVE, content_type="text/html; charset=utf-8")


def site_map(paths: Sequence[str]) -> HttpResponse:
    """All paths."""
    return say(sorted({*paths, *_OWN}))


def openapi(routes: Sequence[tuple[str, str, Callable[..., Any]]]) -> HttpResponse:
    """A short description: paths, methods, and what each is for."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path, view in routes:
        said = (view.__doc__ or "").strip()
        names = [name for name in ("name", "number") if f"{{{name}}}" in path]
        paths.setdefault(path, {})[method.lower()] = {
            "summary": said,
            "parameters": [
                {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
                for name in names
            ],
            "responses": {"200": {"description": "See docs/integrate.md"}},
        }
    info = {"title": TITLE, "version": "1.0.0"}
    return say({"openapi": "3.1.0", "info": info, "paths": paths})
