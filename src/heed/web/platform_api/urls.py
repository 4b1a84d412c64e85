"""The addresses of this door."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from django.views.decorators.csrf import csrf_exempt

from heed.web.platform_api import (
    cases,
    evidence,
    items,
    notices,
    partners,
    problems,
    states,
    uploads,
)
from heed.web.platform_api.document import HeedAPI

api = HeedAPI(
    title="Heed",
    version="1",
    description="Tell Heed what is published, ask before publishing, hear what to do.",
    urls_namespace="platform_api",
    docs_url=None,
)
for module in (items, uploads, notices, cases, states, evidence, partners):
    api.add_router("", module.router)
problems.install(api)


def _in_words(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A method that an address does not know is answered as a problem too."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        answered = view(request, *args, **kwargs)
        if answered.status_code != 405:
            return answered
        allow = {"Allow": answered.headers["Allow"]}
        return problems.response(405, f"Use one of: {allow['Allow']}.", (), allow)

    return answer


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """An address that this API does not have."""
    return problems.response(404, "There is nothing here. See openapi.json for what there is.")


def _patterns() -> list[URLPattern | URLResolver]:
    known = [one for one in api.urls[0] if isinstance(one, URLPattern) and one.name != "api-root"]
    for pattern in known:
        pattern.callback = csrf_exempt(_in_words(pattern.callback))  # a key is asked for instead
    return [*known, re_path("", nowhere)]


urlpatterns: list[URLPattern | URLResolver] = _patterns()
