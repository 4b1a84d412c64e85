"""Who may decide, who must agree, and who may look."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

from heed.rules.claims import Category, about_a_body

ALONE_WAITS = timedelta(hours=24)  # docs/policy.md, rule 9: then one person may answer twice


class Ruling(StrEnum):
    """What a decision says of the thing."""

    REMOVE = "remove"
    KEEP = "keep"  # no violation was found: this case's restrictions are lifted


class Scope(StrEnum):
    """What a decision reaches."""

    ITEMS = "items"  # the named items and their reshares
    FILE = "file"  # the file, wherever it is and wherever it comes


class AppealOutcome(StrEnum):
    """How another look ended."""

    STANDS = "stands"
    REVERSED = "reversed"
    PARTLY = "partly"  # the decision stands, but for the one place that it was asked about


class Agreement(StrEnum):
    """Where a proposed decision is."""

    AGREED = "agreed"
    WAITING = "waiting"
    UNSECONDED = "unseconded"  # the same person again after 24 h; published as such


def needs_second(category: Category, ruling: Ruling, *, frees: bool = False) -> bool:
    """ "No violation" on a body is only proposed until a second, different person agrees.

    `frees`: a removal that would lift what is asked of some items says just that of these. Of the
    others it is final at once: nobody waits for them because of a question about one place.
    """
    return (ruling is Ruling.KEEP or frees) and about_a_body(category)


def may_second(
    decider: str,
    seconder: str | None,
    *,
    both_viewed: bool,
    staffing: int,
    waited: timedelta,
) -> Agreement:
    """What it means when `seconder` says yes to what `decider` proposed `waited` ago.

    `both_viewed` comes from their own viewing logs, never from a tick; for a case without a file
    it is true when both have opened the text. `staffing` counts the people, invited outside
    reviewers among them, who may decide this case. One who is the only one confirms after 24 h.
    """
    if seconder is None or not both_viewed:
        return Agreement.WAITING
    if seconder != decider:
        return Agreement.AGREED
    alone = staffing <= 1 and waited >= ALONE_WAITS
    return Agreement.UNSECONDED if alone else Agreement.WAITING


def may_decide_appeal(
    person: str, deciders: Collection[str], *, others: int, waited: timedelta
) -> Agreement:
    """`deciders` holds everyone who decided, seconded or proposed in this case, in any round.

    `others` counts the people, invited outside reviewers among them, who may decide and have not.
    Where there is nobody, one who has decided answers after 24 h, and it is published as such: an
    appeal that nobody may hear would be a dead end.
    """
    if person not in deciders:
        return Agreement.AGREED
    alone = others == 0 and waited >= ALONE_WAITS
    return Agreement.UNSECONDED if alone else Agreement.WAITING


def may_open(
    *, about_a_child: bool, reviews: bool, cleared_for_minors: bool, trusted_bank_knows: bool
) -> bool:
    """Files of minors open only for the role for it; one a trusted bank knows stays unopened."""
    if not about_a_child:
        return reviews
    return reviews and cleared_for_minors and not trusted_bank_knows
