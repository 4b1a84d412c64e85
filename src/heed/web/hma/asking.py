"""One question in the protocol of Hasher-Matcher-Actioner: who asks, what was sent, what is said.

The words and codes of errors are those that its clients know; see `docs/divergences.md`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel, ValidationError

from heed.flows.curate_banks import bank_of
from heed.media.models import Bank

NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
MOST_JSON_BYTES = 1 << 20
NOT_JSON = (
    "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."
)
NOT_UNDERSTOOD = "The browser (or proxy) sent a request that this server could not understand."
NUL = rb"\u0000"  # the one character that the database keeps in no text
Model = TypeVar("Model", bound=BaseModel)


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that is no success; `said` is its message, or a list of wrong fields."""

    status: int
    said: str | list[Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question whose sender is known."""

    request: HttpRequest
    platform_id: UUID
    slug: str  # of the platform
    key_prefix: str
    given: Mapping[str, str] = field(default_factory=dict)  # what the path names

    @property
    def by(self) -> str:
        """Whose doing it is, as a source of signals is named."""
        return f"key:{self.key_prefix}"

    def query(self, name: str) -> str | None:
        """A parameter of the address."""
        return self.request.GET.get(name)

    def bank(self, *, missing: str = "bank '{name}' not found") -> Bank:
        """The bank that the path names. Raises `Refusal`."""
        name = self.given["name"]
        found = bank_of(platform_id=self.platform_id, name=name, plain=plain)
        if found is None:
            raise Refusal(404, missing.format(name=name))
        return found

    def json(self) -> Any:
        """The body as JSON. Raises `Refusal`: 415 for another type, 400 for what can't be read."""
        if self.request.content_type != "application/json":
            raise Refusal(415, NOT_JSON)
        body = self.body()
        return parsed(body)

    def body(self) -> bytes:
        """The body. Raises `Refusal` when it is larger than any of these questions can be."""
        length = self.request.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > MOST_JSON_BYTES:
            raise Refusal(413, "Content too large")
        return self.request.body

    def checked(self, model: type[Model]) -> Model:
        """The body as a model; wrong fields are a list, with 422."""
        try:
            return model.model_validate_json(self.body() or b"null")
        except ValidationError as wrong:
            raise Refusal(422, json.loads(wrong.json())) from None

    def wants(self, model: type[Model]) -> Model:
        """The address's parameters as a model; wrong ones are a list, with 422."""
        try:
            return model.model_validate(self.request.GET.dict())
        except ValidationError as wrong:
            raise Refusal(422, json.loads(wrong.json())) from None

    def files(self) -> list[tuple[str, Any]]:
        """The files of a form, by the names of their fields."""
        every = self.request.FILES
        return [(name, one) for name in every for one in every.getlist(name)]


def parsed(text: bytes) -> Any:
    """JSON that can be kept as it is. Raises `Refusal`, 400."""
    if NUL in text:
        raise Refusal(400, "a text must not contain NUL")
    try:
        said = json.loads(text, parse_constant=_no_number)
        json.dumps(said, ensure_ascii=False).encode()  # halves of characters are kept nowhere
    except (ValueError, RecursionError):
        raise Refusal(400, NOT_UNDERSTOOD) from None
    return said


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def plain(name: str) -> str:
    """A bank's name as the protocol writes names: upper case with underscores."""
    found = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    return name if NAME.fullmatch(name) else found or "BANK"


def say(body: Any, status: int = 200) -> HttpResponse:
    """JSON with sorted keys and a line's end."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":")) + "\n"
    return HttpResponse(text, status=status, content_type="application/json")


def refuse(why: Refusal) -> HttpResponse:
    """The answer that a refusal is."""
    return say(why.said if isinstance(why.said, list) else {"message": why.said}, why.status)
