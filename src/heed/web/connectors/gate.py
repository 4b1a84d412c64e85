"""What a proxy asks before it serves a file. Answers with a status alone."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from heed.flows.guard_media import NoSuchPeer, may_serve

REFUSALS = {"403": 403, "404": 404}  # nginx wants 403 to refuse; Caddy hands on what it is given


@require_safe
def gate(request: HttpRequest, slug: str) -> HttpResponse:
    """204: serve it. 403 (or `?as=404`): there is nothing here, for anybody."""
    address = request.headers.get("X-Original-URI") or request.headers.get("X-Forwarded-Uri") or ""
    if not address:
        return HttpResponse("name the address in X-Original-URI", status=400)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    try:
        served = may_serve(platform_slug=slug, address=address, bearer=bearer, now=timezone.now())
    except NoSuchPeer:
        return HttpResponse("this platform has no media gate", status=400)
    status = 204 if served else REFUSALS.get(request.GET.get("as", ""), 403)
    return HttpResponse(status=status, headers={"Cache-Control": "no-store"})
