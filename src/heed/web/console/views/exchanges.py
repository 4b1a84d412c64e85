"""Exchanges: where banks are shared with others, and how each stands."""

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
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

STATES = (
    "State",
    [("", "Any"), ("trouble", "In trouble"), ("on", "On"), ("off", "Off")],
)


@require_safe
@permissions.permission("bank.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """All exchanges of this person's platforms and shared ones, those with trouble first."""
    filters = lists.Filters(request, find="A part of its name.", state=STATES)
    found = exchanges.those_of(request.grants.platforms("bank.see"))
    found = found.filter(name__icontains=filters.said("words"))
    state = filters.said("state")
    if state == "trouble":
        found = found.exclude(trouble="")
    elif state:
        found = found.filter(enabled=state == "on")
    listed, changes = lists.page_of(request, found), _changes(request)
    rows = [row | {"mine": row["platform_id"] in changes} for row in exchanges.told_of(listed)]
    facts = {"filters": filters, "page": listed, "rows": rows, "kinds": known_kinds()}
    return show(request, "exchanges.html", facts)


def _changes(request: ConsoleRequest) -> set[UUID | None]:
    """Where this person changes banks; what is shared is for whoever does so everywhere."""
    changes: set[UUID | None] = {*request.grants.platforms("bank.change")}
    if len(changes) == Platform.objects.count():
        changes.add(None)
    return changes


@require_POST
@permissions.permission("bank.change")
def change(request: ConsoleRequest, name: str) -> HttpResponse:
    """Ask it now, or switch it on or off."""
    found = exchanges.those_of(request.grants.platforms("bank.see")).filter(name=name).first()
    if found is None or found.bank.platform_id not in _changes(request):
        raise Http404
    on = request.POST.get("switch", "on") == "on"
    try:
        by = f"staff:{request.grants.staff.pk}"
        flow.switch_exchange(name=name, on=on, by=by, now=timezone.now())
    except flow.NoSuchExchange:
        raise Http404 from None
    messages.success(request, "It is asked within the minute." if on else "It is asked no more.")
    return redirect("console:exchanges")
