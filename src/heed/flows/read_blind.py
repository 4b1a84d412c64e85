"""A share of decisions is read again by somebody who does not know what was decided.

1. Draw from the final decisions of the last days, by their ids alone.
2. Whoever opens such a case knows what was decided, and is no blind reader of it any more.
3. Write down what the second reader would have decided. It changes nothing of the case.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from heed.cases.models import BlindReading, Decision
from heed.cases.queries import policies
from heed.cases.queries import quality as reading
from heed.cases.services import quality as writing
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.rules.decisions import Ruling
from heed.rules.quality import is_drawn

BACK = timedelta(days=2)  # a sweep that stood still for a day misses none


class NotForYou(Exception):
    """You know what was decided: a blind reading goes to somebody who does not."""


class ReadAlready(Exception):
    """Somebody else has read this one."""


def draw(*, now: datetime) -> int:
    """Draw what is new; returns how many."""
    recent = Decision.objects.filter(
        state=Decision.State.FINAL, decided_at__gt=now - BACK, blind_reading=None
    )
    drawn = [one for one in recent if is_drawn(str(one.id))]
    return each(drawn, lambda one: writing.draw(one, now=now), what="decision")


def note_known(*, case_id: UUID, by: UUID) -> None:
    """They have seen what was decided in this case. Repeating adds nobody twice."""
    writing.note_known(case_id, by)


def read(*, reading_id: UUID, ruling: Ruling, clause: str, by: UUID, now: datetime) -> None:
    """Raises `NotForYou`, `ReadAlready`, `policy.NoSuchClause`."""
    with transaction.atomic():
        row = BlindReading.objects.select_related("decision__case").get(id=reading_id)
        case = row.decision.case
        policies.clause(clause, policies.version_at(case.platform_id, now))
        free = reading.for_reader([case.platform_id], by).filter(id=row.id)
        if row.read_at is None and not free.exists():
            raise NotForYou(
                "You have decided in this case, or opened it since: somebody who has not reads it."
            )
        if not writing.read(row, ruling=ruling.value, clause=clause, by=by, now=now):
            raise ReadAlready("Somebody else has read this one in the meantime.")
        ledger.enter("decision.reread", subject=f"case:{case.id}", body={}, at=now)
