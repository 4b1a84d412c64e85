"""Legal holds, and what two people ask of sealed copies together."""

from datetime import datetime
from uuid import UUID

from heed.filings.models import Dispute, Hold, Unsealing


class NotWaiting(Exception):
    """Somebody else was first: this was answered, or lifted, before. Read the page again."""


def place_hold(case_id: UUID, *, reason: str, by: UUID, now: datetime) -> Hold:
    """Nothing of this case is destroyed until it is lifted."""
    return Hold.objects.create(case_id=case_id, reason=reason, placed_by=by, placed_at=now)


def lift_hold(hold_id: UUID, *, by: UUID, now: datetime) -> None:
    """Raises `NotWaiting` when it was lifted before."""
    live = Hold.objects.filter(id=hold_id, lifted_at=None)
    if not live.update(lifted_by=by, lifted_at=now):
        raise NotWaiting("This hold was lifted before.")


def ask(
    case_id: UUID, *, what: str, purpose: str, recipient: str, by: UUID, now: datetime
) -> Unsealing:
    """Somebody asks; nothing happens until a second person agrees."""
    return Unsealing.objects.create(
        case_id=case_id, what=what, purpose=purpose, recipient=recipient, asked_by=by, asked_at=now
    )


def answer(asked: Unsealing, *, agrees: bool, by: UUID, now: datetime) -> None:
    """A second person's word. Raises `NotWaiting`."""
    state = Unsealing.State.AGREED if agrees else Unsealing.State.REFUSED
    _move(asked, Unsealing.State.ASKED, state=state, answered_by=by, answered_at=now)


def done(asked: Unsealing, *, now: datetime) -> None:
    """It was opened, or destroyed: once. Raises `NotWaiting`."""
    _move(asked, Unsealing.State.AGREED, state=Unsealing.State.DONE, done_at=now)


def note_dispute(
    case_id: UUID, *, side: str, body: str, ref: str, by: UUID, now: datetime
) -> Dispute:
    """A dispute before an out-of-court body; each is noted once."""
    return Dispute.objects.create(
        case_id=case_id, side=side, body=body, dispute_ref=ref, noted_by=by, opened_at=now
    )


def end_dispute(noted: Dispute, *, outcome: str, followed: bool, now: datetime) -> None:
    """How it ended. Raises `NotWaiting`."""
    live = Dispute.objects.filter(id=noted.id, ended_at=None)
    if not live.update(outcome=outcome, followed=followed, ended_at=now):
        raise NotWaiting("This dispute was ended before.")


def _move(asked: Unsealing, expected: str, **to: object) -> None:
    if not Unsealing.objects.filter(id=asked.id, state=expected).update(**to):
        raise NotWaiting("Somebody has answered this before. Read the page again.")
    asked.refresh_from_db()
