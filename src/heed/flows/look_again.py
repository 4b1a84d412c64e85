"""Somebody says that a removed thing is back: look at every address of its case again.

1. Put all items of the case in line for a look, and tell the platform their states once more.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Copy
from heed.media import services as media
from heed.outbox import services as outbox


def look_again(*, case_id: UUID, now: datetime) -> int:
    """Returns how many items are looked at again."""
    items = list(Copy.objects.filter(case_id=case_id).values_list("item_id", flat=True))
    with transaction.atomic():
        media.lock(items)
        media.look_again(items, now=now)
        outbox.tell_again(items, at=now, waiting_too=True)
    return len(items)
