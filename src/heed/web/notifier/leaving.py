"""The quick exit: somewhere else at once, and "back" shows an empty page, without scripts too."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

NEUTRAL = "https://www.wikipedia.org/"  # where the quick exit leads
LEFT_FOR_SECONDS = 3600  # so long the pages of this site ask before they show themselves again
_COOKIE = "left"
_PLACES = ("/", "/notice", "/find", "/help", "/policy", "/measures", "/verify")


def leave(request: HttpRequest) -> HttpResponse:
    """Away, from a page that is nobody's own."""
    return away()


def away() -> HttpResponse:
    """The answer that is somewhere else. No page of ours shows itself by "back" from now on."""
    answer = HttpResponseRedirect(NEUTRAL)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer.set_cookie(
        _COOKIE, "1", max_age=LEFT_FOR_SECONDS, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return answer


def has_left(request: HttpRequest) -> bool:
    """This browser took the quick exit within the hour, and nobody has come back by a link."""
    return bool(request.COOKIES.get(_COOKIE))


class EmptyAfterLeaving:
    """Middleware: who pressed "back" after the exit sees an empty page, with one way to open it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A private link that is opened anew shows its page: that was no "back"."""
        asked = request.method in ("GET", "HEAD") and has_left(request)
        if not asked or not _covered(request.path):
            return self.get_response(request)
        if "k" in request.GET:
            return _shown_from_now_on(self.get_response(request))
        if "open" in request.GET:
            return _shown_from_now_on(HttpResponseRedirect(request.path))
        answer = render(request, "notifier/left.html")
        answer["Cache-Control"] = "no-store"
        return answer


def _shown_from_now_on(answer: HttpResponse) -> HttpResponse:
    """Unless the link was wrong: then nobody has come back."""
    if isinstance(answer, HttpResponseRedirect):
        answer.delete_cookie(_COOKIE, samesite="Lax")
    return answer


def _covered(path: str) -> bool:
    return path in _PLACES or (path.startswith("/n/") and not path.endswith("/leave"))
