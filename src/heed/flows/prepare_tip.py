"""A person prepares what an authority is told of a finding, and another approves it.

1. Put the tip and its context together from the case and from what the person chose; keep it as
   a draft.
2. Send it on: both layers of checks must hold; a senior approves, where that is asked for.
3. Approved, it is filed by the worker; or, without credentials, handed over as a package.
Withdrawn, taken back to be changed, or tried again: each says what it expects to find, and the log
keeps who did it.
"""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Case
from heed.filings import context, gathering, tip_queries, tips
from heed.filings.gathering import Chosen
from heed.filings.models import Tip
from heed.filings.tips import State
from heed.flows import jobs
from heed.flows.shared import tip_ends, tipline
from heed.flows.shared.tipline import BY_HAND, NotReady
from heed.ledger import services as ledger
from heed.people import queries as people
from heed.people.models import Role
from heed.rules.tips.authorities import NCMEC, authority
from heed.rules.tips.document import Document, frozen

logger = logging.getLogger(__name__)
CHANGEABLE = (State.DRAFT, State.WAITING, State.READY, State.STALLED, State.HANDED_OVER)


class NoFinding(Exception):
    """Nobody has found apparent abuse of a child here, or the finding was reversed."""


class MayNotApprove(Exception):
    """Somebody else has to approve this; the message says who."""


def preview(
    *, case_id: UUID, chosen: Chosen, to: str = NCMEC, now: datetime
) -> tuple[Document, NotReady | None]:
    """The tip as it would be, and what stands in its way. Keeps nothing."""
    case = Case.objects.select_related("platform", "file").get(id=case_id)
    document = _gathered(case, chosen, to)
    found = tipline.faults(case, document, to, now=now)
    return document, NotReady(found) if found else None


def prepare(
    *,
    case_id: UUID,
    chosen: Chosen,
    by: UUID,
    to: str = NCMEC,
    tip_id: UUID | None = None,
    now: datetime,
) -> Tip:
    """Keep a draft, or change one. Raises `NoFinding`, `AlreadyUnderWay`, `TipChanged`."""
    authority(to)
    case = Case.objects.select_related("platform", "file").get(id=case_id)
    if tip_queries.finding_of(case) is None:
        raise NoFinding(
            "A tip follows from a person's finding of apparent sexual abuse of a child. "
            "Decide the case first; if the finding was reversed, there is nothing to tell."
        )
    document = _gathered(case, chosen, to)
    facts: dict[str, Any] = {
        "document": frozen(document), "context": context.text(case, document),
        "chosen": chosen.plain(), "prepared_by": by, "prepared_at": now,
        "account_ref": _about(document),
    }  # fmt: skip
    with transaction.atomic():
        if tip_id is None:
            tip = _new(case, to, facts)
        else:
            tip = Tip.objects.get(id=tip_id, case_id=case.id)
            tips.move(tip, [State.DRAFT], **facts)
        tips.take_files(tip, [UUID(one.file_id) for one in document.files])
        _enter("cybertip.prepared", tip, by, now, {"to": tip.authority})
    return tip


def _new(case: Case, to: str, facts: dict[str, Any]) -> Tip:
    earlier = Tip.objects.filter(case_id=case.id, authority=to, state=State.FINISHED)
    before = earlier.filter(practice=False).order_by("-finished_at").first()
    return tips.add(
        platform_id=case.platform_id,
        case_id=case.id,
        authority=to,
        adds_to=before.id if before else None,
        **facts,
    )


def _gathered(case: Case, chosen: Chosen, to: str) -> Document:
    operator = tip_queries.operator_of(case.platform_id)
    earlier = tip_queries.told(case.id, to)
    return gathering.document(case, chosen, operator, earlier=earlier)


def _about(document: Document) -> str:
    """Whom it names; the account elsewhere has a name of its own here."""
    for one in document.suspects:
        return one.account_ref or f"{gathering.ELSEWHERE}:{one.screen_name}"[:255]
    return ""


# ------------------------------------------------------------------ on its way


def send_on(*, tip_id: UUID, by: UUID, now: datetime) -> Tip:
    """The draft is done. Raises `NotReady` with each field and its remedy."""
    tip = Tip.objects.get(id=tip_id)
    _must_be_whole(tip, now)
    with transaction.atomic():
        if settings.HEED_TIP_APPROVAL == "senior":
            tips.move(tip, [State.DRAFT], State.WAITING)
        else:
            _approved(tip, State.DRAFT, by, now)
    return tip


def approve(*, tip_id: UUID, by: UUID, now: datetime) -> Tip:
    """A senior has read it. Raises `MayNotApprove`, `NotReady`, `TipChanged`."""
    tip = Tip.objects.get(id=tip_id)
    _may_approve(tip, by)
    read = _but_for_counts(tip)
    _must_be_whole(tip, now)
    if _but_for_counts(tip) != read:
        raise MayNotApprove(
            "The case has come to know more since this was put together; it is in it now. "
            "Read it again, then approve."
        )
    with transaction.atomic():
        _approved(tip, State.WAITING, by, now)
    return tip


def _but_for_counts(tip: Tip) -> dict[str, Any]:
    """What a person reads and answers for; copies and views grow by themselves."""
    return {name: said for name, said in tip.document.items() if name not in ("spread", "urls")}


def _may_approve(tip: Tip, by: UUID) -> None:
    if not people.holds(by, Role.SENIOR, tip.platform_id):
        raise MayNotApprove("A senior reviewer of this platform approves it.")
    if by == tip.prepared_by and people.others_with(Role.SENIOR, tip.platform_id, by):
        raise MayNotApprove("You prepared it: another senior reviewer reads it before it goes.")


def _must_be_whole(tip: Tip, now: datetime) -> None:
    """Checked again as it will be sent, with what the case knows by now."""
    case = Case.objects.select_related("platform", "file").get(id=tip.case_id)
    document = _gathered(case, Chosen.of(tip.chosen), tip.authority)
    found = tipline.faults(case, document, tip.authority, now=now)
    if found:
        raise NotReady(found)
    written = context.text(case, document)
    tips.move(tip, [tip.state], document=frozen(document), context=written)


def _approved(tip: Tip, expected: State, by: UUID, now: datetime) -> None:
    where = tipline.environment(tip.authority, tip.platform_id)
    facts = {"approved_by": by, "approved_at": now, "environment": where, "trouble": ""}
    due_at = None if where == BY_HAND else now
    tips.move(tip, [expected], State.READY, due_at=due_at, attempts=0, **facts)
    _enter("cybertip.approved", tip, by, now, {"alone": by == tip.prepared_by})
    if due_at is not None:
        jobs.later("file_tip", once=f"tip:{tip.id}", queue="file", tip_id=str(tip.id))


# ------------------------------------------------------------------ back, again, away


def take_back(*, tip_id: UUID, by: UUID, now: datetime) -> Tip:
    """To be changed: a draft again. One that is open at the authority is retracted there.

    Raises `TipChanged`, also for one that may have been filed.
    """
    tip = Tip.objects.get(id=tip_id)
    _must_not_be_filed(tip)
    tip_ends.retract(tip, now=now)
    with transaction.atomic():
        cleared = {"approved_by": None, "approved_at": None, "due_at": None, "trouble": ""}
        tips.move(tip, CHANGEABLE, State.DRAFT, **cleared)
        _enter("cybertip.taken_back", tip, by, now, {})
    return tip


def try_again(*, tip_id: UUID, by: UUID, now: datetime) -> Tip:
    """What stalled, or waits for its next try, is taken up at once."""
    tip = Tip.objects.get(id=tip_id)
    where = tipline.environment(tip.authority, tip.platform_id)
    if where == BY_HAND:
        raise tips.TipChanged("There are no credentials to file with: take the package instead.")
    with transaction.atomic():
        facts = {"due_at": now, "attempts": 0, "leased_until": None}
        tips.move(tip, [State.STALLED, *tips.ON_THE_WAY], tip_ends.resumes_as(tip), **facts)
        jobs.later("file_tip", once=f"tip:{tip.id}", queue="file", tip_id=str(tip.id))
    logger.info("a tip is tried again", extra={"tip": str(tip.id), "by": str(by)})
    return tip


def withdraw(*, tip_id: UUID, by: UUID, now: datetime) -> Tip:
    """It is not told. One that is open at the authority is retracted there. Raises `TipChanged`."""
    tip = Tip.objects.get(id=tip_id)
    _must_not_be_filed(tip)
    tip_ends.retract(tip, now=now)
    with transaction.atomic():
        tips.move(tip, (*CHANGEABLE, State.OPEN), State.WITHDRAWN, due_at=None)
        _enter("cybertip.withdrawn", tip, by, now, {})
    return tip


def _must_not_be_filed(tip: Tip) -> None:
    if tip.state == State.FINISHING or tip.asking == "finish":
        raise tips.TipChanged(
            "The authority was asked to finish it and has not answered: it may be filed already. "
            "Try again until it answers; what is wrong is put right by a new tip."
        )


def _enter(event: str, tip: Tip, by: UUID, now: datetime, body: dict[str, object]) -> None:
    facts = {"tip": str(tip.id), "by": str(by), **body}
    ledger.enter(event, subject=f"case:{tip.case_id}", body=facts, at=now)
