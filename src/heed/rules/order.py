"""Which case comes first: by harm, then by deadline, then by how fast it spreads."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import IntEnum

from heed.rules.claims import MINOR, Category, Claim, about_a_child

QueueKey = tuple[int, bool, int, datetime, float, str]

NOTHING_DUE = datetime.max.replace(tzinfo=UTC)


class Rung(IntEnum):
    """Steps of harm; the lower number is looked at first. From 3 on: the policy's ladder."""

    DANGER_TO_LIFE = 0
    CHILD = 1
    INTIMATE_OR_EXTORTION = 2
    THREATS = 3
    DOXXING = 4
    IMPERSONATION = 5
    OTHER = 6


_LADDER = {
    Category.INTIMATE_IMAGE: Rung.INTIMATE_OR_EXTORTION,
    Category.INTIMATE_EXTORTION: Rung.INTIMATE_OR_EXTORTION,
    Category.THREATS: Rung.THREATS,
    Category.DOXXING: Rung.DOXXING,
    Category.IMPERSONATION: Rung.IMPERSONATION,
    Category.OTHER: Rung.OTHER,
}


def rung(claim: Claim) -> Rung:
    """Where this claim puts its case; a case stands on the lowest number of its claims."""
    if claim.danger_now:
        return Rung.DANGER_TO_LIFE
    return Rung.CHILD if about_a_child(claim) else _LADDER[claim.category]


def gravest(categories: Iterable[Category]) -> Category:
    """What a case is about when several claims meet in it. At least one; the first of equals.

    Danger does not count here: a threat with danger must not hide that a later claim is about a
    body, which is what asks for a second reviewer.
    """
    return min(categories, key=lambda one: Rung.CHILD if one in MINOR else _LADDER[one])


def queue_key(
    rung: Rung,
    due_at: datetime | None,
    speed_per_hour: float,
    ref: str = "",
    *,
    crowd: bool = False,
) -> QueueKey:
    """Sort ascending. `due_at` is the case's next unmet deadline, aware; `ref` breaks ties.

    `speed_per_hour` is new views and copies an hour. Nothing due sorts behind everything due.
    `crowd`: all that is known of it comes from a source or a wave over its bound, unconfirmed. It
    waits behind what others told of bodies and danger, and before everything less grave.
    Rows with different refs never compare equal, so the order is total.
    """
    step = max(rung, Rung.INTIMATE_OR_EXTORTION) if crowd else rung
    return (int(step), crowd, int(rung), due_at or NOTHING_DUE, -speed_per_hour, ref)
