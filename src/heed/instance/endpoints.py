"""Reads what an operator typed about a platform. Each says what to write where it can't be that."""

from collections.abc import Callable
from urllib.parse import urlsplit

from heed.instance.connecting import Refused
from heed.instance.first_day import reading

NONE = reading.NONE  # takes an address back
_SAMPLE = {"ref": "a", "n": 0}


def read(what: str, said: str, reader: Callable[[str], str]) -> str:
    """The answer in one form. Raises `Refused`, which says what it is about."""
    try:
        return reader(said)
    except reading.BadAnswer as why:
        raise Refused(f"Nothing was changed: {what} {said!r}: {why}") from None


def site(said: str) -> str:
    """What a site's addresses begin with."""
    return reading.site(said)


def callback(said: str) -> str:
    """Where a site listens, in full; empty for `none`."""
    return "" if said == NONE else _whole(said)


def evidence(said: str) -> str:
    """Where a site gives hidden files, with {ref} and {n} in it; empty for `none`."""
    if said == NONE:
        return ""
    try:
        fits = "{ref}" in said and "{n}" in said and bool(_whole(said.format(**_SAMPLE)))
    except (KeyError, IndexError, ValueError):
        fits = False
    if not fits:
        raise reading.BadAnswer("write it as https://example.org/evidence/{ref}/{n}")
    return said


def _whole(said: str) -> str:
    """A full address; some sites need a question mark in it."""
    plain, _, _ = said.partition("?")
    if "://" not in said or urlsplit(said).fragment:
        raise reading.BadAnswer("write it as https://example.org/heed")
    reading.web(plain)
    return said
