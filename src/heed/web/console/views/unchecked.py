"""Uploads that could not be checked: what waits at the door unseen, and a person's word on it."""

from collections.abc import Collection
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.flows import check_again
from heed.media import unchecked
from heed.media.models import Unchecked
from heed.rules.gate import LET_IN_UNSEEN, OUTAGES
from heed.web.console import permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

MOST = 200
WORDS = {"release": True, "refuse": False, "seen": None}
SAID = {"release": "let in", "refuse": "refused", "seen": "seen"}


@require_safe
@permissions.permission("outbox.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """What waits, the first due first. No address in full, and nobody's account."""
    rows = _rows(request.grants.platforms("outbox.see"))
    facts = {
        "rows": [_told(request, row) for row in rows[:MOST]],
        "count": len(rows),
        "settles": request.grants.may("upload.settle"),
    }
    return show(request, "unchecked.html", facts)


def _rows(platforms: Collection[UUID]) -> list[Unchecked]:
    return list(unchecked.open_rows(platforms)[: MOST + 1])


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
        return redirect("console:unchecked")
    wanted = set(request.POST.getlist("row"))
    mine = _rows(request.grants.platforms("upload.settle"))
    ticked = [row.id for row in mine if str(row.id) in wanted]
    by = request.grants.staff.pk
    done = sum(
        check_again.settle(row_id=one, release=WORDS[word], by=by, now=now) for one in ticked
    )
    if ticked:
        messages.success(request, f"{done} {SAID[word]}.")
    else:
        messages.info(request, "Nothing was ticked, or it waits no more.")
    return redirect("console:unchecked")
