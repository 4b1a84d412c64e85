"""What follows for an account, once the content is decided.

1. Write the measure down; a suspension waits for the signature of a senior, another person.
2. The senior signs, or does not; only while the removal that it rests on stands.
3. When it is final: tell the platform, which carries it out, and passes on the link by which
   whoever has the account can contest it.
4. It ends when an appeal turns it, or when the content is let stand after all.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Case, Decision, MeasureOnAccount
from heed.cases.services import account_measures as writing
from heed.flows.shared import on_accounts, states
from heed.ids import secret
from heed.media.models import Account
from heed.people import queries as people
from heed.people.models import Role, Staff
from heed.rules.accounts import AccountMeasure, may_sign, needs_signature
from heed.rules.decisions import Ruling

MeasuredBefore = writing.MeasuredBefore


class MayNotMeasure(Exception):
    """Nothing is done to this account now; the message says why."""


def measure_account(
    *, case_id: UUID, account_id: UUID, measure: AccountMeasure, reasons: str, by: UUID,
    now: datetime,
) -> MeasureOnAccount:  # fmt: skip
    """Raises `MayNotMeasure`, `writing.MeasuredBefore`."""
    if not reasons.strip():
        raise MayNotMeasure("Reasons are missing: the account is told these words.")
    with transaction.atomic():
        case = states.lock(case_id)
        decision = _last_removal(case)
        account = Account.objects.filter(items__copies__case=case, id=account_id).first()
        if account is None:
            raise MayNotMeasure("This account published nothing in this case.")
        final = not needs_signature(measure)
        row = writing.propose(
            decision, account, measure=measure.value, reasons=reasons.strip(), final=final, by=by,
            now=now,
        )  # fmt: skip
        if final:
            _carry_out(case, row, now)
        else:
            on_accounts.enter(case, row, now)
    return row


def sign(*, measure_id: UUID, agrees: bool, by: UUID, now: datetime) -> bool:
    """A senior's signature. Raises `MayNotMeasure`. False when somebody was first."""
    with transaction.atomic():
        row = MeasureOnAccount.objects.select_related("decision__case", "account").get(
            id=measure_id
        )
        case = states.lock(row.decision.case_id)
        senior = Role.SENIOR in people.roles_of(Staff.objects.get(id=by), case.platform_id)
        if not may_sign(str(row.proposed_by), str(by), senior=senior):
            raise MayNotMeasure("A senior reviewer signs it, and not the one who proposed it.")
        if agrees:
            _must_still_stand(case, row)
        if not writing.sign(row, agrees=agrees, by=by, now=now):
            return False
        row.refresh_from_db()
        if agrees:
            _carry_out(case, row, now)
        else:
            on_accounts.enter(case, row, now)
    return True


def _last_removal(case: Case) -> Decision:
    """Accounts come after the content: nothing is done to them while it is open, or stands."""
    last = Decision.objects.filter(case=case, state=Decision.State.FINAL).order_by("-decided_at")
    decision = last.first()
    if case.state != Case.State.DECIDED or decision is None or decision.ruling != Ruling.REMOVE:
        raise MayNotMeasure("Decide on the content first: only what was removed has consequences.")
    return decision


def _must_still_stand(case: Case, row: MeasureOnAccount) -> None:
    _last_removal(case)
    if row.decision.state != Decision.State.FINAL:
        raise MayNotMeasure("The decision that it rests on was turned: refuse it.")


def _carry_out(case: Case, row: MeasureOnAccount, now: datetime) -> None:
    link = secret()
    writing.give_link(row, link)
    url = f"{settings.PUBLIC_URL}/a/{row.id}?k={link}"
    on_accounts.tell(case, row, f"account:{row.id}", now, measure=row.measure, appeal_url=url)
    on_accounts.enter(case, row, now)
