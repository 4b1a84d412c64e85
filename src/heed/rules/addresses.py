"""What an address of a platform is: one published thing, or a profile, a search, a group.

The platform says so in patterns of its paths: `*` is one part between slashes, `**` is any rest,
and `?name=*` asks for a parameter of that name. `/p/*`, `/u/**`, `/watch?v=*`.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

LONGEST_PATTERN = 200  # characters
MOST_PATTERNS = 50  # of a platform, all kinds together
_PATTERN = re.compile(r"/[^\s?#]*(\?[\w.-]+=\*(&[\w.-]+=\*)*)?")


class AddressKind(StrEnum):
    """What may stand at an address. The first two are published things, the others lead to them."""

    ITEM = "item"
    FILE = "file"
    PROFILE = "profile"
    SEARCH = "search"
    GROUP = "group"


class NotAPattern(ValueError):
    """A declaration can't be read. The message names the word, and shows how one looks."""


PUBLISHED = (AddressKind.ITEM, AddressKind.FILE)


def check(kinds: Mapping[str, Sequence[str]]) -> None:
    """Raises `NotAPattern` for the first kind or pattern that can't be meant."""
    if sum(len(patterns) for patterns in kinds.values()) > MOST_PATTERNS:
        raise NotAPattern(f"at most {MOST_PATTERNS} patterns; use * and ** to say more with one")
    for kind, patterns in kinds.items():
        if kind not in set(AddressKind):
            raise NotAPattern(f"no kind {kind!r}: choose from {', '.join(AddressKind)}")
        for pattern in patterns:
            if len(pattern) > LONGEST_PATTERN or not _PATTERN.fullmatch(pattern):
                raise NotAPattern(f"{pattern!r} is no pattern: write it like /p/* or /watch?v=*")


def kind_of(url: str, declared: Mapping[str, Sequence[str]]) -> AddressKind | None:
    """What stands at `url`; None when no pattern speaks of it. A published thing is found first."""
    parts = urlsplit(url)
    given = {name for name, value in parse_qsl(parts.query) if value}
    for kind in AddressKind:
        for pattern in declared.get(kind, ()):
            path, names = _compiled(pattern)
            if path.fullmatch(parts.path or "/") and names <= given:
                return kind
    return None


def may_be_an_item(url: str, declared: Mapping[str, Sequence[str]]) -> bool:
    """Whether to take this address, which nobody knows yet, for a published thing.

    The front page never is one. Where the platform has said how its items' addresses look, others
    are not; where it has said nothing, everything else may be.
    """
    parts = urlsplit(url)
    if parts.path in ("", "/") and not parts.query:
        return False
    kind = kind_of(url, declared)
    if kind is None:
        return not declared.get(AddressKind.ITEM)
    return kind in PUBLISHED


@lru_cache(maxsize=1_024)
def _compiled(pattern: str) -> tuple[re.Pattern[str], frozenset[str]]:
    path, _, query = pattern.partition("?")
    pieces = re.split(r"(\*+)", path)
    told = {"*": "[^/]+"}
    regex = "".join(
        told.get(piece, ".*") if piece.startswith("*") else re.escape(piece) for piece in pieces
    )
    names = frozenset(part.partition("=")[0] for part in query.split("&") if part)
    return re.compile(regex.rstrip("/") + "/?"), names
