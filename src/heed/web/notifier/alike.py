"""What a script's notices have in common, read from the form before anything else is."""

import io
from collections.abc import Mapping

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.http.multipartparser import MultiPartParserError

from heed.rules.misuse import said_alike

_WORDS = ("why", "seen_words")
_LINKS_LOOKED_AT = 3


def marks(body: bytes, content_type: str) -> frozenset[str]:
    """The first places that a form names, and its words without figures; empty if it is no form.

    Two forms with a mark in common need not come from one hand: a class may tell of one leak.
    """
    try:
        said = WSGIRequest(_environ(body, content_type)).POST
    except (BadRequest, SuspiciousOperation, MultiPartParserError, ValueError, TypeError):
        return frozenset()
    if "only_speak" in said:  # another language was asked for, and nothing sent
        return frozenset()
    return frozenset((*_places(said), *_words(said)))


def _places(said: Mapping[str, str]) -> list[str]:
    lines = (line.strip() for line in said.get("links", "").splitlines())
    return [f"at {line}" for line in lines if line][:_LINKS_LOOKED_AT]


def _words(said: Mapping[str, str]) -> list[str]:
    return [f"said {alike}" for name in _WORDS if (alike := said_alike(said.get(name, "")))]


def _environ(body: bytes, content_type: str) -> dict[str, object]:
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
