"""What is owed by a time is never silently late.

1. Mark what passed unmet: an entry in the ledger, and a published number.
2. Hide an adult's complete request before its statutory time runs out.
3. Let provisional banks expire, switch on signals that were off until now; take up notices whose
   protection was cut off.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Deadline, Join, Notice
from heed.cases.services import cases, deadlines
from heed.flows import jobs
from heed.flows.protect_target import protect
from heed.flows.shared import claims, states
from heed.flows.shared.one_by_one import each
from heed.media import banks
from heed.rules.deadlines import HIDE_COMPLETE_WITHIN
from heed.rules.triage import may_hide_later
from heed.rules.visibility import Visibility

logger = logging.getLogger(__name__)
CUT_OFF_AFTER = timedelta(seconds=20)
_TAKEN_UP, _LOOKED_AT = 100, 20_000  # notices in one sweep


def meet_deadlines(*, now: datetime) -> int:
    """One sweep; returns how many deadlines it found breached."""
    breached = 0
    for step in (_breach, _hide_complete_requests, _expire_banks, _turn_on_signals, _take_up):
        try:
            breached += step(now) or 0
        except Exception:  # the others are owed to other people
            logger.exception("a step failed and will run again", extra={"step": step.__name__})
    return breached


def _breach(now: datetime) -> int:
    return each(deadlines.breach(now=now), lambda late: _told_late(late, now), what="deadline")


@transaction.atomic
def _told_late(deadline: Deadline, now: datetime) -> bool:
    return deadlines.note_breach(deadline, now=now)


def _expire_banks(now: datetime) -> None:
    banks.expire(now=now)


@transaction.atomic
def _turn_on_signals(now: datetime) -> None:
    """Those that were off until now are on again."""
    banks.turn_on(now=now)


def _hide_complete_requests(now: datetime) -> None:
    """Limited until now because nobody confirmed the contact: hidden before the 48 hours end."""
    waiting = Join.objects.filter(
        notice__received_at__lte=now - HIDE_COMPLETE_WITHIN,
        case__state__in=[Case.State.OPEN, Case.State.PROPOSED],
        case__level=Visibility.LIMITED,
        undone_at=None,
    )
    joins = waiting.order_by("notice__received_at", "id").select_related("notice", "case")
    each(joins, partial(_hide_complete, now=now), what="join")


def _hide_complete(join: Join, *, now: datetime) -> None:
    if not may_hide_later(claims.about_case(join.notice, join.case, now=now)):
        return
    with transaction.atomic():
        locked = states.lock(join.case_id)
        if locked.state != Case.State.DECIDED:
            cases.raise_level(locked, Visibility.HIDDEN)
            states.apply(locked, now=now)


def _take_up(now: datetime) -> None:
    """Whatever its state: who withdraws may have been forced, so what they named is protected.

    What a flood brought is not cut off while its job waits: it comes last, and is meant to.
    """
    old = Notice.objects.filter(protected_at=None, received_at__lt=now - CUT_OFF_AFTER)
    ids = list(old.order_by("received_at").values_list("id", flat=True)[:_LOOKED_AT])
    waits = jobs.put_last(f"protect:{notice_id}" for notice_id in ids)
    taken_up = 0
    for notice_id in (one for one in ids if f"protect:{one}" not in waits):
        taken_up += _taken_up(notice_id, now)
        if taken_up == _TAKEN_UP:
            return


def _taken_up(notice_id: UUID, now: datetime) -> bool:
    """One that fails takes nobody's turn: the hundredth that does not is the last."""
    try:
        protect(notice_id=notice_id, now=now)
    except Exception:
        logger.exception("still not protected", extra={"notice": str(notice_id)})
        return False
    return True
