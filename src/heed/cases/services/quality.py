"""Writing down which decisions are read again, and what the second reader says."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Func, UUIDField, Value

from heed.cases.models import BlindReading, Decision


def draw(decision: Decision, *, now: datetime) -> bool:
    """This decision is read again by another person. False when it was drawn before."""
    _, made = BlindReading.objects.get_or_create(decision=decision, defaults={"drawn_at": now})
    return made


def note_known(case_id: UUID, person: UUID) -> None:
    """They know now what was decided. Repeating adds nobody twice."""
    waiting = BlindReading.objects.filter(decision__case=case_id, read_at=None)
    known = Func(F("known_to"), Value(person, UUIDField()), function="array_append")
    waiting.exclude(known_to__contains=[person]).update(known_to=known)


def read(reading: BlindReading, *, ruling: str, clause: str, by: object, now: datetime) -> bool:
    """What the second reader would have decided. False when somebody was first."""
    open_ = BlindReading.objects.filter(id=reading.id, read_at=None)
    return bool(open_.update(ruling=ruling, clause=clause, read_by=by, read_at=now))
