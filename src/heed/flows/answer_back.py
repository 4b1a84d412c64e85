"""The notifier says something again: a message, or "it is back".

1. Keep the words. 2. Put the case in sight again, and say by when a person reads them.
3. For "it is back": start a new clock, and protect anew. What was only a threat before is one no
   longer: without a link a person looks for the place.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Notice
from heed.cases.queries import exemptions
from heed.cases.services import deadlines, notices
from heed.cases.services.notices import Place
from heed.flows import jobs
from heed.flows.protect_target import protect_at_once
from heed.flows.shared import clocks, rounds, states
from heed.ledger import services as ledger
from heed.rules.clocks import Event
from heed.rules.visibility import Visibility

SAME_WORD = timedelta(minutes=10)  # "it is back", and then the link to it


def answer_back(*, notice_id: UUID, text: str, now: datetime) -> None:
    """A message that opens a decided case again, at no level: what stands restricted stays so.

    Pressed twice it is one message.
    """
    with transaction.atomic():
        notice = Notice.objects.get(id=notice_id)
        said = notices.write_message(notice, text.strip(), from_staff=None, now=now)
        for case in _cases(notice):
            rounds.open_again(states.lock(case.id), notice, now=now)
        if said:
            ledger.enter(
                "message.received", subject=f"notice:{notice.id}", body={"from": "notifier"}, at=now
            )


def it_is_back(*, notice_id: UUID, urls: Sequence[str], text: str, now: datetime) -> None:
    """Seen again after it was gone: a new clock from now; new places are protected at once.

    Said again within ten minutes, as somebody does who then finds the link, it is the same
    reappearance: its clock runs already. Words beside it are a message, and read as one.
    """
    with transaction.atomic():
        notice = Notice.objects.get(id=notice_id)
        notices.posted_now(notice, now=now)
        notices.add_places(notice, [Place(url=url) for url in urls])
        if text.strip():
            notices.write_message(notice, text.strip(), from_staff=None, now=now)
        for case in _cases(notice):
            held = states.lock(case.id)
            if not _just_said(held, notice, now):
                _again(held, notice, now)
            left = states.beyond(held, exemptions.named_by(notice.id, held))
            if text.strip() or left or held.decided_level != Visibility.REMOVED:
                rounds.open_again(held, notice, now=now)
        jobs.later("protect", once=f"protect:{notice.id}", notice_id=str(notice.id))
    protect_at_once(notice_id=notice.id, now=now)


def _cases(notice: Notice) -> list[Case]:
    """In one order for everybody who locks several: two who write at once never wait in a ring."""
    joined = Case.objects.filter(joins__notice=notice, joins__undone_at=None)
    return list(joined.order_by("id"))


def _just_said(case: Case, notice: Notice, now: datetime) -> bool:
    said = case.deadlines.filter(cause__startswith=f"back:{notice.id}:", set_at__gt=now - SAME_WORD)
    return said.exists()


def _again(case: Case, notice: Notice, now: datetime) -> None:
    cause = f"back:{notice.id}:{now:%Y%m%dT%H%M%S}"
    due = clocks.of_case(case, event=Event.REAPPEARED, cause=cause, at=now)
    deadlines.set_clocks(case, due, now=now)
    states.search_on(case.id)
    jobs.later("look_again", once=f"look:{case.id}", case_id=str(case.id))
    ledger.enter(
        "message.received", subject=f"notice:{notice.id}", body={"from": "notifier", "back": True},
        at=now,
    )  # fmt: skip
