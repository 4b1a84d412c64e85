"""Uploads that could not be checked: what waits at the door unseen, and a person's word on it."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.flows import check_again
from heed.media import unchecked
from heed.media.models import Platform, Unchecked
from heed.rules.gate import LET_IN_UNSEEN, OUTAGES
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

KINDS = ("What", [("", "Uploads and outages"), ("uploads", "Uploads"), ("outages", "Outages")])
WORDS = {"release": True, "refuse": False, "seen": None}
SAID = {"release": "let in", "refuse": "refused", "seen": "seen"}


@require_safe
@permissions.permission("outbox.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """What waits, the first due first. No address in full, and nobody's account."""
    mine = request.grants.platforms("outbox.see")
    platforms = list(Platform.objects.filter(id__in=mine).order_by("name"))
    find = "A part of the platform's own name of an upload."
    filters = lists.Filters(request, find=find, platforms=platforms, kind=KINDS)
    found = unchecked.open_rows([one.id for one in filters.among(platforms)])
    found = found.filter(upload_ref__icontains=filters.said("words"))
    kind = filters.said("kind")
    if kind:
        outages = Q(reason__in=OUTAGES)
        found = found.filter(outages if kind == "outages" else ~outages)
    listed = lists.page_of(request, found)
    facts = {
        "filters": filters,
        "page": listed,
        "rows": [_told(request, row) for row in listed],
        "settles": request.grants.may("upload.settle"),
    }
    return show(request, "unchecked.html", facts)


def _told(request: ConsoleRequest, row: Unchecked) -> dict[str, object]:
    return {
        "row": row,
        "from": urlsplit(row.url).hostname or "",
        "outage": row.reason in OUTAGES,
        "let_in": row.reason == LET_IN_UNSEEN,
        "tells": bool(row.upload_ref or row.file_id),
        "may": request.grants.may("upload.settle", row.platform_id),
    }


@require_POST
@permissions.permission("upload.settle")
def settle(request: ConsoleRequest) -> HttpResponse:
    """Let in, refuse, or note as seen what is ticked."""
    word, now = request.POST.get("what", ""), timezone.now()
    if word not in WORDS:
        messages.info(request, "Say what becomes of them: let in, refused, or only seen.")
        return _back(request)
    mine = unchecked.open_rows(request.grants.platforms("upload.settle"))
    ticked = [row.id for row in mine.filter(id__in=lists.ticked(request, "row"))]
    by = request.grants.staff.pk
    done = sum(
        check_again.settle(row_id=one, release=WORDS[word], by=by, now=now) for one in ticked
    )
    if ticked:
        messages.success(request, f"{done} {SAID[word]}.")
    else:
        messages.info(request, "Nothing was ticked, or it waits no more.")
    return _back(request)


def _back(request: ConsoleRequest) -> HttpResponse:
    """To what was looked for before."""
    return HttpResponseRedirect(f"{reverse('console:unchecked')}?{lists.asked_of(request)}")
