"""A notifier has their address deleted.

1. The address goes, and with it the means to confirm one; enter that it went. What is protected
   stays so: that an address had answered is a fact of then.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.ledger import services as ledger
from heed.people import services as people


def erase_contact(*, notice_id: UUID, now: datetime) -> bool:
    """False when there was no address. Backups lose it when the last of them has expired."""
    with transaction.atomic():
        if not people.erase_contact(notice_id, now=now):
            return False
        ledger.enter("contact.erased", subject=f"notice:{notice_id}", body={}, at=now)
    return True
