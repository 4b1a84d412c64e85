"""What no form holds is refused before anything reads it: no stranger fills a disk with a file.

The check of forms parses a body to the end, files and all, before a view or a sign-in has its say.
"""

from collections.abc import Callable

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

LONGEST_BYTES = 11 * 1024 * 1024  # a little under what the parser takes of fields
LONGEST_LIST_BYTES = 33 * 1024 * 1024  # a file of signals, with the form around it
_LISTS = "/console/banks/"
_BY_KEY = ("/api/", "/hma/", "/connect/")  # these ask for a key first, and read for themselves
_DRAINED_BYTES = 64 * 1024 * 1024  # read away, so that the browser hears the answer
_CHUNK_BYTES = 256 * 1024


class NoLongerThanForms:
    """Middleware, before the check of forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The page that says what to do when more was sent than fits."""
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if request.path.startswith(_BY_KEY) or length <= _longest(request.path):
            return self.get_response(request)
        left = min(length, _DRAINED_BYTES)
        while left > 0 and (chunk := request.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
        return _too_long(request)


class InMemory(MemoryFileUploadHandler):
    """How every file is taken: none lies about in a temporary directory, in the clear, where it
    would stay if we were killed. Whoever reads one has bounded its length before.
    """

    def handle_raw_input(self, *args: object, **kwargs: object) -> None:
        """Whatever its length."""
        self.activated = True


def _longest(path: str) -> int:
    return LONGEST_LIST_BYTES if path.startswith(_LISTS) else LONGEST_BYTES


def _too_long(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/console/"):
        said = "This was too long to send at once. Nothing was taken in: go back, and send less."
        answer = HttpResponse(said, content_type="text/plain; charset=utf-8", status=413)
    else:
        answer = render(request, "notifier/too_long.html", status=413)
    answer["Cache-Control"] = "no-store"
    return answer
