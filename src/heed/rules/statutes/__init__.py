"""The laws, one file per authority. A new one is a file here and a line in this table."""

from collections.abc import Iterable, Mapping

from heed.rules.clocks import Pack
from heed.rules.statutes import (
    australia,
    california,
    dsa,
    take_it_down,
    tco,
    uk_osa,
    us_2258a,
    us_2702,
    us_2703,
)

PACKS: Mapping[str, Pack] = {
    "take_it_down": take_it_down,
    "us_2258a": us_2258a,
    "us_2702": us_2702,
    "us_2703": us_2703,
    "dsa": dsa,
    "california": california,
    "tco": tco,
    "uk_osa": uk_osa,
    "australia": australia,
}

# The jurisdiction packs. An operator may switch on a pack, or its statutes one by one.
JURISDICTIONS: Mapping[str, tuple[str, ...]] = {
    "us": ("take_it_down", "us_2258a", "us_2702", "us_2703"),
    "us-ca": ("california",),
    "eu": ("dsa", "tco"),
    "uk": ("uk_osa",),
    "au": ("australia",),
}
DEFAULT = frozenset({*JURISDICTIONS["us"], "dsa"})


class NoSuchPack(ValueError):
    """An authority is enabled that no file in `rules/statutes/` is for; the message lists them."""


def named(words: Iterable[str]) -> tuple[str, ...]:
    """The statutes that these packs and statutes mean, each once. Raises `NoSuchPack`."""
    found: list[str] = []
    for word in words:
        if word not in JURISDICTIONS and word not in PACKS:
            known = ", ".join([*JURISDICTIONS, *sorted(PACKS)])
            raise NoSuchPack(f"{word!r} is none of {known}")
        found += JURISDICTIONS.get(word, (word,))
    return tuple(dict.fromkeys(found))
