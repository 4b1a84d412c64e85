"""How people did in practice. Each person sees their own alone."""

from datetime import datetime
from uuid import UUID

from heed.people.staff_models import PracticeAnswer


def answers_of(staff_id: UUID) -> dict[str, PracticeAnswer]:
    """Somebody's last answers, by exercise."""
    return {one.exercise: one for one in PracticeAnswer.objects.filter(staff_id=staff_id)}


def keep_answer(
    staff_id: UUID, exercise: str, *, ruling: str, clause: str, points: int, now: datetime
) -> None:
    """The last answer counts."""
    PracticeAnswer.objects.update_or_create(
        staff_id=staff_id,
        exercise=exercise,
        defaults={"ruling": ruling, "clause": clause, "points": points, "at": now},
    )
