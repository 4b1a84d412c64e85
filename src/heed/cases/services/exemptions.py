"""What a removal leaves alone: written down, agreed to, or passed over by a new decision."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from heed.cases.models import Appeal, Case, Decision, Exemption
from heed.cases.services.cases import CaseChanged
from heed.cases.services.decisions import too_late
from heed.media.models import Item


def record(
    decision: Decision,
    items: Collection[UUID],
    *,
    state: str,
    by: UUID,
    appeal: Appeal | None = None,
    now: datetime,
) -> Exemption:
    """What becomes of these items, other than the rest; `state` is one of `Exemption.State`."""
    made = Exemption.objects.create(
        decision=decision, appeal=appeal, state=state, proposed_by=by, proposed_at=now
    )
    made.items.set(Item.objects.filter(id__in=items))
    return made


def second(
    exemption: Exemption, *, agrees: bool, reasons: str, by: UUID, unseconded: bool, now: datetime
) -> None:
    """A second person's word. Raises `CaseChanged` when it no longer waits for one."""
    state = Exemption.State.FINAL if agrees else Exemption.State.REFUSED
    waits = Exemption.objects.filter(id=exemption.id, state=Exemption.State.PROPOSED)
    done = waits.update(
        state=state,
        seconded_by=by,
        seconded_at=now,
        second_reasons=reasons,
        unseconded=unseconded,
    )
    exemption.refresh_from_db()
    if not done and exemption.state == Exemption.State.PASSED:
        raise CaseChanged("The case was decided anew meanwhile. What you wrote was not sent.")
    if not done:
        raise CaseChanged(too_late("this", exemption.seconded_by, by))


def pass_over(case: Case, decision: Decision) -> None:
    """What waited under earlier decisions: this one says of it."""
    waits = Exemption.objects.filter(decision__case=case, state=Exemption.State.PROPOSED)
    waits.exclude(decision=decision).update(state=Exemption.State.PASSED)
