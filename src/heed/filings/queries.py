"""Reading what was answered and stated."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from heed.cases.models import Decision, Restriction
from heed.filings.models import Answer, StatementOfReasons
from heed.rules import policy
from heed.rules.visibility import Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """An answer as its notifier reads it."""

    ruling: str  # rules.decisions.Ruling
    text: str  # as it was written for this notifier, and for nobody else
    clause_title: str
    policy_version: str
    decided_at: datetime
    sent_at: datetime
    reversed: bool


def restrictions_without_statement(case_id: UUID) -> QuerySet[Restriction]:
    """Live restrictions of a case of which the uploader has not been told at this level."""
    told = StatementOfReasons.objects.filter(
        item_id=OuterRef("item_id"), case_id=OuterRef("case_id"), basis=OuterRef("level")
    )
    live = Restriction.objects.filter(case_id=case_id, lifted_at=None).exclude(Exists(told))
    return live.select_related("item__account").order_by("item_id")


def restored_without_statement(case_id: UUID) -> QuerySet[Restriction]:
    """Lifted restrictions of which the uploader was told, and whose item is shown again."""
    told = StatementOfReasons.objects.filter(
        item_id=OuterRef("item_id"), case_id=OuterRef("case_id")
    )
    lifted = Restriction.objects.filter(
        Exists(told), case_id=case_id, lifted_at__isnull=False, item__desired=Visibility.VISIBLE
    ).exclude(Exists(told.filter(basis=Visibility.VISIBLE)))
    newest = lifted.order_by("item_id", "-lifted_at").distinct("item_id")
    return newest.select_related("item__account")


def answers_to(notice_id: UUID) -> tuple[AnswerLine, ...]:
    """All that one notifier was told, the newest first. What others were told is not among it."""
    given = list(Answer.objects.filter(notice_id=notice_id).order_by("-sent_at"))
    decided = Decision.objects.in_bulk([answer.decision_id for answer in given])
    return tuple(_line(answer, decided[answer.decision_id]) for answer in given)


def _line(answer: Answer, decision: Decision) -> AnswerLine:
    return AnswerLine(
        ruling=decision.ruling,
        text=answer.text,
        clause_title=policy.clause(decision.clause, decision.policy_version).title,
        policy_version=decision.policy_version,
        decided_at=decision.seconded_at or decision.decided_at,
        sent_at=answer.sent_at,
        reversed=decision.state == Decision.State.REVERSED,
    )
