"""The notifier takes a notice back. That may be coerced, so nothing is restored by it.

1. Note it and enter it; its cases go on as they are, and a person sees that it was withdrawn. No
   device is told any more: whoever made them do this may be looking at it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Notice
from heed.cases.services import notices
from heed.flows.shared import devices
from heed.ledger import services as ledger


def withdraw_notice(*, notice_id: UUID, now: datetime) -> bool:
    """False when it was withdrawn before. What is hidden stays hidden until a person decides."""
    with transaction.atomic():
        notice = Notice.objects.get(id=notice_id)
        if not notices.withdraw(notice):
            return False
        devices.forget_all(notice, why="withdrawn", now=now)
        ledger.enter("notice.withdrawn", subject=f"notice:{notice.id}", body={}, at=now)
    return True
