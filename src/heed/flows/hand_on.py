"""A case is handed on, no reason needed; and somebody looks after themselves.

1. Let the case go, and never offer it to this person again. Nobody is told who handed it on.
2. Keep the limits that somebody sets for themselves.
3. Note how long a file was seen unblurred.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case
from heed.cases.services import cases
from heed.ledger import services as ledger
from heed.people import exposure
from heed.rules.health import Limits


def hand_on(*, case_id: UUID, by: UUID, now: datetime) -> bool:
    """False when this person had handed it on before. The ledger holds no name."""
    with transaction.atomic():
        case = Case.objects.get(id=case_id)
        cases.let_go(case, by=by)
        if not exposure.note_handed_on(case.id, by, now=now):
            return False
        ledger.enter("case.handed_on", subject=f"case:{case.id}", body={}, at=now)
    return True


def set_own_limits(*, limits: Limits, by: UUID, now: datetime) -> None:
    """Lower limits than those of the house; higher ones have no effect."""
    exposure.keep_limits(by, limits, now=now)


def note_seconds(*, viewing_id: UUID, seconds: float, by: UUID, now: datetime) -> bool:
    """What the viewer counted. May be repeated: it only grows."""
    return exposure.note_seconds(viewing_id, by, seconds, now=now)
