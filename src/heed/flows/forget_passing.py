"""What is kept for a while alone goes when the while is over, whether or not anybody comes again.

1. Sessions that have ended, with what was being sent when they did; answers remembered for an
   `Idempotency-Key`; marks of who tried too often.
"""

from datetime import datetime

from django.db import transaction

from heed.media import remembering
from heed.people import guesses
from heed.people import services as people


def forget_passing(*, now: datetime) -> int:
    """How much went. Repeated, it finds what has ended since."""
    forgotten = 0
    for forget in (people.forget_sessions, remembering.forget_old, guesses.forget_old):
        with transaction.atomic():
            forgotten += forget(now=now)
    return forgotten
