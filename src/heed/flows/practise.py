"""Somebody decides an exercise: nothing follows from it but a score.

1. Score the answer against the model answer, and keep it.
"""

from datetime import datetime
from uuid import UUID

from heed.people import practice as kept
from heed.rules import policy, practice
from heed.rules.decisions import Ruling


def practise(*, exercise: str, ruling: Ruling, clause: str, by: UUID, now: datetime) -> int:
    """Points, 0 to 2. Raises `practice.NoSuchExercise`, `policy.NoSuchClause`."""
    policy.clause(clause)
    points = practice.points(practice.exercise(exercise), ruling, clause)
    kept.keep_answer(by, exercise, ruling=ruling.value, clause=clause, points=points, now=now)
    return points
