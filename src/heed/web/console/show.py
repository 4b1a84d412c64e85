"""Showing a page of the console: what every page needs beside its own facts."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from heed.ledger.queries import is_quiet
from heed.web.console import lists, unsent
from heed.web.console.permissions import RIGHTS, ConsoleRequest


def show(
    request: ConsoleRequest, template: str, facts: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """The page, with who is signed in, what they may open, and the time it is."""
    grants = request.grants
    may = {right.replace(".", "_"): grants.may(right) for right in RIGHTS}
    common = {
        "me": grants.staff,
        "titles": grants.titles,
        "may": may,
        "now": timezone.now(),
        "quiet": is_quiet,  # asked by the page itself
        "unsent": unsent.of(request),
        "asked": lists.asked_of(request),
        "here_is": request.resolver_match.url_name if request.resolver_match else "",
    }
    assert common.keys().isdisjoint(facts), "a page's own facts would hide what all pages show"
    return render(request, f"console/{template}", {**common, **facts}, status=status)


def playing(page: HttpResponse) -> HttpResponse:
    """A page on which a video may play: its parts are in the page itself, as pictures are."""
    page._csp_update = {"media-src": ["data:"]}  # type: ignore[attr-defined]  # as csp_update does
    return page
