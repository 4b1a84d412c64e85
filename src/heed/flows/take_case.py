"""Somebody works on a case for a while, so that two people never decide at once.

1. Claim it, unless another person holds it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from heed.cases.models import Case
from heed.cases.services import cases

TAKEN_FOR = timedelta(minutes=10)


def take_case(*, case_id: UUID, by: UUID, now: datetime) -> None:
    """Take a case, or keep it for longer. Raises `cases.CaseChanged` when another person has it."""
    cases.take(Case.objects.get(id=case_id), by=by, now=now, until=now + TAKEN_FOR)
