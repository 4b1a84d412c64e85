"""Uploads: may this file be published?"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from heed.flows.check_upload import Checked, check_bytes, check_signals
from heed.media.keys import Scope
from heed.web.platform_api import document, reading, rows
from heed.web.platform_api.answers import CheckAnswer
from heed.web.platform_api.callers import ApiKey, caller_of
from heed.web.platform_api.problems import AGAIN_IN_SECONDS, Problem, refused
from heed.web.platform_api.remedies import NO_NUL
from heed.web.platform_api.repeats import Said, say
from heed.web.platform_api.said import UploadSaid

MOST_FILE_BYTES = 100 << 20
INSTEAD = "check it by its signals: compute them yourself and send them as JSON"
_FORM_BYTES = 1 << 20  # what a form may have around its file
_BYTES = {"type": "string", "format": "binary"}
AT_ONCE = 4  # of the web process's 8 threads: a slow upload never keeps a notice waiting
WAIT_SECONDS = 0.2  # for room; a waiting request holds a thread as well
_room = threading.BoundedSemaphore(AT_ONCE)
router = Router(auth=ApiKey(Scope.UPLOADS), tags=["uploads"])

OwnRef = Annotated[str, Query(max_length=200, pattern=NO_NUL)]


@router.post(
    "uploads/check",
    response=CheckAnswer,
    operation_id="check_upload",
    summary="Ask before publishing a file",
    openapi_extra=document.body(
        {
            "application/octet-stream": _BYTES,
            "image/*": _BYTES,
            "video/*": _BYTES,
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": _BYTES},
                "required": ["file"],
            },
            "application/json": document.ref(UploadSaid),
        }
    ),
)
def check_upload(
    request: HttpRequest, account_ref: OwnRef = "", upload_ref: OwnRef = ""
) -> HttpResponse:
    """Send the bytes, of whatever media type, or JSON with the file's signals.

    `allow`: publish it. `hold`: keep it back until upload.released or upload.blocked comes.
    `block`: refuse it. Asking again with the same `upload_ref` is safe.
    """
    who = {"account_ref": account_ref, "upload_ref": upload_ref}
    platform_id, kind = caller_of(request).platform_id, reading.type_of(request)
    if kind == reading.JSON:
        said = reading.checked(UploadSaid, reading.json_body(request))
        file = rows.signals(said.signals)
        done = check_signals(platform_id=platform_id, signals=file, **who, now=timezone.now())
    else:
        with _one_of_few():
            data = _part(request) if kind == "multipart/form-data" else _whole(request)
            done = check_bytes(platform_id=platform_id, data=data, **who, now=timezone.now())
    return say(Said(status=200, body=_answer(done, upload_ref)))


@contextmanager
def _one_of_few() -> Iterator[None]:
    """Room for one more file. Raises a 503 before any of it is read: the platform holds it."""
    if not _room.acquire(timeout=WAIT_SECONDS):
        again = {"Retry-After": str(AGAIN_IN_SECONDS)}
        detail = "Very many uploads are being checked. Hold this one, and ask again."
        raise Problem(503, detail, (), again)
    try:
        yield
    finally:
        _room.release()


def _whole(request: HttpRequest) -> bytes:
    data = reading.body_of(request, most_bytes=MOST_FILE_BYTES, instead=INSTEAD)
    if not data:
        raise refused("body", "send the bytes of the file, or its signals as application/json")
    return data


class _InMemory(MemoryFileUploadHandler):
    """What is being checked never lies about in a temporary directory."""

    def handle_raw_input(self, *args: object, **kwargs: object) -> None:
        self.activated = True


def _part(request: HttpRequest) -> bytes:
    length = request.headers.get("Content-Length", "")
    if not length.isdigit():
        raise refused("Content-Length", "send it with multipart/form-data", status=411)
    if int(length) > MOST_FILE_BYTES + _FORM_BYTES:
        raise reading.too_large(MOST_FILE_BYTES, INSTEAD)
    request.upload_handlers = [_InMemory(request)]
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not file.size:
        raise refused("file", "send the bytes of the file in a part of this name")
    if file.size > MOST_FILE_BYTES:
        raise reading.too_large(MOST_FILE_BYTES, INSTEAD)
    return bytes(file.read())


def _answer(done: Checked, upload_ref: str) -> dict[str, str | None]:
    return {
        "verdict": done.verdict.value,
        "reason": done.reason,
        "sha256": done.sha256.hex(),
        "upload_ref": upload_ref or None,
        "case": done.case_number or None,
    }
