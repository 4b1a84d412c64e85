"""What was done to accounts, as others hear of it; and how it ends."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from heed.cases.models import Case, MeasureOnAccount
from heed.cases.queries import account_measures as reading
from heed.cases.services import account_measures as writing
from heed.flows import jobs
from heed.flows.shared import appeals
from heed.ledger import services as ledger
from heed.outbox import services as outbox


def fall(case: Case, *, given_back: Collection[UUID] | None = None, now: datetime) -> None:
    """In the transaction in which the content is let stand after all: what rested on a removal
    ends, and what only waited for a signature is signed by nobody.

    `given_back`: of these items alone. Then it ends for accounts of which nothing else is removed.
    """
    rows = reading.resting_on(case)
    for row in rows if given_back is None else reading.left_bare(case, rows, given_back):
        if row.state == MeasureOnAccount.State.FINAL:
            lift(case, row, now=now)
        elif writing.sign(row, agrees=False, by=None, now=now):
            row.refresh_from_db()
            enter(case, row, now)


def lift(case: Case, row: MeasureOnAccount, *, now: datetime) -> None:
    """It does not hold any more. The platform is told, unless another case asks for the same."""
    if not writing.lift(row):
        return
    row.refresh_from_db()
    if not reading.asked_elsewhere(row):
        tell(case, row, f"account:{row.id}:lifted", now, measure="none", lifted=row.measure)
    enter(case, row, now)
    appeals.settle_about(case, row, now=now)


def tell(case: Case, row: MeasureOnAccount, key: str, now: datetime, **facts: str) -> None:
    """Tell the platform, once for each `key`."""
    payload: dict[str, object] = {
        "type": "account.measured",
        "account": row.account.ref,
        "clause": row.clause,
        "reasons": row.reasons,
        **facts,
    }
    outbox.tell("account.measured", payload, key=key, platform_id=case.platform_id, now=now)
    jobs.later(
        "deliver",
        once=f"deliver:{case.platform_id}",
        queue="deliver",
        platform_id=str(case.platform_id),
    )


def enter(case: Case, row: MeasureOnAccount, now: datetime) -> None:
    """One entry for each turn of a measure."""
    body = {"measure": row.measure, "state": row.state, "clause": row.clause}
    ledger.enter("account.measured", subject=f"case:{case.id}", body=body, at=now)
