"""/h: what a file looks like."""

from dataclasses import dataclass

from django.http import HttpResponse
from pydantic import BaseModel

from heed.flows import answer_lookups
from heed.hashing.signals import FileSignals
from heed.web.hma import kinds
from heed.web.hma.asking import Ask, Refusal, say


class UrlAsked(BaseModel):
    """`GET /h/hash`."""

    url: str
    content_type: str | None = None
    types: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was sent or fetched, and which signals were asked for."""

    signals: FileSignals
    content: str
    types: tuple[str, ...]


def of_url(ask: Ask, url: str, content_type: str | None, types: str | None) -> Read:
    """Fetch and read. Raises `Refusal`."""
    content = kinds.content_type(content_type) if content_type else None
    try:
        got = answer_lookups.fetch(platform_id=ask.platform_id, url=url)
    except answer_lookups.UnsafeAddress:
        raise Refusal(400, "Invalid or unsafe URL provided") from None
    except answer_lookups.CouldNotFetch as why:
        raise Refusal(400, f"Failed to fetch URL: {why}") from None
    except answer_lookups.TooLarge:
        raise Refusal(413, "Content too large") from None
    content = content or kinds.content_of(got.content_type)
    chosen = tuple(kinds.wanted(types, content))
    return Read(answer_lookups.read(data=got.data), content, chosen)


def of_form(ask: Ask, *, missing: str = "Missing multipart/form-data file upload") -> Read:
    """Read the one file of a form, whose field is named like its content type."""
    files = ask.files()
    if not files:
        raise Refusal(400, missing)
    if len(files) > 1:
        raise Refusal(400, "Only one file allowed per request")
    name, file = files[0]
    content = kinds.content_type(name)
    chosen = tuple(kinds.wanted(ask.query("types"), content))
    if (file.size or 0) > answer_lookups.MOST_BYTES:
        raise Refusal(413, "Content too large")
    return Read(answer_lookups.read(data=bytes(file.read())), content, chosen)


def hash_url(ask: Ask) -> HttpResponse:
    """The signals of what lies at an address."""
    said = ask.wants(UrlAsked)
    read = of_url(ask, said.url, said.content_type, said.types)
    return say(kinds.hashed(read.signals, read.types))


def hash_file(ask: Ask) -> HttpResponse:
    """The signals of a file that is sent."""
    read = of_form(ask)
    return say(kinds.hashed(read.signals, read.types))
