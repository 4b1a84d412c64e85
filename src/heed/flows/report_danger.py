"""A person of ours finds that a life, or somebody's safety, is in danger: an authority is told.

1. Write down the finding: the law's clock starts, the case goes first, who is on duty is rung.
2. Write down that the police of the place were told: how, and under which number. That meets it.
3. Or write down why there is no danger after all; the clock ends, and late is late.

A notice that claims danger calls the duty person and starts no clock of the law: the law speaks of
what we suspect. NCMEC or a hotline is nobody in the sense of DSA article 18.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case
from heed.cases.services import cases, deadlines
from heed.filings import danger as dangers
from heed.filings.models import Danger
from heed.flows.shared import clocks, duty, states
from heed.ledger import services as ledger
from heed.people import rota
from heed.rules.clocks import Done


class NotSaid(Exception):
    """Something is missing; the message says what, and why it is asked."""


def find(
    *, platform_id: UUID, case_id: UUID | None, call_id: UUID | None, why: str, by: UUID,
    now: datetime,
) -> Danger:  # fmt: skip
    """A person finds it, in a case or, where there is none, in a duty call. Raises `NotSaid`.

    Sent twice it is one danger, with one clock.
    """
    if not why.strip():
        raise NotSaid("Say who is in what danger, and where: whoever is rung reads these words.")
    case = Case.objects.get(id=case_id, platform_id=platform_id) if case_id else None
    if case is None and call_id is None:
        raise NotSaid("A danger is found in a case, or in a call.")
    where: dict[str, Any] = {"case_id": case.id if case else None, "call_id": call_id}
    with transaction.atomic():
        if case is not None:
            states.lock(case.id)
        known = dangers.found_before(**where, why=why.strip(), by=by)
        if known is not None:
            return known
        found = dangers.find(platform_id, **where, why=why.strip(), by=by, now=now)
        due = clocks.of_danger(case, cause=_cause(found), at=now)
        deadlines.set_clocks(case, due, now=now)
        if case is not None:
            cases.note_danger(case)
        if call_id is None and (case is None or rota.danger_of(case.id) is None):
            duty.call_for_danger(found, now=now)
        _enter("danger.found", found, by, now)
    return found


def tell(*, danger_id: UUID, told: str, told_ref: str = "", by: UUID, now: datetime) -> None:
    """The police of the place, or Europol, know. Raises `NotSaid`, `dangers.DangerEnded`."""
    if not told.strip():
        raise NotSaid("Say which authority was told, and how: by telephone, by which form.")
    found = Danger.objects.get(id=danger_id)
    with transaction.atomic():
        dangers.note_told(found, told=told.strip(), told_ref=told_ref.strip(), by=by, now=now)
        deadlines.done(Done.POLICE_TOLD, now=now, cause=_cause(found))
        _enter("danger.told", found, by, now)


def dismiss(*, danger_id: UUID, why: str, by: UUID, now: datetime) -> None:
    """There is no danger after all. Raises `NotSaid`, `dangers.DangerEnded`."""
    if not why.strip():
        raise NotSaid("Say why there is no danger: somebody may have to answer for that.")
    found = Danger.objects.get(id=danger_id)
    with transaction.atomic():
        dangers.note_unfounded(found, why=why.strip(), by=by, now=now)
        deadlines.done(Done.POLICE_TOLD, now=now, cause=_cause(found))
        _enter("danger.dismissed", found, by, now)


def _cause(found: Danger) -> str:
    return f"danger:{found.id}"


def _enter(event: str, found: Danger, by: UUID, now: datetime) -> None:
    subject = f"case:{found.case_id}" if found.case_id else f"platform:{found.platform_id}"
    ledger.enter(event, subject=subject, body={"danger": str(found.id), "by": str(by)}, at=now)
