"""Either side asks for another look.

1. Open the appeal; it waits for a person who has not decided in this case.
2. Start its clocks, and put the case in sight again. A notifier is heard as soon as by a message:
   within the hour where a body can be seen because people let it stand.
"""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from heed.cases.models import Appeal, Case, Decision, MeasureOnAccount, Notice
from heed.cases.services import deadlines, decisions, notices
from heed.cases.services.notices import digest
from heed.filings import services as filings
from heed.filings.models import StatementOfReasons
from heed.flows.shared import appeals, clocks, rounds, states
from heed.ledger import services as ledger
from heed.rules import deadlines as rules
from heed.rules.clocks import Event
from heed.rules.decisions import ALONE_WAITS


def appeal_as_notifier(*, notice_id: UUID, text: str, now: datetime) -> bool:
    """Appeal against every final decision on this notice's cases. False when none is new.

    What was said is kept all the same, as a message: who is looking already reads it.
    """
    notice = Notice.objects.get(id=notice_id)
    decided = Case.objects.filter(
        joins__notice=notice, joins__undone_at=None, decisions__state=Decision.State.FINAL
    ).distinct()
    opened = [_open(case.id, text, now, notice_id=notice.id) for case in decided]
    if text.strip() and not any(opened):
        _keep_words(notice, text.strip(), now)
    return any(opened)


def _keep_words(notice: Notice, text: str, now: datetime) -> None:
    with transaction.atomic():
        if notices.write_message(notice, text, from_staff=None, now=now):
            ledger.enter(
                "message.received", subject=f"notice:{notice.id}", body={"from": "notifier"}, at=now
            )


def appeal_as_uploader(*, statement_id: UUID, secret: str, text: str, now: datetime) -> bool:
    """Appeal by the link that came with a statement. False: wrong link, or one is open.

    What is said while one is open stands beneath what was said first.
    """
    statement = StatementOfReasons.objects.filter(id=statement_id).first()
    if statement is None or not hmac.compare_digest(digest(secret), bytes(statement.link_hash)):
        return False
    if not _open(statement.case_id, text, now, statement_id=statement.id):
        return False
    filings.note_appeal(statement.id, now=now)
    return True


def appeal_as_account(*, measure_id: UUID, secret: str, text: str, now: datetime) -> bool:
    """Contest what was done to one's account. False: wrong link, lifted, or asked before."""
    row = MeasureOnAccount.objects.select_related("decision").filter(id=measure_id).first()
    if row is None or row.state != MeasureOnAccount.State.FINAL or row.link_hash is None:
        return False
    if not hmac.compare_digest(digest(secret), bytes(row.link_hash)):
        return False
    if row.appeals.exclude(state=Appeal.State.OPEN).exists():
        return False
    return _open(row.decision.case_id, text, now, measure_id=row.id) is not None


def _open(
    case_id: UUID,
    text: str,
    now: datetime,
    *,
    notice_id: UUID | None = None,
    statement_id: UUID | None = None,
    measure_id: UUID | None = None,
) -> Appeal | None:
    with transaction.atomic():
        case = states.lock(case_id)
        appeal = decisions.open_appeal(
            case, notice_id=notice_id, statement_id=statement_id, measure_id=measure_id,
            text=text.strip(), now=now,
        )  # fmt: skip
        if appeal is None:
            if text.strip() and notice_id is None:  # a notifier's words are kept as a message
                decisions.say_more(
                    case, text.strip(), now=now, statement_id=statement_id, measure_id=measure_id
                )
            return None
        cause = f"appeal:{appeal.id}"
        due = clocks.of_case(case, event=Event.COMPLAINT_RECEIVED, cause=cause, at=now)
        if appeal.notice is not None:
            within = _within(case, appeal.notice, now)
            due.append(rules.another_look(within, cause=cause, at=now))
        deadlines.set_clocks(case, due, now=now)
        ledger.enter(
            "appeal.opened", subject=f"case:{case.id}", body={"appeal": str(appeal.id)}, at=now
        )
    return appeal


def _within(case: Case, notice: Notice, now: datetime) -> timedelta:
    """Nobody promises what nobody may do: who decided must wait before they answer alone."""
    somebody = appeals.others(case, appeals.spoke_before(case))
    return rounds.read_within(case, notice, now=now) + (timedelta() if somebody else ALONE_WAITS)
