"""The door for clients of Hasher-Matcher-Actioner, which have no way to sign in.

They are known by a key in the path (`/hma/heed_.../c/banks`), or as a bearer. A doubled slash is
one; a slash at the end leads nowhere, as they expect.
"""

import logging
import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.urls import URLPattern, re_path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from psycopg_pool import PoolTimeout

from heed.flows import answer_lookups
from heed.flows.curate_banks import ActsToo, SharedBank
from heed.media.keys import Caller, Scope, caller_with
from heed.web.hma import about, banks, contents, exchanges, hashing, matching
from heed.web.hma.asking import MOST_JSON_BYTES, NOT_UNDERSTOOD, Ask, Refusal, refuse

logger = logging.getLogger(__name__)
AGAIN_IN_SECONDS = "2"
BROKEN = (
    "The server encountered an internal error and was unable to complete your request. Either the "
    "server is overloaded or there is an error in the application."
)
View = Callable[[Ask], HttpResponse]
_PAGE = "<!doctype html>\n<html lang=en>\n<title>{code} {name}</title>\n<h1>{name}</h1>\n"

# Method and path, in the words of the protocol; `{name}` and `{number}` stand for what is named.
ROUTES: tuple[tuple[str, str, View], ...] = (
    ("GET", "/h/hash", hashing.hash_url),
    ("POST", "/h/hash", hashing.hash_file),
    ("GET", "/m/lookup", matching.look_up),
    ("POST", "/m/lookup", matching.look_up_file),
    ("GET", "/m/raw_lookup", matching.raw_look_up),
    ("POST", "/m/compare", matching.compare),
    ("GET", "/m/index/status", matching.index_status),
    ("GET", "/c/banks", banks.every),
    ("POST", "/c/banks", banks.make),
    ("GET", "/c/bank/{name}", banks.show),
    ("PUT", "/c/bank/{name}", banks.change),
    ("DELETE", "/c/bank/{name}", banks.remove),
    ("POST", "/c/bank/{name}/content", contents.add),
    ("POST", "/c/bank/{name}/signal", contents.add_signals),
    ("GET", "/c/bank/{name}/content/{number}", contents.show),
    ("PUT", "/c/bank/{name}/content/{number}", contents.change),
    ("DELETE", "/c/bank/{name}/content/{number}", contents.remove),
    ("GET", "/c/exchanges/apis", exchanges.kinds),
    ("GET", "/c/exchanges/api/{name}", exchanges.kind),
    ("POST", "/c/exchanges/api/{name}", exchanges.credentials),
    ("GET", "/c/exchanges/api/{name}/schema", exchanges.schema),
    ("GET", "/c/exchanges", exchanges.every),
    ("POST", "/c/exchanges", exchanges.add),
    ("GET", "/c/exchange/{name}", exchanges.show),
    ("PUT", "/c/exchange/{name}", exchanges.change),
    ("DELETE", "/c/exchange/{name}", exchanges.remove),
    ("GET", "/c/exchange/{name}/status", exchanges.status),
    ("GET", "/c/signal_type", banks.signal_types),
    ("GET", "/c/signal_type/index", matching.type_index),
    ("PUT", "/c/signal_type/{name}", banks.change_signal_type),
    ("GET", "/c/content_type", banks.content_types),
)
OPEN: dict[str, Callable[[], HttpResponse]] = {
    "/status": about.status,
    "/status/live": about.status,
    "/site-map": lambda: about.site_map([path for _, path, _ in ROUTES]),
    "/openapi/openapi.json": lambda: about.openapi(ROUTES),
}


def _pattern(path: str) -> re.Pattern[str]:
    named = path.replace("{name}", r"(?P<name>[^/]+)").replace("{number}", r"(?P<number>\d{1,18})")
    return re.compile(named)


_COMPILED = [(method, _pattern(path), view) for method, path, view in ROUTES]


@csrf_exempt
def door(request: HttpRequest, rest: str) -> HttpResponse:
    """Any question. What fails is told in the protocol's own words too, never as a page."""
    try:
        return _door(request, rest)
    except (SuspiciousOperation, MultiPartParserError):
        return refuse(Refusal(400, NOT_UNDERSTOOD))
    except (OperationalError, InterfaceError, PoolTimeout) as away:
        logger.error("no database for a request", extra={"error": type(away).__name__})
        answer = refuse(Refusal(503, "index not yet ready"))
        answer["Retry-After"] = AGAIN_IN_SECONDS
        return answer
    except Exception:
        logger.exception("a request failed")
        return refuse(Refusal(500, BROKEN))


def _door(request: HttpRequest, rest: str) -> HttpResponse:
    method = "GET" if request.method == "HEAD" else request.method or ""
    path = re.sub("/+", "/", f"/{rest}")
    token, path = _key_in(path)
    if path in OPEN and method == "GET":
        return OPEN[path]()
    if path in ("/", ""):
        here = request.path.rstrip("/")
        return HttpResponseRedirect(f"{here}/status")
    token = token or request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    caller = caller_with(token, now=timezone.now()) if token else None
    if caller is None or Scope.BANKS not in caller.scopes:
        return _unknown(caller)
    return _answered(request, method, path, caller)


def _key_in(path: str) -> tuple[str, str]:
    """The key at the start of a path, and what follows it."""
    first, _, rest = path.lstrip("/").partition("/")
    return (first, f"/{rest}") if first.startswith("heed_") else ("", path)


def _unknown(caller: Caller | None) -> HttpResponse:
    if caller is not None:
        return refuse(Refusal(403, "missing role: this key lacks the scope `banks`"))
    answer = refuse(Refusal(401, "send a key with the scope `banks`, in the path or as a bearer"))
    answer["WWW-Authenticate"] = 'Bearer realm="Heed"'
    return answer


def _answered(request: HttpRequest, method: str, path: str, caller: Caller) -> HttpResponse:
    fitting = [(known, at, view) for known, at, view in _COMPILED if at.fullmatch(path)]
    if not fitting:
        return _page(404, "Not Found")
    for known, at, view in fitting:
        if known == method:
            found = at.fullmatch(path)
            given: dict[str, Any] = found.groupdict() if found else {}
            if _too_long(request):
                return refuse(Refusal(413, "Content too large"))
            return _said(view, Ask(request, caller.platform_id, caller.slug, caller.prefix, given))
    return _page(405, "Method Not Allowed")


def _too_long(request: HttpRequest) -> bool:
    """A form is read whole before its file is looked at."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    return length > answer_lookups.MOST_BYTES + MOST_JSON_BYTES


def _said(view: View, ask: Ask) -> HttpResponse:
    try:
        return view(ask)
    except Refusal as why:
        return refuse(why)
    except (SharedBank, ActsToo) as why:
        return refuse(Refusal(403, str(why)))


def _page(code: int, name: str) -> HttpResponse:
    return HttpResponse(_PAGE.format(code=code, name=name), status=code)


urlpatterns: list[URLPattern] = [re_path(r"^(?P<rest>.*)$", door)]
