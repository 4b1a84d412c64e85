"""A notifier agrees to one thing, or takes it back.

1. Note it and enter it. Whoever passes something on reads it at that moment, and never before.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Consent, Notice
from heed.cases.services import consents
from heed.ledger import services as ledger


def give_consent(*, notice_id: UUID, to: Consent.To, other_number: str = "", now: datetime) -> bool:
    """False when it stood already. The log says to what, and never about whom."""
    with transaction.atomic():
        notice = Notice.objects.get(id=notice_id)
        if not consents.give(notice, to, other_number=other_number, now=now):
            return False
        ledger.enter("consent.given", subject=f"notice:{notice.id}", body={"to": to.value}, at=now)
    return True


def withdraw_consent(
    *, notice_id: UUID, to: Consent.To, other_number: str = "", now: datetime
) -> bool:
    """False when there was nothing to take back. What went out before is not undone by it."""
    with transaction.atomic():
        notice = Notice.objects.get(id=notice_id)
        if not consents.withdraw(notice, to, other_number=other_number, now=now):
            return False
        ledger.enter(
            "consent.withdrawn", subject=f"notice:{notice.id}", body={"to": to.value}, at=now
        )
    return True
