"""A proxy asks for each picture of a site: it is answered before anything else is made ready."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from heed.web.connectors.gate import gate

_AT_THE_GATE = re.compile(r"/connect/([-\w]+)/gate")


class AtTheGate:
    """The first of all: no session, no language, no policy for pages. The answer is a status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer here, or pass the request on."""
        found = _AT_THE_GATE.fullmatch(request.path_info)
        return gate(request, found[1]) if found else self._get_response(request)
