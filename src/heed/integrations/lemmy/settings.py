"""What an operator says of a Lemmy server, checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heed.integrations.connectors.claims import Claim, read_claim, read_url
from heed.ports import PeerRefused

NAMES = {
    "url": "where the server is, such as https://lemmy.example (required)",
    "gate": "on, when its proxy asks Heed before it serves a picture; else off",
    "limit_days": "for how many days a limited account is banned; 7 unless you say otherwise",
    "reason_<word>": "what a report claims whose reason has this word: a category, such as "
    "minor_sexual; with an age where that is meant, such as intimate_image:adult",
}
WORD = "reason_"
LONGEST_LIMIT_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The settings, read."""

    url: str
    gate: bool = False
    limit_days: int = 7
    words: Mapping[str, Claim] = field(default_factory=dict)  # in lower case

    def claims(self, reason: str) -> list[Claim]:
        """What the words of a report claim, by what the operator said of them."""
        spoken = set(re.findall(r"\w+", reason.casefold()))
        return [claim for word, claim in self.words.items() if word in spoken]


def read(said: Mapping[str, Any]) -> Said:
    """Raises `PeerRefused`, naming the setting and what to write instead."""
    words = {name: value for name, value in said.items() if name.startswith(WORD)}
    if unknown := sorted(set(said) - set(NAMES) - set(words)):
        raise PeerRefused(f"no setting {', '.join(unknown)}: there are {', '.join(NAMES)}")
    if str(said.get("gate", "off")) not in ("on", "off"):
        raise PeerRefused("gate: write on or off")
    return Said(
        url=read_url(str(said.get("url") or "")),
        gate=said.get("gate") == "on",
        limit_days=_days(str(said.get("limit_days") or "7")),
        words={_word(name): read_claim(name, str(value)) for name, value in words.items()},
    )


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= LONGEST_LIMIT_DAYS:
        raise PeerRefused(f"limit_days: a number from 1 to {LONGEST_LIMIT_DAYS}")
    return int(text)


def _word(name: str) -> str:
    word = name.removeprefix(WORD).casefold()
    if not re.fullmatch(r"\w+", word):
        raise PeerRefused(f"{name}: one word of letters and digits after {WORD}")
    return word
