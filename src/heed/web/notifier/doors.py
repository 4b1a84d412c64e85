"""What all pages of this door share: never kept by a browser, never lost."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from heed.cases.queries import own_notices
from heed.web.not_ours import written
from heed.web.notifier import leaving

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """Keep the page out of every cache and history, and give back what somebody wrote on a page
    that has closed meanwhile.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            answer = view(request, *args, **kwargs)
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
