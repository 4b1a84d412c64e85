"""Reading a request's body: bounded, of a known type, and checked for form."""

from typing import Any, TypeVar

from django.http import HttpRequest
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from heed.web.platform_api.problems import Problem, invalid, refused
from heed.web.platform_api.remedies import Wrong, wrong_in

JSON = "application/json"
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
MOST_JSON_BYTES = 12 << 20  # a notice may be long
_SAFE = 2**53  # beyond it, numbers differ between JSON libraries and no receipt can commit to them

Model = TypeVar("Model", bound=BaseModel)


def body_of(request: HttpRequest, *, most_bytes: int, instead: str) -> bytes:
    """The whole body. More than `most_bytes` is a 413 that says what to do `instead`."""
    check_plain(request)
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > most_bytes:
        raise too_large(most_bytes, instead)
    data = _source(request, length).read(most_bytes + 1)
    if len(data) > most_bytes:
        raise too_large(most_bytes, instead)
    if length.isdigit() and len(data) < int(length):
        raise Problem(
            400, "The body ended early. Send it again.", [Wrong("body", "send all of it")]
        )
    return bytes(data)


def check_plain(request: HttpRequest) -> None:
    """415 for a packed body: a picture that comes as gzip would be compared as other bytes."""
    packed = request.headers.get("Content-Encoding", "").strip().lower()
    if packed not in ("", "identity"):
        remedy = f"send the body as it is, not packed with {packed[:20]}"
        raise refused("Content-Encoding", remedy, status=415)


def _source(request: HttpRequest, length: str) -> Any:
    """Django reads nothing of a body that comes in chunks: then we ask the server itself."""
    chunked = not length and "Transfer-Encoding" in request.headers
    return request.META["wsgi.input"] if chunked else request


def too_large(most_bytes: int, instead: str) -> Problem:
    """413: how much is taken, and what to do instead."""
    limit = f"at most {most_bytes >> 20} MB ({most_bytes} bytes) are taken"
    return refused("body", f"{limit}: {instead}", status=413)


def type_of(request: HttpRequest) -> str:
    """The media type that the caller named, in lower case, without parameters."""
    return (request.content_type or "").strip().lower()


def unsupported(*, sent: str, wanted: str) -> Problem:
    """415: the caller named another type than this operation reads."""
    return refused("Content-Type", f"send {wanted}, not {sent or 'nothing'}", status=415)


def json_body(request: HttpRequest) -> bytes:
    """A JSON body's bytes; 415 when it says to be something else."""
    if type_of(request) != JSON:
        raise unsupported(sent=type_of(request), wanted=JSON)
    return body_of(request, most_bytes=MOST_JSON_BYTES, instead="leave out what is not needed")


def checked(model: type[Model], body: bytes) -> Model:
    """The body as `model`; 400 when it is no JSON, 422 with every wrong field otherwise."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        wrong = wrong_in(error.errors(include_url=False, include_input=False))
        if error.errors()[0]["type"] == "json_invalid":
            raise Problem(400, "The body is not valid JSON.", wrong) from error
        raise invalid(wrong) from error


def verbatim(body: bytes) -> dict[str, Any]:
    """The body exactly as said, fit to be kept and committed to. It was `checked` before."""
    try:
        said: dict[str, Any] = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        remedy = "leave out NaN and Infinity, which are not JSON"
        raise refused("body", remedy, status=400) from error
    wrong = [Wrong(place or "body", remedy) for place, remedy in _unfit(said, "")]
    if wrong:
        raise invalid(wrong)
    return said


def _unfit(value: Any, place: str) -> list[tuple[str, str]]:
    """What can be said in JSON, and neither stored nor signed."""
    if isinstance(value, dict):
        inner = [(f"{place}.{name}".lstrip("."), one) for name, one in value.items()]
        names = [one for name in value for one in _unfit(name, place)]
        return names + [one for at, part in inner for one in _unfit(part, at)]
    if isinstance(value, list):
        return [one for n, part in enumerate(value) for one in _unfit(part, f"{place}.{n}")]
    if isinstance(value, str) and "\0" in value:
        return [(place, "leave out the NUL character")]
    if isinstance(value, int | float) and not -_SAFE < value < _SAFE:
        return [(place, "send a smaller number, or send it as a text")]
    return []
