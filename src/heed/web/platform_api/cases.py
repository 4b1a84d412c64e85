"""Cases: where one stands, for the platform that it is about."""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from ninja import Router

from heed.cases.queries import for_platforms
from heed.media.keys import Scope
from heed.web.platform_api import cursors
from heed.web.platform_api.answers import CaseAnswer
from heed.web.platform_api.callers import ApiKey, caller_of
from heed.web.platform_api.cursors import MOST, After, Limit
from heed.web.platform_api.problems import refused
from heed.web.platform_api.repeats import Said, say

router = Router(auth=ApiKey(Scope.CASES), tags=["cases"])


@router.get(
    "cases/{path:ref}",
    response=CaseAnswer,
    operation_id="get_case",
    summary="Where a case stands",
)
def get_case(
    request: HttpRequest, ref: str, after: After = "", limit: Limit = MOST
) -> HttpResponse:
    """By the number of the case or of a notice; of a notice, all its cases together.

    Copies are counted by how they were found; `items` are paged. Nothing is said of people, nor
    what a notice says.
    """
    platform_id = caller_of(request).platform_id
    start = cursors.text_of(after) if after else ""
    standing = for_platforms.standing(platform_id, ref, after=start, limit=limit)
    if standing is None:
        remedy = "send the number of a case or of a notice on this platform"
        raise refused("ref", remedy, status=404, detail="There is no such case.")
    full = len(standing.items) == limit
    following = cursors.of_text(standing.items[-1].item) if full else None
    return say(Said(status=200, body={**asdict(standing), "next": following}))
