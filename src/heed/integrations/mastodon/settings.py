"""What an operator says of a Mastodon server, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heed.integrations.connectors.claims import NOTHING, Claim, read_claim, read_url
from heed.ports import PeerRefused

NAMES = {
    "url": "where the server is, such as https://social.example (required)",
    "gate": "on, when its proxy asks Heed before it serves a file; else off",
    "legal": "what a report of the kind `legal` claims: a category, such as other",
    "rule_<id>": "what a report that names this rule of yours claims: a category, such as "
    "minor_sexual; with an age where the rule says one, such as intimate_image:adult",
}
_ON_OFF = {"gate": ("on", "off")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The settings, read."""

    url: str
    gate: bool = False
    legal: Claim = NOTHING
    rules: Mapping[str, Claim] = field(default_factory=dict)


def read(said: Mapping[str, Any]) -> Said:
    """Raises `PeerRefused`, naming the setting and what to write instead."""
    known = {name for name in NAMES if name != "rule_<id>"}
    rules = {name: value for name, value in said.items() if name.startswith("rule_")}
    if unknown := sorted(set(said) - known - set(rules)):
        raise PeerRefused(f"no setting {', '.join(unknown)}: there are {', '.join(NAMES)}")
    for name, words in _ON_OFF.items():
        if str(said.get(name, words[-1])) not in words:
            raise PeerRefused(f"{name}: write {' or '.join(words)}")
    return Said(
        url=read_url(str(said.get("url") or "")),
        gate=said.get("gate") == "on",
        legal=read_claim("legal", str(said.get("legal") or "other")),
        rules={name.removeprefix("rule_"): read_claim(name, str(v)) for name, v in rules.items()},
    )
