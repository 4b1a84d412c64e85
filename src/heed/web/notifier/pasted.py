"""What telephones, chats and mail programs do to a link before somebody pastes it, undone; and to
an e-mail address.
"""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

_MOST_GIVEN = 20  # parameters of one link that are looked into
# marks of direction, or of no width, which apps put around what they copy
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SCHEME = re.compile(
    r"(?<![\w/])(?P<is>h[tx]{2}p|ttp)(?P<s>s?)(?:[:;]\s?/{0,3}|/{1,3})"
    r"(?=[\w-]+(?:\.|\[\.\]|:\d|/))",
    re.IGNORECASE,
)
_GLUED = re.compile(r"(?<=[^\s/=])(?=https?://)", re.IGNORECASE)
_BETWEEN = r"(?<![,;|])[,;|\u060c\u061b\u3001]{{1,5}}(?=(?:https?://)?(?:www\.)?(?:{hosts})/)"
_NAMED = re.compile(r"[^<>]*<(?P<address>[^<>]+)>")  # as mail programs write one
_OPENING = "([{<*`'\"\u2018\u201c\u201e\u00ab"
_CLOSING = ".,;:!?]}>*`'\"|\\\u2018\u2019\u201c\u201d\u00bb\u2026\u060c\u061b\u061f\u0964\u3002"
_JOINING = "\u200c\u200d\ufe0f\u20e3"  # what an emoji may be made of, besides symbols


def cleaned(line: str, hosts: Sequence[str] = ()) -> str:
    """A line in which each link stands by itself and begins as links do; its words stay.

    `hosts`: of the sites that this server looks after, whose links need no "https://".
    """
    seen = _UNSEEN.sub("", line).replace("[.]", ".").replace("&amp;", "&")
    seen = _SCHEME.sub(lambda found: f"http{found['s'].lower()}://", seen)
    if hosts:
        known = "|".join(map(re.escape, hosts))
        seen = re.sub(_BETWEEN.format(hosts=known), " ", seen, flags=re.IGNORECASE)
    return _GLUED.sub(" ", seen)


def trimmed(word: str) -> str:
    """Without what only stands around it: quotes, marks of a sentence, an emoji behind it."""
    inner = word.lstrip(_OPENING)
    end, too_many = len(inner), inner.count(")") - inner.count("(")
    while end and (_is_around(inner[end - 1]) or (inner[end - 1] == ")" and too_many > 0)):
        end -= 1
        too_many -= inner[end] == ")"
    return inner[:end]


def _is_around(letter: str) -> bool:
    symbol = not letter.isascii() and unicodedata.category(letter) in ("So", "Sk")
    return symbol or letter in _CLOSING or letter in _JOINING


def address(typed: str) -> str:
    """The e-mail address in what was typed, without what programs put around it.

    Words beside it are left: a part of a name before a space may make a stranger's address.
    """
    seen = _UNSEEN.sub("", typed).strip(".,; ")
    named = _NAMED.fullmatch(seen)
    plain = (named["address"] if named else seen).strip()
    before, at, after = plain.removeprefix("mailto:").partition("@")
    spaced = re.sub(r"\s*\.\s*", ".", after)  # keyboards put spaces in while they guess words
    return f"{before.strip()}{at}{spaced.strip()}"


def given_in(link: str) -> list[str]:
    """The links that this one carries along to lead on to, as mail programs and searches do."""
    given = parse_qsl(urlsplit(link).query)[:_MOST_GIVEN]
    return [value for _, value in given if value.lower().startswith(("http://", "https://"))]


def inside(link: str) -> list[str]:
    """The link that stands within the path of this one, as archives write it."""
    path = unquote(link.partition("://")[2])
    found = re.search(r"/(https?://.+)", path, re.IGNORECASE)
    return [found.group(1)] if found else []
