"""A notifier has their address deleted.

1. The address goes, and with it the means to confirm one; enter that it went. What is protected
   stays so: that an address had answered is a fact of then. The devices that were told go too.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Notice
from heed.flows.shared import devices
from heed.ledger import services as ledger
from heed.people import services as people


def erase_contact(*, notice_id: UUID, now: datetime) -> bool:
    """False when there was no address. Backups lose it when the last of them has expired."""
    with transaction.atomic():
        devices.forget_all(Notice.objects.get(id=notice_id), why="erased", now=now)
        if not people.erase_contact(notice_id, now=now):
            return False
        ledger.enter("contact.erased", subject=f"notice:{notice_id}", body={}, at=now)
    return True
