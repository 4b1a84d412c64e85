"""Finding the links in whatever somebody pasted."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

from heed.media import queries as media
from heed.media.models import Platform

LONGEST_LINK = 2083  # characters; media.Item.url
_READ_BY_LINE = 200_000  # characters; a longer text is searched for whole links only
_SHOWN = 200  # characters of a line that is no link
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_BARE = re.compile(r"[\w-]+(\.[\w-]+)*(:\d{1,5})?/\S*")
_ANY = re.compile(r"\w")
_TRAILING = ".,;:!?)]}'\u2019”»"


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a box of links holds: by platform, elsewhere, and what is no link at all."""

    ours: dict[UUID, list[str]] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Links on sites that this server looks after."""
        return sum(len(links) for links in self.ours.values())


def sort(text: str) -> Sorted:
    """Sort what was pasted. Each link once, in the order they came; nothing is fetched."""
    found = Sorted()
    prefixes = _prefixes()
    seen: set[str] = set()
    for line in text.splitlines() if len(text) <= _READ_BY_LINE else [text]:
        links = _links_in(line.strip(), prefixes)
        if not links and line.strip():
            found.unread.append(line.strip()[:_SHOWN])
        for link in links:
            if link not in seen:
                seen.add(link)
                _put(found, link, prefixes)
    return found


def beside(text: str) -> str:
    """The lines on which there are words, whole, with the links among them; a link alone is none.

    They are what somebody wrote, and are kept as words.
    """
    return "\n".join(line.strip() for line in text.splitlines() if _has_words(line))


def _has_words(line: str) -> bool:
    rest = _LINK.sub(" ", line).split()
    return any(_ANY.search(word) and not _BARE.fullmatch(_trim(word)) for word in rest)


def _prefixes() -> list[tuple[str, Platform]]:
    """Longest first, so that the nearest platform wins, as `media.queries.platform_of` has it."""
    pairs = [(prefix, platform) for platform in sites() for prefix in platform.url_prefixes]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def sites() -> list[Platform]:
    """The platforms that this server looks after, by name."""
    return list(Platform.objects.order_by("name"))


def platform_of(link: str) -> Platform | None:
    """Whose link it is."""
    return media.platform_of(link)


def _links_in(line: str, prefixes: list[tuple[str, Platform]]) -> list[str]:
    whole = [_trim(link) for link in _LINK.findall(line)]
    if whole:
        return [link for link in whole if _usable(link)]
    for word in line.split()[:50]:
        guess = _with_scheme(word, prefixes)
        if guess:
            return [guess]
    return []


def _with_scheme(word: str, prefixes: list[tuple[str, Platform]]) -> str:
    """People leave "https://" away; put it back where that makes one of our links."""
    if not _BARE.fullmatch(word) or len(word) > LONGEST_LINK:
        return ""
    for prefix, _ in prefixes:
        scheme = prefix.partition("://")[0]
        if f"{scheme}://{word}".lower().startswith(prefix.lower()):
            return _trim(f"{scheme}://{word}")
    return f"https://{_trim(word)}" if "." in word.partition("/")[0] else ""


def _trim(link: str) -> str:
    return link.rstrip(_TRAILING)


def _usable(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return bool(parts.netloc) and len(link) <= LONGEST_LINK


def _put(found: Sorted, link: str, prefixes: list[tuple[str, Platform]]) -> None:
    for prefix, platform in prefixes:
        near = _as_prefixed(link, prefix)
        if near is not None:
            found.ours.setdefault(platform.id, []).append(near)
            return
    found.elsewhere.append(link)


def _as_prefixed(link: str, prefix: str) -> str | None:
    """The link as the platform spells its own address: host names know no case, people do."""
    if link.startswith(prefix):
        return link
    mine, theirs = urlsplit(link), urlsplit(prefix)
    if mine.netloc.lower() != theirs.netloc.lower():
        return None
    rest = link.partition("://")[2].partition("/")
    spelled = f"{theirs.scheme}://{theirs.netloc}{rest[1]}{rest[2]}"
    return spelled if spelled.startswith(prefix) else None
