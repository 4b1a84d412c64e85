"""What a notifier wrote is forgotten when its time is over.

1. Go through the notices whose time may be over, some at a time.
2. Of each whose time is over, in a transaction of its own: the words, the name, the address and
   the devices that are told go, wherever they lie; the ledger says that it was done and by which
   rules, and not whose it was.
Killed at any moment, it goes on with the next; repeated, it finds nothing more to forget.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.services import forgetting
from heed.filings import services as filings
from heed.filings import words
from heed.flows.failpoints import reached
from heed.ledger import services as ledger
from heed.people import devices
from heed.people import services as people
from heed.rules.version import VERSION

logger = logging.getLogger(__name__)
AT_ONCE = 200
LATE_AFTER = timedelta(days=2)  # the sweep runs once a day
MANY = 1_000


def forget_words(*, now: datetime) -> int:
    """One round through all that may be due; returns of how many notices the words were forgotten.

    Whom somebody is just writing to, or what fails, is left to the next round.
    """
    forgotten, last = 0, None
    while ids := words.may_be_due(last, AT_ONCE, now=now):
        forgotten += sum(_tried(notice_id, now) for notice_id in ids)
        last = ids[-1]
    return forgotten


def _tried(notice_id: UUID, now: datetime) -> bool:
    try:
        done = _forget(notice_id, now)
    except Exception:  # the others are owed it too
        logger.exception("words not forgotten", extra={"notice": str(notice_id)})
        return False
    if done:
        reached("words-forgotten")
    return done


def _forget(notice_id: UUID, now: datetime) -> bool:
    with transaction.atomic():
        held = forgetting.held(notice_id)
        if held is None or not words.kept_until(held[0]).over(now):
            return False
        notice, cases = held
        mark = people.forget_contact(notice.id, now=now)
        devices.forget(devices.ids_of(notice.id))
        forgetting.forget_words(notice, cases, contact_ref=mark.hex(), now=now)
        filings.forget_words(notice.id, [case.id for case in cases])
        body = {"notices": 1, "rules": VERSION, "kept_days": settings.HEED_WORDS_KEPT.days}
        ledger.enter("words.forgotten", subject="words", body=body, at=now)
    return True


def behind(*, now: datetime) -> int:
    """Of how many notices the words should have been forgotten two days ago; `MANY` or more."""
    return words.behind(now=now - LATE_AFTER, at_most=MANY)
