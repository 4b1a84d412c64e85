"""The uploader is told what was restricted, and why, and when it is shown again: each once.

1. Write statements for restrictions that have none, and for items that were restored.
2. Send them to the platform, in batches; put them down for the Transparency Database.
Only a documented order of a verified officer holds them back, and only as long as it lasts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Case, Decision, Restriction
from heed.cases.queries import policies
from heed.cases.services import deadlines
from heed.cases.services.notices import digest
from heed.filings import answers, orders, queries
from heed.filings import services as filings
from heed.filings.services import StatementIn
from heed.flows import jobs
from heed.flows.shared import hiding, states, transparency
from heed.ids import secret
from heed.ledger import services as ledger
from heed.outbox import services as outbox
from heed.rules import policy
from heed.rules.claims import Category
from heed.rules.clocks import Done
from heed.rules.visibility import Visibility

BATCH = 500
LOOK_AGAIN_IN = timedelta(hours=12)
AGAIN_IN = timedelta(seconds=3)  # its clock allows five minutes


def issue_statements(*, case_id: UUID, now: datetime) -> int:
    """Returns how many were issued. Repeating issues none twice."""
    if orders.silenced(case_id, now=now) is not None:
        _ask_again(case_id, now)
        return 0
    total = 0
    while True:
        with transaction.atomic():
            case = states.lock(case_id)  # its clocks are met below: never after the outbox
            told = _untold(case)
            if told:
                _issue(case, told, now)
        total += len(told)
        if len(told) < BATCH:
            return total


def issue_in_turn(*, case_id: UUID, now: datetime) -> int:
    """The same, unless there is something to hide: then it asks to be run again.

    In a long wave there always is; nobody waits a minute longer to be told.
    """
    if hiding.goes_on(now=now) and not _has_waited(case_id, now):
        with transaction.atomic():
            once = f"statements:{case_id}"
            jobs.later("issue_statements", once=once, at=now + AGAIN_IN, case_id=str(case_id))
        return 0
    return issue_statements(case_id=case_id, now=now)


def _has_waited(case_id: UUID, now: datetime) -> bool:
    since = now - hiding.GIVES_WAY_FOR
    if queries.restrictions_without_statement(case_id).filter(since_at__lt=since).exists():
        return True
    restored = queries.restored_without_statement(case_id)
    return any(row.lifted_at and row.lifted_at < since for row in restored)


def _ask_again(case_id: UUID, now: datetime) -> None:
    """A verified order forbids it for now; the statement is owed as soon as that is over."""
    with transaction.atomic():
        once = f"statements:{case_id}"
        jobs.later("issue_statements", once=once, at=now + LOOK_AGAIN_IN, case_id=str(case_id))


def _untold(case: Case) -> list[tuple[Restriction, str]]:
    """Restrictions to tell of, with the level that is told: a lifted one is shown again."""
    live = [(row, row.level) for row in queries.restrictions_without_statement(case.id)[:BATCH]]
    room = BATCH - len(live)
    restored = queries.restored_without_statement(case.id)[:room]
    return live + [(row, Visibility.VISIBLE.value) for row in restored]


def _issue(case: Case, told: Sequence[tuple[Restriction, str]], now: datetime) -> None:
    secrets = {row.item_id: secret() for row, _ in told}
    decision = Decision.objects.filter(case=case, state=Decision.State.FINAL).last()
    said = {level: _body(case, level, decision, now) for _, level in told}
    made = [
        StatementIn(row.item_id, row.id, level, said[level], digest(secrets[row.item_id]))
        for row, level in told
    ]
    bodies = {row.item_id: list(row.body.items()) for row in made}
    kept = filings.keep_statements(case.platform_id, case.id, made, now=now)
    refs = {row.item_id: row for row, _ in told}
    statements: list[dict[str, object]] = [
        {
            "item": refs[one.item_id].item.ref,
            "account": _account(refs[one.item_id]),
            # A list: the order in which it reads would not survive as keys of an object.
            "statement": [{"label": label, "text": text} for label, text in bodies[one.item_id]],
            "appeal_url": f"{settings.PUBLIC_URL}/s/{one.id}?k={secrets[one.item_id]}",
        }
        for one in kept
    ]
    transparency.ask(case, kept, refs, decision, now=now)
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


def _body(case: Case, level: str, decision: Decision | None, now: datetime) -> dict[str, object]:
    if level == Visibility.VISIBLE:
        return answers.restored()
    category = Category(case.category)
    decided = level == Visibility.REMOVED and decision is not None
    clause = policy.default_clause(category, about_a_child=case.about_child).id
    return answers.statement(
        level=level,
        decided=decided,
        quiet=answers.is_quiet(category, about_child=case.about_child),
        by_match=states.by_match(case),
        clause=decision.clause if decided and decision else clause,
        policy_version=decision.policy_version
        if decided and decision
        else policies.version_at(case.platform_id, now),
    )
