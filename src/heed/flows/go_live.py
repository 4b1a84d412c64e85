"""What was restored may tell others again.

1. Every item that is to be limited, hidden or removed is told again, above all that was ever told:
   what was hidden stays hidden. Nothing is told to be visible by this; what was released and not
   yet delivered waits at `/console/outbox`.
2. From here on the worker does all of its work; the ledger says so.
"""

from datetime import datetime

from django.db import transaction

from heed.ledger import queries
from heed.ledger import services as ledger
from heed.media import services as media
from heed.outbox import services as outbox

AT_ONCE = 5_000


class NothingHeldBack(Exception):
    """Nothing was restored here, or it was declared live before."""


def go_live(*, now: datetime) -> int:
    """Returns how many items are told again. Raises `NothingHeldBack`."""
    if not queries.is_quiet():
        raise NothingHeldBack("This instance holds nothing back: it is live.")
    with transaction.atomic():
        revisions, told = media.tell_anew(), 0
        for start in range(0, len(revisions), AT_ONCE):
            told += outbox.tell_under(dict(revisions[start : start + AT_ONCE]), now=now)
    with transaction.atomic():
        ledger.note_live(now=now)
        ledger.enter("instance.opened", subject="instance", body={"told": told}, at=now)
    return told
