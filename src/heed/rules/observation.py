"""What fetching an item's addresses proves: seen, gone, or nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from heed.rules.visibility import Visibility

GONE_STATUSES = frozenset({404, 410})  # RFC 9110: not found, gone; a platform may declare others


class Observed(StrEnum):
    """What was observed of an item."""

    SEEN = "seen"
    GONE = "gone"
    UNVERIFIABLE = "unverifiable"  # a login wall, a geo-block, no answer, or never seen before


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one address answered; `status` is None when nothing could be learnt."""

    status: int | None


def observed(
    answers: Sequence[Answer], *, seen_before: bool, gone_statuses: Collection[int] = GONE_STATUSES
) -> Observed:
    """One address that still shows it outweighs all others. Gone needs every address to say so,
    and an earlier fetch that saw it: what was never seen can't be verified to be gone.
    """
    statuses = [answer.status for answer in answers]
    if any(status is not None and 200 <= status < 300 for status in statuses):
        return Observed.SEEN
    all_gone = bool(statuses) and all(status in gone_statuses for status in statuses)
    return Observed.GONE if all_gone and seen_before else Observed.UNVERIFIABLE


def disputes(acknowledged: Visibility, seen: Observed) -> bool:
    """The platform says that it is hidden or removed, and the address still shows it."""
    return acknowledged >= Visibility.HIDDEN and seen is Observed.SEEN
