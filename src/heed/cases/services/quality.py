"""Writing down which decisions are read again, and what the second reader says."""

from datetime import datetime

from heed.cases.models import BlindReading, Decision


def draw(decision: Decision, *, now: datetime) -> bool:
    """This decision is read again by another person. False when it was drawn before."""
    _, made = BlindReading.objects.get_or_create(decision=decision, defaults={"drawn_at": now})
    return made


def read(reading: BlindReading, *, ruling: str, clause: str, by: object, now: datetime) -> bool:
    """What the second reader would have decided. False when somebody was first."""
    open_ = BlindReading.objects.filter(id=reading.id, read_at=None)
    return bool(open_.update(ruling=ruling, clause=clause, read_by=by, read_at=now))
