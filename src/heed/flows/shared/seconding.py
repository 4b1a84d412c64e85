"""Whether somebody may agree to what another person proposed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from heed.cases.models import Case
from heed.media.models import File
from heed.people import queries as people
from heed.rules.decisions import ALONE_WAITS, Agreement, may_second


class MayNotSecond(Exception):
    """This person can't agree to it now; the message says why and what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What waits for a second person: who proposed it when, and what both must have seen.

    `barred`: who may not agree to it, for they had decided before an appeal.
    """

    by: UUID
    at: datetime
    files: Sequence[File]
    barred: Collection[str] = ()


def agreement(case: Case, what: Proposed, *, agrees: bool, by: UUID, now: datetime) -> Agreement:
    """What it means when this person says yes, or no; to take one's own back is `WAITING`.

    Raises `MayNotSecond`.
    """
    if by == what.by and not agrees:
        return Agreement.WAITING
    if str(by) in what.barred and by != what.by:
        raise MayNotSecond("You decided here before the appeal: a person new to it must agree.")
    both = all(
        people.has_viewed(person, case.id, file.id)
        for file in what.files
        for person in (by, what.by)
    )
    found = may_second(
        str(what.by),
        str(by),
        both_viewed=both,
        staffing=_staffing(case, what),
        waited=now - what.at,
    )
    if found is Agreement.WAITING:
        raise MayNotSecond(_why(case, what, by))
    return found


def _staffing(case: Case, what: Proposed) -> int:
    """Whoever may agree here, and who proposed it. A barred person is nobody to wait for."""
    return len({str(one) for one in people.deciders(case.platform_id)} - set(what.barred))


def _why(case: Case, what: Proposed, by: UUID) -> str:
    if by != what.by:
        return "Open the file in full first, a video to its end: both people must have seen it."
    if _staffing(case, what) > 1:
        return "You proposed this. A different person must agree."
    hours = int(ALONE_WAITS.total_seconds() // 3600)
    return (
        f"You proposed this, and you are the only one here: you may confirm it after {hours} hours."
        " It will be published as unseconded. Or invite an outside reviewer."
    )
