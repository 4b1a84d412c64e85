"""A form that came without the cookie that shows it to be ours: nothing of its words is lost."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_SECRET = ("password", "csrfmiddlewaretoken")


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say it, and show what was written, to be copied. Nothing was done, and nothing is kept."""
    said = [one for name, every in request.POST.lists() if name not in _SECRET for one in every]
    texts = [one for one in said if " " in one.strip()]  # written, as opposed to chosen
    answer = render(request, "403_csrf.html", {"texts": texts}, status=403)
    answer["Cache-Control"] = "no-store"
    return answer
