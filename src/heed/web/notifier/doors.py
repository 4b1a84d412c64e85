"""What all pages of this door share: never kept by a browser, never too long, never twice."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from heed.cases.queries import own_notices
from heed.web.not_ours import written
from heed.web.notifier import leaving

LONGEST_BODY_BYTES = 11 * 1024 * 1024  # a little under what the parser takes
_DRAINED_BYTES = 64 * 1024 * 1024  # read away, so that the browser hears the answer
_CHUNK_BYTES = 256 * 1024

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """Keep the page out of every cache and history, refuse what is too long in words, and give back
    what somebody wrote on a page that has closed meanwhile.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            answer = too_long(request) or view(request, *args, **kwargs)
        except Http404:
            if request.method != "POST":
                raise
            answer = _closed(request)
        answer["Cache-Control"] = "no-store"
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer

    return guarded


def _closed(request: HttpRequest) -> HttpResponse:
    """The same for whatever is wrong. After the quick exit nothing is shown: somebody else may be
    sending it again.
    """
    texts = [] if leaving.has_left(request) else written(request)
    shown = {"texts": texts, "own": request.path.startswith("/n/")}
    return render(request, "notifier/closed.html", shown, status=404)


def too_long(request: HttpRequest) -> HttpResponse | None:
    """The page that says what to do when more was sent than fits; None when it fits."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if request.method != "POST" or length <= LONGEST_BODY_BYTES:
        return None
    left = min(length, _DRAINED_BYTES)
    while left > 0 and (chunk := request.read(min(_CHUNK_BYTES, left))):
        left -= len(chunk)
    return render(request, "notifier/too_long.html", status=413)


def source(request: HttpRequest) -> str:
    """Where a notice comes from; kept as a keyed hash only."""
    asked = request.META
    return source_from(asked.get("HTTP_X_FORWARDED_FOR", ""), asked.get("REMOTE_ADDR", ""))


def source_from(forwarded: str, client: str) -> str:
    """The neighbourhood of who asks, by X-Forwarded-For and by who holds the connection."""
    seen = forwarded.split(",")
    behind = settings.HEED_PROXIES  # only what our own proxies added can be believed
    if behind and len(seen) >= behind:
        return own_notices.source_of(seen[-behind].strip())
    return own_notices.source_of(client)


def minutes(span: timedelta) -> int:
    """Whole minutes to wait, never none."""
    return max(1, -(-int(span.total_seconds()) // 60))
