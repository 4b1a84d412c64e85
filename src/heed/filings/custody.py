"""Reading the chain of custody: what is kept, for whom, until when and why."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet

from heed.cases.models import Appeal, Case, Deadline
from heed.cases.queries import exemptions
from heed.filings import orders
from heed.filings.models import (
    Disclosure,
    Dispute,
    Hold,
    InstrumentReading,
    KeyWrapping,
    SealedObject,
    Unsealing,
)
from heed.media.models import Match
from heed.rules.clocks import Stop
from heed.rules.retention import Reason, Retention, retention

State = SealedObject.State
_OWED = (Stop.CYBERTIP_FINISHED.value, Stop.AUTHORITY_TOLD.value, Stop.POLICE_TOLD.value)


def retention_of(case: Case) -> Retention:
    """Until when a case's evidence stays, with everything that asks for it."""
    decided_at = _ended_at(case) if case.state == Case.State.DECIDED else None
    reasons = [*_floors(case), *_owed(case), *_appeals(case), *_holds(case)]
    if disputes(case.id).filter(ended_at=None).exists():
        reasons.append(Reason(says="a dispute is open before an out-of-court body"))
    if orders.open_for_case(case.id):
        reasons.append(Reason(says="an order of an authority is not answered"))
    return retention(decided_at, reasons)


def _ended_at(case: Case) -> datetime | None:
    """When people decided; or when all that spoke for it was rolled back: then nobody decides."""
    undone = Match.objects.filter(case_id=case.id, word=Match.Word.UNDONE)
    rolled_back_at = undone.aggregate(at=Max("said_at"))["at"]
    return max((at for at in (case.decided_at, rolled_back_at) if at), default=None)


def _floors(case: Case) -> list[Reason]:
    floors = Deadline.objects.filter(case=case, stops=Stop.TIME_PASSED.value)
    return [Reason(says=one.citation, until=one.due_at) for one in floors.order_by("due_at")]


def _owed(case: Case) -> list[Reason]:
    owed = Deadline.objects.filter(case=case, stops__in=_OWED, met_at=None)
    return [Reason(says=f"still owed: {one.citation}") for one in owed.order_by("due_at")]


def _appeals(case: Case) -> list[Reason]:
    reasons = []
    if Appeal.objects.filter(case=case, state=Appeal.State.OPEN).exists():
        reasons.append(Reason(says="an appeal is open"))
    if exemptions.waiting([case.id]).exists():
        reasons.append(Reason(says="a second person has still to agree"))
    return reasons


def _holds(case: Case) -> list[Reason]:
    live = Hold.objects.filter(case_id=case.id, lifted_at=None)
    return [Reason(says=f"legal hold: {one.reason}") for one in live.order_by("placed_at")]


def holds(case_id: UUID) -> QuerySet[Hold]:
    """Every legal hold, the newest first."""
    return Hold.objects.filter(case_id=case_id).order_by("-placed_at")


def held(case_id: UUID) -> bool:
    """Whether a person holds it."""
    return Hold.objects.filter(case_id=case_id, lifted_at=None).exists()


def must_stay(case_id: UUID) -> bool:
    """Whether somebody asked for all of it to stay: a hold, a dispute, or an order that waits."""
    disputed = disputes(case_id).filter(ended_at=None).exists()
    return held(case_id) or disputed or orders.open_for_case(case_id)


def disputes(case_id: UUID) -> QuerySet[Dispute]:
    """Disputes before out-of-court bodies, the newest first."""
    return Dispute.objects.filter(case_id=case_id).order_by("-opened_at")


def dispute_counts(platforms: Collection[UUID]) -> dict[str, int]:
    """For the yearly report (DSA article 24(1)(a)): how many, how they ended, how many followed."""
    cases = Case.objects.filter(platform_id__in=platforms)
    rows, ended = Dispute.objects.filter(case_id__in=cases.values("id")), Q(ended_at__isnull=False)
    found: dict[str, int] = rows.aggregate(
        all=Count("id"),
        followed=Count("id", filter=ended & Q(followed=True)),
        **{one: Count("id", filter=ended & Q(outcome=one)) for one in Dispute.Outcome.values},
    )
    return found


def unsealings(case_id: UUID) -> QuerySet[Unsealing]:
    """What was asked of the sealed copies, the newest first."""
    return Unsealing.objects.filter(case_id=case_id).order_by("-asked_at")


def with_live_evidence(after: UUID | None, limit: int) -> list[UUID]:
    """Cases that have something in the vault, in the order of their ids."""
    live = SealedObject.objects.exclude(state=State.DESTROYED)
    if after is not None:
        live = live.filter(case_id__gt=after)
    ids = live.order_by("case_id").values_list("case_id", flat=True).distinct()
    return list(ids[:limit])


def counts(platforms: Sequence[UUID] | None = None) -> dict[str, int]:
    """How many objects stand in each state."""
    rows = SealedObject.objects.all()
    if platforms is not None:
        rows = rows.filter(platform_id__in=platforms)
    found = rows.values_list("state").annotate(count=Count("id"))
    return {state: dict(found).get(state, 0) for state in State.values}


TROUBLE = (State.MISSED, State.DAMAGED)


def trouble(
    platforms: Sequence[UUID] | None = None, *, words: str = "", states: Sequence[str] = ()
) -> QuerySet[SealedObject]:
    """What could not be kept, or is damaged, the oldest first. Review copies are made again.

    `words`: a case's number, or a part of the reason.
    """
    rows = SealedObject.objects.filter(state__in=states or TROUBLE)
    if platforms is not None:
        rows = rows.filter(platform_id__in=platforms)
    if words:
        named = Case.objects.filter(number=words.upper()).values("id")
        rows = rows.filter(Q(case_id__in=named) | Q(reason__icontains=words))
    return rows.exclude(copy=SealedObject.Copy.REVIEW).order_by("asked_at", "id")


def kept(*, checked_before: datetime | None = None) -> QuerySet[SealedObject]:
    """What lies in the vault, the longest unchecked first."""
    rows = SealedObject.objects.filter(state=State.KEPT).order_by("checked_at", "id")
    return rows if checked_before is None else rows.filter(checked_at__lt=checked_before)


def names() -> set[str]:
    """Every name that something in the vault should have."""
    sealed = SealedObject.objects.exclude(name="").values_list("name", flat=True)
    given = Disclosure.objects.exclude(name="").values_list("name", flat=True)
    read = InstrumentReading.objects.exclude(name="").values_list("name", flat=True)
    return {*sealed, *given, *read}


def wrapped_for(purpose: str) -> dict[str, int]:
    """For which public keys objects are wrapped, and how many."""
    rows = KeyWrapping.objects.filter(purpose=purpose).values_list("recipient")
    return dict(rows.annotate(count=Count("id")))


def wrapped_otherwise(purpose: str, recipient: str, limit: int) -> list[KeyWrapping]:
    """Wrappings of a purpose that are not for its newest key."""
    rows = KeyWrapping.objects.filter(purpose=purpose).exclude(recipient=recipient)
    return list(rows.select_related("sealed").order_by("id")[:limit])


def gone_for_good_after(sealed: SealedObject) -> datetime | None:
    """When the last backup that may hold its wrapping has expired; None while it lives."""
    if sealed.destroyed_at is None:
        return None
    return sealed.destroyed_at + settings.HEED_BACKUPS_KEPT
