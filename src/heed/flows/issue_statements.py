"""The uploader is told what was restricted, and why: each restriction once.

1. Write statements for restrictions that have none. 2. Send them to the platform, in batches.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Case, Decision, Restriction
from heed.cases.services import deadlines
from heed.cases.services.notices import digest
from heed.filings import answers, queries
from heed.filings import services as filings
from heed.filings.services import StatementIn
from heed.flows import jobs
from heed.flows.shared import states
from heed.ids import secret
from heed.ledger import services as ledger
from heed.outbox import services as outbox
from heed.rules import policy
from heed.rules.claims import EXTORTION, Category
from heed.rules.clocks import Done
from heed.rules.visibility import Visibility

BATCH = 500


def issue_statements(*, case_id: UUID, now: datetime) -> int:
    """Returns how many were issued. Repeating issues none twice."""
    total = 0
    while True:
        with transaction.atomic():
            case = states.lock(case_id)  # its clocks are met below: never after the outbox
            rows = list(queries.restrictions_without_statement(case.id)[:BATCH])
            if rows:
                _issue(case, rows, now)
        total += len(rows)
        if len(rows) < BATCH:
            return total


def _issue(case: Case, rows: Sequence[Restriction], now: datetime) -> None:
    secrets = {row.item_id: secret() for row in rows}
    decision = Decision.objects.filter(case=case, state=Decision.State.FINAL).last()
    made = [
        StatementIn(
            row.item_id, row.level, _body(case, row, decision), digest(secrets[row.item_id])
        )
        for row in rows
    ]
    kept = filings.keep_statements(case.platform_id, case.id, made, now=now)
    refs = {row.item_id: row for row in rows}
    statements = [
        {
            "item": refs[one.item_id].item.ref,
            "account": _account(refs[one.item_id]),
            "statement": one.body,
            "appeal_url": f"{settings.PUBLIC_URL}/s/{one.id}?k={secrets[one.item_id]}",
        }
        for one in kept
    ]
    _send(case, statements, kept[0].id if kept else None, now)


def _account(row: Restriction) -> str:
    return row.item.account.ref if row.item.account else ""


def _send(
    case: Case, statements: list[dict[str, object]], first: UUID | None, now: datetime
) -> None:
    if first is None:
        return
    outbox.tell(
        "statements.issued",
        {"type": "statements.issued", "statements": statements},
        key=f"statements:{first}",
        platform_id=case.platform_id,
        now=now,
    )
    jobs.later(
        "deliver", once=f"deliver:{case.platform_id}", queue="deliver",
        platform_id=str(case.platform_id),
    )  # fmt: skip
    ledger.enter(
        "statement.issued", subject=f"case:{case.id}", body={"statements": len(statements)}, at=now
    )
    deadlines.done(Done.STATEMENT_SENT, now=now, case_id=case.id)


def _body(case: Case, row: Restriction, decision: Decision | None) -> dict[str, object]:
    category = Category(case.category)
    decided = row.level == Visibility.REMOVED and decision is not None
    clause = policy.default_clause(category, about_a_child=case.about_child).id
    return answers.statement(
        level=row.level,
        decided=decided,
        quiet=case.about_child or category in EXTORTION,
        clause=decision.clause if decided and decision else clause,
        policy_version=decision.policy_version if decided and decision else policy.CURRENT,
    )
