"""Answers, and the same answer again for a request that is repeated with its `Idempotency-Key`."""

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from pydantic_core import to_json

from heed.flows.remember_answer import KeyUsedBefore, Said, StillAnswering, remember_answer
from heed.web.platform_api.callers import caller_of
from heed.web.platform_api.problems import Problem, refused
from heed.web.platform_api.remedies import Wrong

__all__ = ["HEADER", "Said", "once", "say"]

HEADER = "Idempotency-Key"
LONGEST_KEY = 200


def say(said: Said, *, again: bool = False) -> HttpResponse:
    """The answer as JSON."""
    headers = {"Cache-Control": "no-store"} | ({"Idempotency-Replayed": "true"} if again else {})
    body = to_json(said.body)
    return HttpResponse(body, status=said.status, content_type="application/json", headers=headers)


def once(request: HttpRequest, body: bytes, act: Callable[[], Said]) -> HttpResponse:
    """Act and answer; with an `Idempotency-Key` seen before, give the answer of that time."""
    key = request.headers.get(HEADER)
    if key is None:
        return say(act())
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise refused(HEADER, f"send 1 to {LONGEST_KEY} printable ASCII characters")
    question = hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).digest()
    try:
        said, again = remember_answer(
            platform_id=caller_of(request).platform_id,
            key=key,
            question=question,
            act=act,
            now=timezone.now(),
        )
    except StillAnswering as busy:
        remedy = "wait a moment, then send the same request again"
        detail = "The first request with this key is still being answered."
        raise Problem(409, detail, [Wrong(HEADER, remedy)], {"Retry-After": "1"}) from busy
    except KeyUsedBefore as reused:
        raise refused(HEADER, "this key came with another body before: take a new one") from reused
    return say(said, again=again)
