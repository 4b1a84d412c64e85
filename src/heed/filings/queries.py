"""Reading what was answered and stated."""

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from heed.cases.models import Restriction
from heed.filings.models import Answer, StatementOfReasons
from heed.rules.visibility import Visibility


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


def answers_to(notice_id: UUID) -> QuerySet[Answer]:
    """All answers to one notice, the newest first."""
    return Answer.objects.filter(notice_id=notice_id).order_by("-sent_at")
