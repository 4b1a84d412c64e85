"""Errors as problem+json (RFC 9457): what is wrong, in which field, and what to do about it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from psycopg_pool import PoolTimeout
from pydantic_core import to_json

from heed.web.platform_api.remedies import Wrong, wrong_in

logger = logging.getLogger(__name__)
PROBLEM = "application/problem+json"
AGAIN_IN_SECONDS = 2


@dataclass(eq=False)
class Problem(Exception):
    """Something that the caller can mend, to be answered as problem+json."""

    status: int
    detail: str
    errors: Sequence[Wrong] = ()
    headers: dict[str, str] = field(default_factory=dict)


def refused(field: str, remedy: str, *, status: int = 422, detail: str = "") -> Problem:
    """One field is wrong."""
    return Problem(status, detail or f"{field}: {remedy}", [Wrong(field, remedy)])


def invalid(errors: Iterable[Wrong]) -> Problem:
    """Some fields are wrong."""
    wrong = list(errors)
    detail = "; ".join(f"{one.field}: {one.remedy}" for one in wrong[:3])
    return Problem(422, detail + (" ..." if len(wrong) > 3 else ""), wrong)


def response(
    status: int, detail: str, errors: Sequence[Wrong] = (), headers: dict[str, str] | None = None
) -> HttpResponse:
    """The answer itself."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [{"field": one.field, "remedy": one.remedy} for one in errors],
    }
    return HttpResponse(to_json(body), status=status, content_type=PROBLEM, headers=headers)


# ---------------------------------------------------------------- what becomes of exceptions


def _problem(request: HttpRequest, problem: Any) -> HttpResponse:
    return response(problem.status, problem.detail, problem.errors, problem.headers)


def _no_key(request: HttpRequest, error: Any) -> HttpResponse:
    detail = "Send a valid key: `Authorization: Bearer heed_<prefix>_<secret>`."
    wrong = [Wrong("Authorization", "ask whoever runs Heed for a key, or for a new one")]
    return response(401, detail, wrong, {"WWW-Authenticate": 'Bearer realm="Heed"'})


def _too_often(request: HttpRequest, error: Any) -> HttpResponse:
    wait = {"Retry-After": str(error.wait or AGAIN_IN_SECONDS)}
    return response(429, "Too many requests: wait as long as Retry-After says.", (), wait)


def _not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return response(404, "There is nothing here. See /api/v1/openapi.json for what there is.")


def _parameters(request: HttpRequest, error: Any) -> HttpResponse:
    return _problem(request, invalid(wrong_in(error.errors, skip=1)))


def _other_http(request: HttpRequest, error: Any) -> HttpResponse:
    return response(error.status_code, str(error))


def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    detail = "The body could not be read. Send it as the documentation says."
    return response(400, detail, [Wrong("body", "send well-formed multipart/form-data")])


def _too_big(request: HttpRequest, error: Any) -> HttpResponse:
    remedy = "send the file as the part `file`, and nothing long beside it"
    return response(413, "The form has too much beside its file.", [Wrong("body", remedy)])


def _no_database(request: HttpRequest, error: Any) -> HttpResponse:
    """Nothing was lost: the caller was not told that anything was done."""
    logger.error("no database for a request", extra={"error": type(error).__name__})
    again = {"Retry-After": str(AGAIN_IN_SECONDS)}
    return response(503, "Heed can't reach its database. Nothing was done: ask again.", (), again)


def _broken(request: HttpRequest, error: Any) -> HttpResponse:
    logger.error("a request failed", exc_info=error)
    detail = "Heed failed at this. It has been noted. Ask again; whatever you ask may be repeated."
    return response(500, detail)


HANDLERS: dict[type[Exception], Any] = {
    Problem: _problem,
    AuthenticationError: _no_key,
    Throttled: _too_often,
    Http404: _not_found,
    ValidationError: _parameters,
    HttpError: _other_http,
    MultiPartParserError: _unreadable,
    RequestDataTooBig: _too_big,
    SuspiciousOperation: _unreadable,
    OperationalError: _no_database,
    InterfaceError: _no_database,
    PoolTimeout: _no_database,
    Exception: _broken,
}


def install(api: NinjaAPI) -> None:
    """Answer every exception of this door as a problem."""
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)
