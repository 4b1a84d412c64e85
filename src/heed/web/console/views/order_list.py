"""All orders of authorities: what waits for an answer, and what was answered."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from heed.filings import orders
from heed.filings.models import Order
from heed.rules.orders import INSTRUMENTS, Kind
from heed.web.console import lists, permissions
from heed.web.console.permissions import ConsoleRequest
from heed.web.console.show import show

WAITING, ANSWERED = "waiting", "answered"
STATES = [
    ("", "Waiting and answered"),
    (WAITING, "Waiting"),
    (Order.State.CLARIFY.value, "Waiting for a clarification"),
    (ANSWERED, "Answered"),
    (Order.State.DONE.value, "Carried out"),
    (Order.State.REFUSED.value, "Refused"),
    (Order.State.WITHDRAWN.value, "Withdrawn"),
]
FIND = "A part of the authority's name, of our number or of theirs."


@require_safe
@permissions.permission("order.see")
def page(request: ConsoleRequest) -> HttpResponse:
    """What waits for an answer, emergencies first, and what was answered."""
    filters = lists.Filters(
        request,
        find=FIND,
        state=("Show", STATES),
        kind=("Kind", [("", "Any"), *((str(one), INSTRUMENTS[one].title) for one in Kind)]),
    )
    mine, state = request.grants.platforms("order.see"), filters.said("state")
    waiting = _part(request, filters, orders.waiting(mine), WAITING, orders.WAITING)
    answered = _part(request, filters, orders.answered(mine), ANSWERED, ())
    clocks = orders.owed(waiting.rows) if waiting else {}
    facts = {
        "filters": filters,
        "waiting": waiting,
        "answered": answered,
        "clocks": {number: found[:2] for number, found in clocks.items()},
        "instruments": {str(one): INSTRUMENTS[one].title for one in Kind},
        "state": state,
    }
    return show(request, "orders.html", facts)


def _part(
    request: ConsoleRequest,
    filters: lists.Filters,
    rows: QuerySet[Order],
    whole: str,
    states: Collection[str],
) -> lists.Part | None:
    """One of the two lists; `states` are those that belong to it, or none: all others do."""
    state = filters.said("state")
    if state not in ("", whole):
        if (state in orders.WAITING) != bool(states):
            return None
        rows = rows.filter(state=state)
    found = orders.found_by(rows, words=filters.said("words"), kind=filters.said("kind"))
    head = lists.ROWS if states else lists.HEAD
    narrowed = {"state": whole}
    return lists.part_of(request, found, alone=bool(state), narrowed=narrowed, head=head)
