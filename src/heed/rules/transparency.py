"""A statement of reasons as the DSA Transparency Database takes it: no person, no post, no notice.

Field names and values are the database's own, as documented in July 2025 (DSA article 24(5)).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from heed.rules.claims import EXTORTION, INTIMATE, Category

MOST_AT_ONCE = 100  # statements in one batch; one that is wrong refuses all of them
LONGEST = {"decision_facts": 5_000, "incompatible_content_explanation": 2_000,
           "incompatible_content_ground": 500, "puid": 500}  # fmt: skip
_PUID = re.compile(r"[a-zA-Z0-9-_]+")
TERRITORY = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip


class Source(StrEnum):
    """What made us look."""

    NOTICE = "SOURCE_ARTICLE_16"
    FLAGGER = "SOURCE_TRUSTED_FLAGGER"
    OTHER = "SOURCE_TYPE_OTHER_NOTIFICATION"
    OWN = "SOURCE_VOLUNTARY"


VISIBILITY = {
    "limited": "DECISION_VISIBILITY_CONTENT_DEMOTED",
    "hidden": "DECISION_VISIBILITY_CONTENT_DISABLED",
    "removed": "DECISION_VISIBILITY_CONTENT_REMOVED",
}
CONTENT = {"picture": "CONTENT_TYPE_IMAGE", "video": "CONTENT_TYPE_VIDEO", "": "CONTENT_TYPE_TEXT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a statement says of one restriction. There is no field for a person or an address."""

    puid: str
    level: str
    category: Category
    about_child: bool
    clause_title: str
    clause_text: str
    content: str  # picture, video, or empty for words
    published_on: date
    restricted_on: date
    source: Source
    found_by_match: bool  # a machine found it: a bank, a copy
    decided_by_person: bool


def statement(facts: Facts) -> dict[str, Any]:
    """The statement as it is sent. Absent fields are left out: several may not be null."""
    category, keywords = _category(facts)
    made: dict[str, Any] = {
        "puid": facts.puid,
        "decision_visibility": [VISIBILITY[facts.level]],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": facts.clause_title[: LONGEST["incompatible_content_ground"]],
        "incompatible_content_explanation": facts.clause_text[:2_000],
        "content_type": [CONTENT.get(facts.content, "CONTENT_TYPE_OTHER")],
        "category": category,
        "territorial_scope": list(TERRITORY),
        "content_date": f"{max(facts.published_on, date(2000, 1, 1))}",
        "application_date": f"{facts.restricted_on}",
        "decision_facts": _facts(facts),
        "source_type": facts.source.value,
        "automated_detection": "Yes" if facts.found_by_match else "No",
        "automated_decision": _automated(facts),
    }
    if made["content_type"] == ["CONTENT_TYPE_OTHER"]:
        made["content_type_other"] = "a file of another kind"
    if keywords:
        made["category_specification"] = keywords
    return made


def _category(facts: Facts) -> tuple[str, list[str]]:
    if facts.about_child:
        keywords = ["KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL"]
        if facts.category in EXTORTION:
            keywords.append("KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS")
        return "STATEMENT_CATEGORY_PROTECTION_OF_MINORS", keywords
    if facts.category in INTIMATE:
        return "STATEMENT_CATEGORY_CYBER_VIOLENCE", ["KEYWORD_NON_CONSENSUAL_IMAGE_SHARING"]
    return _OTHERS[facts.category]


_OTHERS = {
    Category.THREATS: ("STATEMENT_CATEGORY_VIOLENCE", []),
    Category.DOXXING: ("STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", []),
    Category.IMPERSONATION: (
        "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        ["KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING"],
    ),
    Category.OTHER: ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", []),
}


def _facts(facts: Facts) -> str:
    """Nothing that tells who is shown, who published it, or what somebody told us."""
    how = "A person looked at it and decided." if facts.decided_by_person else (
        "A rule restricted it provisionally; a person looks at it and decides."
    )  # fmt: skip
    return f"Restricted under our rule '{facts.clause_title}'. {how}"


def _automated(facts: Facts) -> str:
    if not facts.decided_by_person:
        return "AUTOMATED_DECISION_FULLY"
    return (
        "AUTOMATED_DECISION_PARTIALLY"
        if facts.found_by_match
        else "AUTOMATED_DECISION_NOT_AUTOMATED"
    )


def faults(made: Mapping[str, Any]) -> list[str]:
    """What the database's documented rules would refuse, before it is sent."""
    found = [f"{name} is missing" for name in _REQUIRED if not made.get(name)]
    found += [
        f"{name} is longer than {most}"
        for name, most in LONGEST.items()
        if len(str(made.get(name, ""))) > most
    ]
    if not _PUID.fullmatch(str(made.get("puid", ""))):
        found.append("puid may hold letters, digits, hyphens and underscores alone")
    return found


_REQUIRED = (
    "puid", "decision_visibility", "decision_ground", "content_type", "category", "content_date",
    "application_date", "decision_facts", "source_type", "automated_detection",
    "automated_decision", "incompatible_content_ground", "incompatible_content_explanation",
)  # fmt: skip


# ------------------------------------------------------------------ what the database promises


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One statement that the Transparency Database took in."""

    puid: str  # our id
    ref: str  # its own


class DatabaseAway(Exception):
    """No answer, or none that can be read: it may have taken the batch in. Ask after it first."""


class DatabaseBusy(Exception):
    """Too many at once. Nothing was taken in; wait."""


class NotAuthorised(Exception):
    """The token is not good for this. Nothing was taken in; the operator has to look."""


class StatementsRefused(Exception):
    """Nothing of the batch was taken in, because of some: by place in the batch, with the words."""

    def __init__(self, *, wrong: dict[int, list[str]], known: frozenset[str]) -> None:
        super().__init__(f"{len(wrong)} are wrong, {len(known)} are there already")
        self.wrong, self.known = wrong, known


class TransparencyDatabase(Protocol):
    """The DSA Transparency Database: statements of reasons, in batches that go in whole."""

    def publish(self, statements: Sequence[Mapping[str, Any]]) -> list[Published]:
        """At most a hundred. Raises `StatementsRefused`, `DatabaseBusy`, `NotAuthorised`,
        `DatabaseAway`.
        """

    def is_there(self, puid: str) -> bool:
        """Whether it has this one. Raises `DatabaseAway`, `DatabaseBusy`, `NotAuthorised`."""
