"""How far one claim, or one decision, reaches into the copies of a thing."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from heed.rules.decisions import Scope
from heed.rules.visibility import Visibility

GOOD_QUALITY = 50  # PDQ quality 0-100; below it hashes of flat pictures meet by chance (PDQ paper)
CONFIDENT_MATCH = 31  # bits of 256; distance <= this is a match (threatexchange, pdq_utils)
MOST_NEAR = 200  # near copies one undecided claim hides; a real repost wave altered 40 of 3,000
FAR_OLDER = timedelta(days=365)  # published this long before the named item: hardly a copy of it


class FoundBy(StrEnum):
    """How an item was found to carry the file of a case."""

    NAMED = "named"
    RESHARE = "reshare"
    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One copy, as the rules may see it: nothing about whose it is."""

    by: FoundBy
    distance_bits: int | None = None
    """Near copies only. None means not measured, and is never taken for zero."""
    quality: int | None = None
    """PDQ quality of the copy's picture, 0 to 100; None when nobody told."""
    claimed_quality: int | None = None
    """The same of the picture that the case is about."""
    older_by: timedelta = timedelta(0)
    """How long before the earliest named item this one was published; negative when after."""
    confirmed: bool = False
    """A person has said that both are the same thing."""
    exempt: bool = False
    """A decision lets this item stand, as an adult's consented original."""


def good_match(found: Found) -> bool:
    """Both pictures have quality, and the distance is within the threshold."""
    qualities = (found.quality, found.claimed_quality)
    if found.distance_bits is None or found.distance_bits > CONFIDENT_MATCH:
        return False
    return all(quality is not None and quality >= GOOD_QUALITY for quality in qualities)


def unusual(found: Found, *, near_before: int) -> bool:
    """More, or far older, than one undecided claim usually reaches.

    `near_before` counts the near copies this case had found before this one (closest first within
    a search). So a flood of altered copies never sets the first ones free.
    """
    return near_before >= MOST_NEAR or found.older_by > FAR_OLDER


def reach(
    found: Found,
    claim_level: Visibility,
    decided: bool,
    *,
    near_before: int = 0,
    scope: Scope = Scope.FILE,
) -> Visibility:
    """How strict this case is with this copy. `decided` means: ruled to be removed.

    Undecided, no copy is ever treated more strictly than the claim's own level.
    """
    if found.exempt:
        return Visibility.VISIBLE
    if decided:
        return _decided(found, scope)
    return _undecided(found, claim_level, near_before)


def person_first(found: Found, decided: bool, *, near_before: int = 0) -> bool:
    """A person must confirm this copy before it may be treated like the named item."""
    if found.by is not FoundBy.NEAR or found.confirmed:
        return False
    return decided or not good_match(found) or unusual(found, near_before=near_before)


def basis(found: Found, decided: bool, *, near_before: int = 0) -> str:
    """The named reason for a copy's level, as docs/policy.md explains it."""
    if found.by is not FoundBy.NEAR or found.confirmed:
        return f"copy-{FoundBy.EXACT if found.by is FoundBy.NEAR else found.by}"
    if not good_match(found):
        return "copy-near-unclear"
    if not decided and unusual(found, near_before=near_before):
        return "copy-near-unusual"
    return "copy-near"


BASES = (
    "copy-named", "copy-reshare", "copy-exact", "copy-near", "copy-near-unclear",
    "copy-near-unusual",
)  # fmt: skip


def _undecided(found: Found, claim_level: Visibility, near_before: int) -> Visibility:
    provisional = min(claim_level, Visibility.HIDDEN)
    if found.by is not FoundBy.NEAR or found.confirmed:
        return provisional
    if not good_match(found):
        return Visibility.VISIBLE
    if unusual(found, near_before=near_before):
        return min(provisional, Visibility.LIMITED)
    return provisional


def _decided(found: Found, scope: Scope) -> Visibility:
    of_the_named_item = found.by in (FoundBy.NAMED, FoundBy.RESHARE)
    if scope is Scope.ITEMS and not of_the_named_item:
        return Visibility.VISIBLE
    if found.by is not FoundBy.NEAR or found.confirmed:
        return Visibility.REMOVED
    return Visibility.HIDDEN if good_match(found) else Visibility.VISIBLE
