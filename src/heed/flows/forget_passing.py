"""What is kept for a while alone goes when the while is over, whether or not anybody comes again.

1. Sessions that have ended, with what was being sent when they did; answers remembered for an
   `Idempotency-Key`; marks of who tried too often.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from heed.flows.shared.one_by_one import each
from heed.media import remembering
from heed.people import guesses
from heed.people import services as people


def forget_passing(*, now: datetime) -> int:
    """How much went. Repeated, it finds what has ended since."""
    steps = (people.forget_sessions, remembering.forget_old, guesses.forget_old)
    return each(steps, lambda forget: _forgotten(forget, now), what="step")


@transaction.atomic
def _forgotten(forget: Callable[..., int], now: datetime) -> int:
    return forget(now=now)
