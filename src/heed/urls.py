"""Every door of the house."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path


def status(request: HttpRequest) -> HttpResponse:
    """Alive: says so to whoever watches over the processes. Touches nothing else."""
    return HttpResponse("I-AM-ALIVE", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("status", status),
    path("api/v1/", include("heed.web.platform_api.urls")),
    path("connect/", include("heed.web.connectors.urls")),
    path("hma/", include("heed.web.hma.urls")),
    path("console/", include("heed.web.console.urls")),
    path("", include("heed.web.officer.urls")),
    path("partner/", include("heed.web.partner.urls")),
    path("", include("heed.web.public.urls")),
    path("", include("heed.web.notifier.urls")),
]
