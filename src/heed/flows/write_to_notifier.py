"""A reviewer writes on somebody's private page.

1. Keep the message and enter that there is one; its words stay out of the ledger.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Notice
from heed.cases.services import notices
from heed.ledger import services as ledger


def write_to_notifier(*, notice_id: UUID, text: str, by: UUID, now: datetime) -> None:
    """Write to whoever gave this notice."""
    with transaction.atomic():
        notice = Notice.objects.get(id=notice_id)
        notices.write_message(notice, text.strip(), from_staff=by, now=now)
        ledger.enter(
            "message.received", subject=f"notice:{notice.id}", body={"from": "staff"}, at=now
        )
