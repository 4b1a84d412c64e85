"""Desired states: what to catch up on, what became of it, and everything told as a feed."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from heed.cases.queries import for_platforms
from heed.flows.deliver_states import record_results
from heed.flows.shared.shapes import StateResult
from heed.media.keys import Scope
from heed.outbox import feed
from heed.web.platform_api import cursors, document, reading
from heed.web.platform_api.answers import EventsAnswer, StatesAnswer, TakenAnswer
from heed.web.platform_api.callers import ApiKey, caller_of
from heed.web.platform_api.cursors import MOST, After, Limit
from heed.web.platform_api.repeats import Said, say
from heed.web.platform_api.said import ResultsSaid

router = Router(auth=ApiKey(Scope.STATES), tags=["states"])


@router.get(
    "states",
    response=StatesAnswer,
    operation_id="list_states",
    summary="All items that should not be visible",
)
def get_states(request: HttpRequest, after: After = "", limit: Limit = MOST) -> HttpResponse:
    """For a platform that was down or was restored: apply each by the revision rule."""
    platform_id = caller_of(request).platform_id
    start = cursors.text_of(after) if after else ""
    found = for_platforms.restricted(platform_id, after=start, limit=limit)
    full = len(found) == limit
    states = [
        {"item": s.item, "visibility": s.visibility, "revision": s.revision, "reason": s.reason}
        for s in found
    ]
    following = cursors.of_text(found[-1].item) if full else None
    return say(Said(status=200, body={"states": states, "next": following}))


@router.post(
    "states/results",
    response=TakenAnswer,
    operation_id="report_results",
    summary="Say what became of desired states",
    openapi_extra=document.body({"application/json": document.ref(ResultsSaid)}),
)
def post_results(request: HttpRequest) -> HttpResponse:
    """For a platform that answered the callback with 202, or took the states by itself.

    May be repeated. Results of items or revisions that Heed never told of are passed over.
    """
    said = reading.checked(ResultsSaid, reading.json_body(request))
    results = [
        StateResult(item_ref=one.item, revision=one.revision, result=one.result)
        for one in said.results
    ]
    platform_id = caller_of(request).platform_id
    taken = record_results(platform_id=platform_id, results=results, now=timezone.now())
    return say(Said(status=200, body={"taken": taken}))


@router.get(
    "events",
    response=EventsAnswer,
    operation_id="list_events",
    summary="All that was told, as a feed",
)
def get_events(request: HttpRequest, after: After = "", limit: Limit = 100) -> HttpResponse:
    """The same messages as the callbacks', for a platform that fetches them. None is passed over.

    Keep `next`, and ask on from it. An event may come again, with the same id.
    """
    platform_id = caller_of(request).platform_id
    found = feed.events(platform_id, after=cursors.position_of(after), limit=limit)
    events = [{"id": one.id, "at": one.at, **one.content} for one in found]
    following = cursors.of_position(found[-1].position) if found else after or None
    return say(Said(status=200, body={"events": events, "next": following}))
