"""Uploads: may this file be published?"""

import hashlib
import time
from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from heed.flows.check_upload import Checked, check_bytes, check_signals, check_url
from heed.media.keys import Scope, caller_with
from heed.rules import gate
from heed.rules.gate import Surface, Verdict, WhenAway
from heed.web.platform_api import document, reading, rows
from heed.web.platform_api.answers import CheckAnswer, ChecksAnswer
from heed.web.platform_api.callers import ApiKey, caller_of
from heed.web.platform_api.problems import Problem, refused
from heed.web.platform_api.remedies import COUNTRY, NO_NUL
from heed.web.platform_api.repeats import Said, say
from heed.web.platform_api.said import UploadSaid, UploadsSaid

MOST_FILE_BYTES = 100 << 20
FETCHED_WITHIN_SECONDS = 45.0  # all addresses of a batch; the gate answers for us after 60
INSTEAD = "check it by its signals: compute them yourself and send them as JSON"
_FORM_BYTES = 1 << 20  # what a form may have around its file
_BYTES = {"type": "string", "format": "binary"}
router = Router(auth=ApiKey(Scope.UPLOADS), tags=["uploads"])

OwnRef = Annotated[str, Query(max_length=200, pattern=NO_NUL)]


@router.post(
    "uploads/check",
    response=CheckAnswer | ChecksAnswer,
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
            "application/json": document.ref(UploadsSaid),
        }
    ),
)
def check_upload(
    request: HttpRequest,
    account_ref: OwnRef = "",
    upload_ref: OwnRef = "",
    surface: Surface = Surface.PUBLIC,
    country: Annotated[str, Query(pattern=COUNTRY)] = "",
) -> HttpResponse:
    """Send the bytes, of whatever media type, or JSON: the file's signals, its address, or up to
    64 of either as `uploads`, answered as `results` in their order.

    `allow`: publish it. `hold`: keep it back until upload.released or upload.blocked comes.
    `block`: refuse it. `reason` says why, `bank` whose word it is. Where Heed itself fails the
    answer is `hold` too (`database-away`, `no-answer-in-time`, `too-many-at-once`, `failed-here`):
    ask again. Asking again with the same `upload_ref` is safe. `surface` says who will see
    it: `public`, or `private` for a message, with the `country` of who sends it; where messages
    are not looked at, the reason is `not-looked-at`.
    """
    who = {"account_ref": account_ref, "upload_ref": upload_ref}
    platform_id, kind = caller_of(request).platform_id, reading.type_of(request)
    looked_at = _looked_at(surface, country)
    if kind == reading.JSON:
        said = reading.checked(UploadsSaid, reading.json_body(request))
        many = said.uploads if said.uploads is not None else [said]
        until = time.monotonic() + FETCHED_WITHIN_SECONDS
        answers = [_told(platform_id, one, who, looked_at, until) for one in many]
        body = {"results": answers} if said.uploads is not None else answers[0]
        return say(Said(status=200, body=body))
    data = _part(request) if kind == "multipart/form-data" else _whole(request)
    if looked_at:
        done = check_bytes(platform_id=platform_id, data=data, **who, now=timezone.now())
    else:
        done = _passed(hashlib.sha256(data).digest())
    return say(Said(status=200, body=_answer(done, upload_ref)))


def _looked_at(surface: Surface, country: str) -> bool:
    if gate.needs_country(surface) and not country:
        raise refused("country", "with surface=private send the country of who sends it")
    return gate.looks(surface, country.upper(), settings.HEED_GATE)


def _told(
    platform_id: UUID, said: UploadSaid, who: dict[str, str], looked_at: bool, until: float
) -> dict[str, str | None]:
    """One file of a JSON body: by its signals, or by an address, which is fetched `until` then.

    64 slow addresses would else keep a thread for twenty minutes, and uploads by bytes waiting.
    """
    who = {name: getattr(said, name) or value for name, value in who.items()}
    file = rows.signals(said.signals) if said.signals is not None else None
    if not looked_at:
        done = _passed((file and file.sha256) or b"")
    elif file is not None:
        done = check_signals(platform_id=platform_id, signals=file, **who, now=timezone.now())
    else:
        left, url = until - time.monotonic(), said.url or ""
        done = check_url(
            platform_id=platform_id, url=url, within_seconds=left, **who, now=timezone.now()
        )
    return _answer(done, who["upload_ref"])


def _passed(sha256: bytes) -> Checked:
    """Where the operator has Heed look at nothing. Said as such."""
    return Checked(verdict=Verdict.ALLOW, reason=gate.NOT_LOOKED_AT, sha256=sha256, case_number="")


@router.post(
    "uploads/raw/{key}",
    auth=None,
    response={204: None},
    operation_id="check_raw_upload",
    summary="A hook for programs that can only send the bytes",
    openapi_extra=document.body({"application/octet-stream": _BYTES, "image/*": _BYTES}),
)
def check_raw(
    request: HttpRequest,
    key: str,
    surface: Surface = Surface.PUBLIC,
    country: Annotated[str, Query(pattern=COUNTRY)] = "",
    when_heed_cannot_look: WhenAway = WhenAway.REFUSE,
) -> HttpResponse:
    """The bytes, and nothing else, as pict-rs sends them. 204 takes the file, 403 refuses it.

    `surface` and `country` in the address say the same as with `uploads/check`. The key stands in
    the address too, which such programs keep in their configuration: make one for this alone, with
    the scope `uploads`. What would be held is refused: there is nobody to hold it. While Heed is
    away, full, too slow or failing the answer is 503, or with
    `when_heed_cannot_look=let-in-unseen` 204: nobody looks at those, and somebody is told.
    """
    caller = caller_with(key, now=timezone.now())
    if caller is None or Scope.UPLOADS not in caller.scopes:
        raise Problem(404, "There is nothing here: the key in the address is not valid.")
    if not _looked_at(surface, country):
        return HttpResponse(status=204)
    data = _whole(request)
    done = check_bytes(platform_id=caller.platform_id, data=data, now=timezone.now())
    if done.verdict is not Verdict.ALLOW:
        raise Problem(403, f"Not to be published: {done.reason}.")
    return HttpResponse(status=204)


def _whole(request: HttpRequest) -> bytes:
    data = reading.body_of(request, most_bytes=MOST_FILE_BYTES, instead=INSTEAD)
    if not data:
        raise refused("body", "send the bytes of the file, or its signals as application/json")
    return data


def _part(request: HttpRequest) -> bytes:
    reading.check_plain(request)
    length = request.headers.get("Content-Length", "")
    if not length.isdigit():
        raise refused("Content-Length", "send it with multipart/form-data", status=411)
    if int(length) > MOST_FILE_BYTES + _FORM_BYTES:
        raise reading.too_large(MOST_FILE_BYTES, INSTEAD)
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
        "bank": done.bank or None,
        "sha256": done.sha256.hex() or None,
        "upload_ref": upload_ref or None,
        "case": done.case_number or None,
    }
