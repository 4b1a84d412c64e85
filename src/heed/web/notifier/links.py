"""Finding the links in whatever somebody pasted."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from heed.media import queries as media
from heed.media.models import Platform
from heed.web.notifier import pasted

LONGEST_LINK = 2083  # characters; media.Item.url
_READ_BY_LINE = 200_000  # characters; a longer text is searched for whole links only
_SHOWN = 200  # characters of a line that is no link
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_BARE = re.compile(r"[\w-]+(\.[\w-]+)*(:\d{1,5})?/\S*")
_ANY = re.compile(r"\w")
_WORDS_READ = 50  # of a line, when links without "https://" are looked for
_DEFAULT_PORT = re.compile(r":(443|80)$")
_SAME_SITE = re.compile(r"^(www|m|mobile)\.(?=[^.]+\.)")

Prefixes = list[tuple[str, Platform]]  # the longest first


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
    for line in _lines(text):
        links = _links_in(pasted.cleaned(line.strip(), _hosts(prefixes)), prefixes)
        if not links and line.strip():
            found.unread.append(line.strip()[:_SHOWN])
        for link in links:
            if link not in seen:
                seen.add(link)
                _put(found, link, prefixes)
    return found


def named(text: str) -> list[str]:
    """Every link in it, as its site spells it; what is no link, word by word, is left as it is."""
    found = sort(text)
    return [*(link for ours in found.ours.values() for link in ours), *found.elsewhere] or (
        text.split()
    )


def _lines(text: str) -> list[str]:
    """Of a very long text only the links that are whole, each as a line: it may hold anything."""
    if len(text) <= _READ_BY_LINE:
        return text.splitlines()
    whole = (found.group()[: 3 * LONGEST_LINK] for found in _LINK.finditer(text))
    return list(whole) or [text[:_SHOWN]]


def beside(text: str) -> str:
    """The lines on which there are words, whole, with the links among them; a link alone is none.

    They are what somebody wrote, and are kept as words.
    """
    return "\n".join(line.strip() for line in text.splitlines() if _has_words(line))


def _has_words(line: str) -> bool:
    rest = _LINK.sub(" ", pasted.cleaned(line)).split()
    return any(_ANY.search(word) and not _BARE.fullmatch(pasted.trimmed(word)) for word in rest)


def _prefixes() -> Prefixes:
    """Longest first, so that the nearest platform wins, as `media.queries.platform_of` has it."""
    pairs = [(prefix, platform) for platform in sites() for prefix in platform.url_prefixes]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def sites() -> list[Platform]:
    """The platforms that this server looks after, by name."""
    return list(Platform.objects.order_by("name"))


def platform_of(link: str) -> Platform | None:
    """Whose link it is."""
    return media.platform_of(link)


def _links_in(line: str, prefixes: Prefixes) -> list[str]:
    whole = [pasted.trimmed(link) for link in _LINK.findall(line)]
    near = [url for link in whole if _usable(link) for url in _meant(link, prefixes)]
    words = [pasted.trimmed(word) for word in _LINK.sub(" ", line).split()[:_WORDS_READ]]
    bare = [url for word in words if (url := _with_scheme(word, prefixes))]
    found = near + bare
    return found if found or whole else _elsewhere_bare(words)[:1]


def _with_scheme(word: str, prefixes: Prefixes) -> str:
    """People leave "https://" away; put it back where that makes one of our links."""
    if not _BARE.fullmatch(word) or len(word) > LONGEST_LINK:
        return ""
    place = _placed(f"https://{word}", prefixes)
    return "" if place is None else place[1]


def _elsewhere_bare(words: list[str]) -> list[str]:
    """What may be a link of another site, of which we can at least say so."""
    bare = [one for one in words if _BARE.fullmatch(one) and len(one) <= LONGEST_LINK]
    return [f"https://{word}" for word in bare if "." in word.partition("/")[0]]


def _meant(link: str, prefixes: Prefixes) -> list[str]:
    """The link, or ours that a mail program or a search wrapped into one of its own.

    An archive's address holds ours too, and is a place by itself: both are kept.
    """
    if _is_ours(link, prefixes):
        return [link]
    wrapped = [url for url in pasted.given_in(link) if _is_ours(url, prefixes)]
    inside = [url for url in pasted.inside(link) if _is_ours(url, prefixes)]
    return wrapped[:1] or [link, *inside[:1]]


def _is_ours(link: str, prefixes: Prefixes) -> bool:
    return _placed(link, prefixes) is not None


def _hosts(prefixes: Prefixes) -> list[str]:
    return [urlsplit(prefix).netloc for prefix, _ in prefixes]


def _usable(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return bool(parts.netloc) and len(link) <= LONGEST_LINK


def _put(found: Sorted, link: str, prefixes: Prefixes) -> None:
    place = _placed(link, prefixes)
    if place is None:
        found.elsewhere.append(link)
    else:
        found.ours.setdefault(place[0].id, []).append(place[1])


def _placed(link: str, prefixes: Prefixes) -> tuple[Platform, str] | None:
    """Whose link it is, and how that platform spells it. A telephone is often sent to a host of its
    own (m.), which shows the same posts; what is declared goes before what is guessed.
    """
    for same in (_same_host, _same_site):
        for prefix, platform in prefixes:
            mine, theirs = urlsplit(link), urlsplit(prefix)
            if not same(mine, theirs):
                continue
            rest = link.partition("://")[2][len(mine.netloc) :]
            spelled = f"{theirs.scheme}://{theirs.netloc}{rest}"
            if media.under(prefix, spelled):
                return platform, spelled
    return None


def _same_host(mine: SplitResult, theirs: SplitResult) -> bool:
    """Host names know no case, people do."""
    return _host(mine) == _host(theirs)


def _same_site(mine: SplitResult, theirs: SplitResult) -> bool:
    return _SAME_SITE.sub("", _host(mine)) == _SAME_SITE.sub("", _host(theirs))


def _host(parts: SplitResult) -> str:
    return _DEFAULT_PORT.sub("", parts.netloc.lower())
