"""Exchanges: where banks are shared with others, and how each stands."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from heed.flows import manage_exchanges as flow
from heed.flows.sync_exchanges import known_kinds
from heed.media import exchanges
from heed.media.models import Platform
from heed.web.console import permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show


@require_safe
@permissions.permission("bank.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """All exchanges of this person's platforms and shared ones, those with trouble first."""
    rows = sorted(_rows(request), key=lambda row: (not row["trouble"], row["name"]))
    return show(request, "exchanges.html", {"rows": rows, "kinds": known_kinds()})


def _rows(request: ConsoleRequest) -> list[dict[str, Any]]:
    """With `mine`: what is shared is only for whoever looks after banks everywhere."""
    seen = {*request.grants.platforms("bank.see"), None}
    changes: set[UUID | None] = {*request.grants.platforms("bank.change")}
    if len(changes) == Platform.objects.count():
        changes.add(None)
    rows = [row for row in exchanges.status() if row["platform_id"] in seen]
    return [row | {"mine": row["platform_id"] in changes} for row in rows]


@require_POST
@permissions.permission("bank.change")
def change(request: ConsoleRequest, name: str) -> HttpResponse:
    """Ask it now, or switch it on or off."""
    if name not in {row["name"] for row in _rows(request) if row["mine"]}:
        raise Http404
    on = request.POST.get("switch", "on") == "on"
    try:
        by = f"staff:{request.grants.staff.pk}"
        flow.switch_exchange(name=name, on=on, by=by, now=timezone.now())
    except flow.NoSuchExchange:
        raise Http404 from None
    messages.success(request, "It is asked within the minute." if on else "It is asked no more.")
    return redirect("console:exchanges")
