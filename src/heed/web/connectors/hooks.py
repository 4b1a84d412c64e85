"""Messages that a platform's own program sends: bounded, checked, and safe to send again."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from heed.flows.hear_peer import NoSuchPeer, NotFromPeer, hear_peer

MOST_BYTES = 2 << 20  # a report with its posts; more is no message of theirs


@csrf_exempt  # signed over its bytes instead
@require_POST
def hook(request: HttpRequest, slug: str) -> HttpResponse:
    """Take one message in. Whoever sends it learns whether it was taken, and nothing else."""
    length = request.headers.get("Content-Length", "")
    if not length.isdigit():
        return HttpResponse(status=411)
    if int(length) > MOST_BYTES:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        hear_peer(platform_slug=slug, headers=headers, body=request.body, now=timezone.now())
    except NoSuchPeer:
        return HttpResponse(status=404)
    except NotFromPeer:
        return HttpResponse(status=401)
    return HttpResponse(status=204)
