"""A form that can't be taken as it came, without its cookie or too late: no word of it is lost."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_SECRET = ("password", "csrfmiddlewaretoken")


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say it, and show what was written, to be copied. Nothing was done, and nothing is kept."""
    answer = render(request, "403_csrf.html", {"texts": written(request)}, status=403)
    answer["Cache-Control"] = "no-store"
    return answer


def written(request: HttpRequest) -> list[str]:
    """What was written in a form, as opposed to chosen."""
    said = [one for name, every in request.POST.lists() if name not in _SECRET for one in every]
    return [one for one in said if " " in one.strip()]
