"""Writing down what is done to accounts."""

from datetime import datetime
from uuid import UUID

from heed.cases.models import Decision, MeasureOnAccount
from heed.cases.services.notices import digest
from heed.media.models import Account


class MeasuredBefore(Exception):
    """This account has had this measure for this decision already."""


def propose(
    decision: Decision, account: Account, *, measure: str, reasons: str, final: bool, by: UUID,
    now: datetime,
) -> MeasureOnAccount:  # fmt: skip
    """Write a measure down: final, or waiting for a signature. The caller holds the case.

    What a senior refused may be proposed again. Raises `MeasuredBefore`.
    """
    same = MeasureOnAccount.objects.filter(decision=decision, account=account, measure=measure)
    before = same.exclude(state=MeasureOnAccount.State.REFUSED).first()
    if before is not None:
        raise MeasuredBefore(_BEFORE[MeasureOnAccount.State(before.state)])
    return MeasureOnAccount.objects.create(
        decision=decision,
        account=account,
        measure=measure,
        clause=decision.clause,
        reasons=reasons,
        state=MeasureOnAccount.State.FINAL if final else MeasureOnAccount.State.PROPOSED,
        proposed_by=by,
        proposed_at=now,
    )


_BEFORE = {
    MeasureOnAccount.State.PROPOSED: "It is proposed already, and waits for a senior reviewer.",
    MeasureOnAccount.State.FINAL: "This account has had this measure for this decision already.",
    MeasureOnAccount.State.LIFTED: "It was lifted: a decision that is looked at again is not "
    "answered with the same measure.",
}


def give_link(row: MeasureOnAccount, secret: str) -> None:
    """From now on whoever has the account can contest it by this link."""
    MeasureOnAccount.objects.filter(id=row.id).update(link_hash=digest(secret))


def lift(row: MeasureOnAccount) -> bool:
    """An appeal turned it, or the removal that it rested on. False when it holds no more."""
    holds = MeasureOnAccount.objects.filter(id=row.id, state=MeasureOnAccount.State.FINAL)
    return bool(holds.update(state=MeasureOnAccount.State.LIFTED))


def sign(row: MeasureOnAccount, *, agrees: bool, by: UUID | None, now: datetime) -> bool:
    """A senior's word, or nobody's where what it rests on fell. False when it waits no more."""
    state = MeasureOnAccount.State.FINAL if agrees else MeasureOnAccount.State.REFUSED
    waiting = MeasureOnAccount.objects.filter(id=row.id, state=MeasureOnAccount.State.PROPOSED)
    return bool(waiting.update(state=state, signed_by=by, signed_at=now))
