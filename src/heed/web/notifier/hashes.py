"""Codes of a picture that somebody has, or that their browser made: never the picture itself."""

import re
from typing import NamedTuple

MOST = 60  # in one sending; a video's frames are many
_BITS = {"sha256": 256, "md5": 128, "pdq": 256, "vpdq": 256}
_LINE = re.compile(r"(?:(?P<kind>[a-z0-9]+)\s*[:=]\s*)?(?P<hex>[0-9a-f]+)")


class Hash(NamedTuple):
    """One code: its type, and its value in hex digits."""

    kind: str
    value: str


def read(typed: str, sha256: str = "", pdq: str = "") -> tuple[tuple[Hash, ...], str]:
    """One on each line, as `type:hex`; and the first line that is none, empty when all are.

    In the two fields that a browser fills in, and for 64 digits alone, the type may be left out.
    """
    found: dict[Hash, None] = {}
    for text, kind in ((typed, "sha256"), (sha256, "sha256"), (pdq, "pdq")):
        for line in filter(None, (line.strip() for line in text.splitlines())):
            one = _one(line.lower(), kind)
            if one is None:
                return tuple(found), line
            found[one] = None
    return tuple(found), ""


def _one(line: str, kind: str) -> Hash | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    named = match["kind"] or kind
    fits = len(match["hex"]) * 4 == _BITS.get(named)
    return Hash(named, match["hex"]) if fits else None
