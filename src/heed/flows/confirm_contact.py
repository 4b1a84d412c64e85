"""Somebody reads the mailbox that a notice named.

1. Check the code. 2. Judge the notice again: a confirmed contact is a new fact.
"""

from datetime import datetime

from django.db import transaction

from heed.cases.models import Notice
from heed.flows import jobs
from heed.flows.protect_target import protect_at_once
from heed.ledger import services as ledger
from heed.people import services as people


def confirm_contact(*, number: str, code: str, now: datetime) -> bool:
    """False when the code is not the one that was sent, or was used before."""
    notice = Notice.objects.filter(number=number).first()
    if notice is None:
        return False
    with transaction.atomic():
        if not people.confirm_contact(notice.id, code, now=now):
            return False
        ledger.enter("contact.confirmed", subject=f"notice:{notice.id}", body={}, at=now)
        jobs.later("protect", once=f"protect:{notice.id}", notice_id=str(notice.id))
    protect_at_once(notice_id=notice.id, now=now)
    return True
