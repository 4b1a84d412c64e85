"""XARF v4: abuse as hosts, networks and hotlines tell it to each other. Read, and written, by hand.

Media never travels: what comes with a message is dropped unread, and nothing of ours goes out but
addresses and hashes. There is no type for an adult's intimate image: it is never passed for one of
the two about children. Facts: the XARF v4.2.0 schemas.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from heed.rules.claims import EXTORTION, MINOR, Category

VERSION = "4.2.0"
_VERSION = re.compile(r"4\.\d+\.\d+")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
LONGEST_WORDS = 1_000  # of `description`
MOST_URLS = 100


class NotXarf(ValueError):
    """This is no message that we can read; the text names the field and what it should hold."""


class NotSayable(ValueError):
    """XARF has no type for this, and another one would be untrue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a message says, as far as a notice can hold it."""

    ref: str
    domain: str  # of who tells us, as they say
    category: Category
    urls: tuple[str, ...]
    sha256: str
    words: str
    dropped: int  # pieces of evidence that were not read


def read(message: Mapping[str, Any]) -> Told:
    """A message as a notice. Raises `NotXarf`."""
    if not _VERSION.fullmatch(str(message.get("xarf_version", ""))):
        raise NotXarf("xarf_version: a version 4 is asked for, such as 4.2.0")
    ref = _id(message.get("report_id"))
    if message.get("category") != "content":
        raise NotXarf("category: only 'content' is taken here")
    reporter = message.get("reporter")
    domain = reporter.get("domain") if isinstance(reporter, Mapping) else None
    if not isinstance(domain, str) or not domain:
        raise NotXarf("reporter.domain: say who tells us")
    urls = tuple(dict.fromkeys(_urls(message)))
    sha256 = _hash(message)
    if not urls and not sha256:
        raise NotXarf("url: name an address, or a SHA-256 in hash_values")
    evidence = message.get("evidence")
    return Told(
        ref=ref,
        domain=domain[:253],
        category=_category(message),
        urls=urls,
        sha256=sha256,
        words=str(message.get("description", ""))[:LONGEST_WORDS],
        dropped=len(evidence) if isinstance(evidence, list) else 0,
    )


def _id(text: object) -> str:
    try:
        return str(UUID(str(text)))
    except ValueError:
        raise NotXarf("report_id: a UUID is asked for") from None


def _urls(message: Mapping[str, Any]) -> list[str]:
    found = [message.get("url"), *_list(message.get("urls"))]
    return [one for one in found if isinstance(one, str) and one.startswith("http")][:MOST_URLS]


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _hash(message: Mapping[str, Any]) -> str:
    values = message.get("hash_values")
    text = str(values.get("sha256", "")) if isinstance(values, Mapping) else ""
    return text.lower() if _SHA256.fullmatch(text) else ""


def _category(message: Mapping[str, Any]) -> Category:
    if message.get("type") == "csam":
        return Category.MINOR_SEXUAL
    if message.get("type") == "csem":
        extorts = message.get("exploitation_type") == "sextortion"
        return Category.MINOR_EXTORTION if extorts else Category.MINOR_SEXUAL
    return Category.OTHER


def written(
    *,
    ref: UUID,
    at: datetime,
    organisation: str,
    contact: str,
    domain: str,
    category: Category,
    url: str,
    sha256: str,
    by_person: bool,
    removed: bool,
) -> dict[str, Any]:
    """A message about one address of a child's case. Raises `NotSayable` for an adult's."""
    if category not in MINOR:
        raise NotSayable("XARF has types for abuse of children alone: this is told in words")
    who = {"org": organisation, "contact": contact, "domain": domain}
    method = "manual_review" if by_person else "user_report"
    made: dict[str, Any] = {
        "xarf_version": VERSION,
        "report_id": str(ref),
        "timestamp": at.isoformat(),
        "reporter": who,
        "sender": who,
        "source_identifier": url,
        "category": "content",
        "url": url,
        "detection_method": method,
        "content_removed": removed,
    }
    if category in EXTORTION:
        return made | {"type": "csem", "exploitation_type": "sextortion"}
    hashes = {"hash_values": {"sha256": sha256}} if sha256 else {}
    return made | {"type": "csam", "classification": "baseline"} | hashes
