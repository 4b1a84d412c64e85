"""Everybody who gave notice is answered: outcome, reasons, and the way to ask again.

1. Write one answer for each notice of the case, and enter it. Where it was reported at a platform
   that has reports of its own, and all of it is decided, that platform is told.
2. Write to those who may be written to.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation

from heed.cases.models import Case, Decision, Join, Notice
from heed.cases.queries import case_page
from heed.cases.services import deadlines
from heed.filings import answers
from heed.filings import services as filings
from heed.flows.shared import languages, news, peers, states
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.rules.claims import Category, about_a_body
from heed.rules.clocks import Done
from heed.rules.decisions import Ruling


def answer_notifiers(*, decision_id: UUID, now: datetime) -> int:
    """Returns how many were answered now. Repeating answers nobody twice.

    One that fails is answered by the next try, and until then it keeps the clocks open.
    """
    decision = Decision.objects.select_related("case").get(id=decision_id)
    joined = Notice.objects.filter(joins__in=_heard(decision))
    written_in = case_page.language(decision.case)  # in it the reviewer was asked to write
    answered = each(
        joined, lambda notice: _answer(notice, decision, written_in, now), what="notice"
    )
    with transaction.atomic():
        case = states.lock(decision.case_id)  # nobody joins it meanwhile
        deadlines.done(Done.OUTCOME_SENT, now=now, cause=f"decision:{decision.id}")
        _meet(case, decision, now)
    return answered


def _heard(decision: Decision) -> QuerySet[Join]:
    """Whoever told us before it was decided; who came between that and now waits for the next."""
    joins = Join.objects.filter(case_id=decision.case_id, undone_at=None)
    return joins.filter(Q(round=None) | Q(round__lte=decision.round))


def _meet(case: Case, decision: Decision, now: datetime) -> None:
    every = Join.objects.filter(case=case, undone_at=None)
    heard = _heard(decision)
    if every.count() == heard.count():
        deadlines.done(Done.OUTCOME_SENT, now=now, case_id=case.id)
        return
    for notice_id in heard.values_list("notice_id", flat=True):
        cause = f"notice:{notice_id}"
        deadlines.done(Done.OUTCOME_SENT, now=now, case_id=case.id, cause=cause)


def _answer(notice: Notice, decision: Decision, written_in: str, now: datetime) -> bool:
    language, case = languages.of(notice), decision.case
    with translation.override(language):
        text = answers.text(
            ruling=Ruling(decision.ruling), clause=decision.clause, reasons=decision.reasons,
            policy_version=decision.policy_version, unseconded=decision.unseconded,
            body=about_a_body(Category(case.category)), foreign=language != written_in,
            placed=case.threat_of is None,
        )  # fmt: skip
    with transaction.atomic():
        outcome = "removed" if decision.ruling == Ruling.REMOVE else "stands"
        if not filings.keep_answer(notice.id, decision.id, outcome=outcome, text=text, now=now):
            return False
        ledger.enter(
            "answer.sent",
            subject=f"notice:{notice.id}",
            body={"decision": str(decision.id), "outcome": outcome},
            at=now,
        )
        peers.settle(notice.id, now=now)
        news.there_is(notice.id)
    return True
