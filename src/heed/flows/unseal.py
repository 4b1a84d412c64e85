"""A sealed copy is opened, or destroyed before its time, by two people with a stated purpose.

1. One asks, and says for what; the ledger has it.
2. Another agrees, or does not. Agreed to be destroyed, its keys are destroyed at once.
3. Agreed to be opened: both bring their halves of the seal to the machine; what comes out is
   encrypted for the person who was named, and never lies anywhere in the clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case
from heed.filings import custody, holding, queries
from heed.filings.models import SealedObject, Unsealing
from heed.flows import wiring
from heed.flows.shared import evidence, packages, states
from heed.ledger import services as ledger
from heed.people import queries as people
from heed.people.models import Role, Staff
from heed.ports import BadRecipient, KeyLost, NotOpened, Purpose

MAY_UNSEAL = frozenset({Role.LIAISON, Role.SENIOR})


class MayNotUnseal(Exception):
    """Not by this person, not now, or not so; the message says what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What came out, encrypted for who asked; and what did not come out, and why."""

    package: bytes
    count: int
    failed: tuple[str, ...]


def is_recipient(text: str) -> bool:
    """Whether something can be encrypted for this public key."""
    try:
        wiring.seals().check_recipient(text)
    except BadRecipient:
        return False
    return True


def ask(
    *, case_id: UUID, what: str, purpose: str, recipient: str = "", by: UUID, now: datetime
) -> Unsealing:
    """Ask for a case's sealed copies. Raises `MayNotUnseal`, `ports.BadRecipient`."""
    case = Case.objects.get(id=case_id)
    _must_be_allowed(case, by)
    if len(purpose.strip()) < 10:
        raise MayNotUnseal("State the purpose in a sentence: the ledger keeps it.")
    if what == Unsealing.What.OPEN:
        wiring.seals().check_recipient(recipient)
    with transaction.atomic():
        asked = holding.ask(
            case_id, what=what, purpose=purpose.strip(), recipient=recipient, by=by, now=now
        )
        body = {"asked": str(asked.id), "what": what, "why": asked.purpose}
        ledger.enter("evidence.asked", subject=f"case:{case_id}", body=body, at=now)
    return asked


def answer(*, unsealing_id: UUID, agrees: bool, by: UUID, now: datetime) -> Unsealing:
    """The second person's word. Raises `MayNotUnseal`, `holding.NotWaiting`."""
    asked = Unsealing.objects.get(id=unsealing_id)
    _must_be_allowed(Case.objects.get(id=asked.case_id), by)
    if by == asked.asked_by:
        raise MayNotUnseal("You asked for this. A different person must agree.")
    with transaction.atomic():
        states.lock(asked.case_id)
        if agrees and asked.what == Unsealing.What.DESTROY and custody.held(asked.case_id):
            raise MayNotUnseal("A legal hold is on this case: it has to be lifted first.")
        holding.answer(asked, agrees=agrees, by=by, now=now)
        body = {"asked": str(asked.id), "agreed": agrees}
        ledger.enter("evidence.asked", subject=f"case:{asked.case_id}", body=body, at=now)
        if agrees and asked.what == Unsealing.What.DESTROY:
            _destroy(asked, now)
    return asked


def _destroy(asked: Unsealing, now: datetime) -> None:
    live = queries.sealed_of(asked.case_id).exclude(state=SealedObject.State.DESTROYED)
    evidence.destroy(list(live), why=f"two people agreed: {asked.purpose}", now=now)
    holding.done(asked, now=now)


def open_seals(*, unsealing_id: UUID, halves: Sequence[str], now: datetime) -> Opened:
    """Open what was agreed to, with the texts of both key files. Once.

    Raises `MayNotUnseal`, `holding.NotWaiting`, `ports.KeyLost` (nothing was opened).
    """
    asked = Unsealing.objects.get(id=unsealing_id)
    if asked.what != Unsealing.What.OPEN or asked.state != Unsealing.State.AGREED:
        raise MayNotUnseal(f"This request is '{asked.get_state_display()}': nothing is opened.")
    case = Case.objects.get(id=asked.case_id)
    copies = queries.sealed_of(case.id).exclude(copy=SealedObject.Copy.REVIEW)
    parts: list[packages.Part] = []
    failed: list[str] = []
    for sealed in copies.filter(state=SealedObject.State.KEPT):
        try:
            parts.append(_part(sealed, halves, asked, now))
        except (evidence.NotPreserved, NotOpened) as why:
            failed.append(f"{sealed.id}: {why}")
    package = packages.make(case=case, parts=parts, purpose=asked.purpose, now=now)
    sealed_for = wiring.seals().encrypt_for(package, asked.recipient)
    with transaction.atomic():
        holding.done(asked, now=now)
    return Opened(package=sealed_for, count=len(parts), failed=tuple(failed))


def _part(
    sealed: SealedObject, halves: Sequence[str], asked: Unsealing, now: datetime
) -> packages.Part:
    sealing = evidence.sealing_of(sealed, Purpose.SEAL, now=now)
    try:
        data = wiring.seals().open_with(sealing.body, sealing.wrappings[0], halves)
    except KeyLost as lost:
        raise KeyLost(f"{lost}. Nothing was opened.") from lost
    evidence.note_read(sealed, Purpose.SEAL, why=asked.purpose, now=now)
    return packages.part_of(sealed, data)


def _must_be_allowed(case: Case, by: UUID) -> None:
    if not people.roles_of(Staff.objects.get(id=by), case.platform_id) & MAY_UNSEAL:
        raise MayNotUnseal("Only a liaison or a senior reviewer asks for sealed copies.")
