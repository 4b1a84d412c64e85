"""Evidence: the bytes of something hidden, handed over by the platform itself."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from heed.flows.hand_over import NobodyAsks, hand_over
from heed.media.keys import Scope
from heed.web.platform_api import document, reading
from heed.web.platform_api.answers import EvidenceAnswer
from heed.web.platform_api.callers import ApiKey, caller_of
from heed.web.platform_api.problems import refused
from heed.web.platform_api.repeats import Said, say

MOST_FILE_BYTES = 200 << 20
INSTEAD = "let it be fetched from the evidence address that you declared"
_BYTES = {"type": "string", "format": "binary"}
router = Router(auth=ApiKey(Scope.ITEMS), tags=["evidence"])


@router.post(
    "evidence",
    response=EvidenceAnswer,
    operation_id="hand_over_evidence",
    summary="Hand over a file that is to be preserved",
    openapi_extra=document.body({"application/octet-stream": _BYTES}),
)
def hand_over_evidence(request: HttpRequest) -> HttpResponse:
    """Send the original bytes, unchanged: they are known by their SHA-256.

    For a platform without an evidence address, or before it has to delete something. Kept sealed
    for the cases that ask for it; what no case asks for is not kept. Sending it again is safe.
    """
    data = reading.body_of(request, most_bytes=MOST_FILE_BYTES, instead=INSTEAD)
    if not data:
        raise refused("body", "send the bytes of the file")
    try:
        cases = hand_over(platform_id=caller_of(request).platform_id, data=data, now=timezone.now())
    except NobodyAsks as why:
        raise refused("body", str(why)) from None
    return say(Said(status=200, body={"cases": cases}))
