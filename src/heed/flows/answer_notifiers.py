"""Everybody who gave notice is answered: outcome, reasons, and the way to ask again.

1. Write one answer for each notice of the case, and enter it. Where it was reported at a platform
   that has reports of its own, and all of it is decided, that platform is told.
2. Write to those who may be written to.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation

from heed.cases.models import Case, Decision, Exemption, Join, Notice
from heed.cases.queries import case_page
from heed.cases.services import deadlines
from heed.filings import answers
from heed.filings import services as filings
from heed.flows.shared import languages, news, peers, states
from heed.flows.shared.named_apart import Apart, Named
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.rules.claims import Category, about_a_body
from heed.rules.clocks import Done
from heed.rules.decisions import Ruling


def answer_notifiers(*, decision_id: UUID, now: datetime) -> int:
    """Returns how many were answered now. Repeating answers nobody twice.

    Who named nothing but what may yet stay waits until a second person has said so, or not. One
    that fails is answered by the next try, and until then it keeps the clocks open.
    """
    decision = Decision.objects.select_related("case").get(id=decision_id)
    joined = Notice.objects.filter(joins__in=_heard(decision))
    written_in = case_page.language(decision.case)  # in it the reviewer was asked to write
    apart, held = Apart.of(decision), set[UUID]()

    def answer(notice: Notice) -> bool:
        named = apart.named_by(notice)
        if named.waits:
            held.add(notice.id)
            return False
        return _answer(notice, decision, named, written_in, now)

    answered = each(joined, answer, what="notice")
    with transaction.atomic():
        case = states.lock(decision.case_id)  # nobody joins it meanwhile
        deadlines.done(Done.OUTCOME_SENT, now=now, cause=f"decision:{decision.id}")
        _meet(case, decision, held, now)
    return answered


def _heard(decision: Decision) -> QuerySet[Join]:
    """Whoever told us before it was decided; who came between that and now waits for the next."""
    joins = Join.objects.filter(case_id=decision.case_id, undone_at=None)
    return joins.filter(Q(round=None) | Q(round__lte=decision.round))


def _meet(case: Case, decision: Decision, held: set[UUID], now: datetime) -> None:
    every = Join.objects.filter(case=case, undone_at=None)
    heard = _heard(decision).exclude(notice__in=held)
    if every.count() == heard.count():
        deadlines.done(Done.OUTCOME_SENT, now=now, case_id=case.id)
        return
    for notice_id in heard.values_list("notice_id", flat=True):
        cause = f"notice:{notice_id}"
        deadlines.done(Done.OUTCOME_SENT, now=now, case_id=case.id, cause=cause)


def _answer(
    notice: Notice, decision: Decision, named: Named, written_in: str, now: datetime
) -> bool:
    """What was decided, and what of that they named it leaves alone."""
    told = False
    if not named.only_apart:
        text = _decided(notice, decision, named.plain, written_in)
        outcome = "removed" if decision.ruling == Ruling.REMOVE else "stands"
        told = _give(notice, decision, None, outcome, text, now)
    elif named.plain:
        text = _staying(notice, decision, named.plain, decision.unseconded, rest=False)
        told = _give(notice, decision, None, "stands", text, now)
    for stays, links in named.stays:
        rest = not named.only_apart
        text = _staying(notice, decision, links, stays.unseconded, rest=rest)
        told |= _give(notice, decision, stays, "stands", text, now)
    return told


def _decided(notice: Notice, decision: Decision, stays: Sequence[str], written_in: str) -> str:
    language, case = languages.of(notice), decision.case
    with translation.override(language):
        return answers.text(
            ruling=Ruling(decision.ruling), clause=decision.clause, reasons=decision.reasons,
            policy_version=decision.policy_version, unseconded=decision.unseconded,
            body=about_a_body(Category(case.category)), foreign=language != written_in,
            placed=case.threat_of is None, stays=stays,
        )  # fmt: skip


def _staying(
    notice: Notice, decision: Decision, links: Sequence[str], unseconded: bool, *, rest: bool
) -> str:
    body = about_a_body(Category(decision.case.category))
    with translation.override(languages.of(notice)):
        return answers.staying(
            links, policy_version=decision.policy_version, unseconded=unseconded, body=body,
            rest=rest,
        )  # fmt: skip


def _give(
    notice: Notice, decision: Decision, stays: Exemption | None, outcome: str, text: str,
    now: datetime,
) -> bool:  # fmt: skip
    about = None if stays is None else stays.id
    with transaction.atomic():
        if not filings.keep_answer(
            notice.id, decision.id, exemption_id=about, outcome=outcome, text=text, now=now
        ):
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
