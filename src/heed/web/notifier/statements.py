"""An uploader's statement of reasons, as its page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from heed.cases.models import Appeal, Case, MeasureOnAccount
from heed.cases.queries import exemptions, policies
from heed.cases.queries.own_notices import fits
from heed.filings import answers
from heed.filings.models import StatementOfReasons
from heed.media.models import Item
from heed.rules.visibility import Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A statement in words."""

    issued_at: datetime
    body: Mapping[str, str]  # what was done first; the database keeps no order
    shown_again: bool  # the post is as it was before
    appeal_open: bool
    appeal_state: str
    appeal_reasons: str
    not_yet: bool  # whoever looked again agreed, and a second person has not yet
    not_agreed: bool  # a second person did not, or has more to read: it is looked at anew
    refused: bool  # a second person did not agree that this place alone is shown again
    decided_anew: bool  # after that, people came to the same answer all the same


def with_secret(statement_id: UUID, secret: str) -> StatementOfReasons | None:
    """The statement whose link this is."""
    found = StatementOfReasons.objects.filter(id=statement_id).first()
    return found if fits(secret, None if found is None else found.link_hash) else None


def shown(statement_id: UUID, statement: StatementOfReasons) -> Shown:
    """What the page says. Nothing here tells of a notice."""
    appeal = Appeal.objects.filter(statement_id=statement_id).order_by("-opened_at").first()
    shown_again = Item.objects.filter(id=statement.item_id, desired="visible").exists()
    turned = appeal is not None and appeal.state in (Appeal.State.REVERSED, Appeal.State.PARTLY)
    agreed = turned and not shown_again
    case = Case.objects.get(id=statement.case_id)
    waits = exemptions.items_waiting([case.id]).filter(id=statement.item_id).exists()
    proposed = waits or case.state == Case.State.PROPOSED
    refused = agreed and appeal is not None and exemptions.refused_on(appeal.id)
    return Shown(
        issued_at=statement.issued_at,
        body=answers.spoken(statement.body),
        shown_again=shown_again,
        appeal_open=appeal is not None and appeal.state == Appeal.State.OPEN,
        appeal_state=Appeal.State.REVERSED if turned else appeal.state if appeal else "",
        appeal_reasons=appeal.reasons if appeal else "",
        not_yet=agreed and proposed,
        not_agreed=agreed and not proposed and case.state != Case.State.DECIDED,
        refused=refused and _removed(case),
        decided_anew=agreed and not proposed and not refused and _removed(case),
    )


def _removed(case: Case) -> bool:
    return case.state == Case.State.DECIDED and case.decided_level == Visibility.REMOVED


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureShown:
    """What was done to an account, and how its owner's question ended."""

    measure: str
    at: datetime
    rule: str
    reasons: str
    lifted: bool
    appeal_open: bool
    appeal_state: str
    appeal_reasons: str


def measure_with_secret(measure_id: UUID, secret: str) -> MeasureOnAccount | None:
    """The measure whose link this is."""
    found = MeasureOnAccount.objects.select_related("decision").filter(id=measure_id).first()
    return found if fits(secret, None if found is None else found.link_hash) else None


def measure_shown(row: MeasureOnAccount) -> MeasureShown:
    """What the page says. Nothing here tells of a notice."""
    appeal = row.appeals.order_by("-opened_at").first()
    return MeasureShown(
        measure=row.measure,
        at=row.signed_at or row.proposed_at,
        rule=policies.clause(row.clause, row.decision.policy_version).title,
        reasons=row.reasons,
        lifted=row.state == MeasureOnAccount.State.LIFTED,
        appeal_open=appeal is not None and appeal.state == Appeal.State.OPEN,
        appeal_state=appeal.state if appeal else "",
        appeal_reasons=appeal.reasons if appeal else "",
    )
