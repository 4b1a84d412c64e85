"""A trained person decides.

1. Record the decision, with policy, reasons and scope; a refusal on a body stays proposed.
2. When it is final: say what each copy should be, fill or empty the banks, start the clocks. What
   a removal would show again, on a body, stays as it is until a second person agrees.
3. Ask the worker to answer those who gave notice.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Decision
from heed.cases.queries import case_files, case_page, exemptions, policies
from heed.cases.services import decisions
from heed.filings import queries as filings
from heed.flows.failpoints import reached
from heed.flows.shared import states
from heed.flows.shared.carrying_out import carry_out
from heed.hashing.kinds import VIDEO
from heed.ledger import services as ledger
from heed.media import matching
from heed.media.feeds import BANKED
from heed.media.models import File
from heed.people import queries as people
from heed.rules.claims import Category
from heed.rules.decisions import Ruling, Scope, needs_second

IF_IT_STAYS = "It is to be shown again in some places, so do that first, or remove it everywhere"


class MayNotDecide(Exception):
    """This person may not decide this now; the message says why and what would help."""


class NotRead(MayNotDecide):
    """We were told something that this person has not read. Once told of it, they may go on."""


def decide(
    *,
    case_id: UUID,
    ruling: Ruling,
    scope: Scope,
    clause: str,
    reasons: str,
    facts: str = "",
    exempt: Sequence[UUID] = (),
    without_evidence: bool = False,
    heard_until: datetime | None = None,
    by: UUID,
    now: datetime,
) -> Decision:
    """Decide a case. A removal `without_evidence` is said aloud, never taken for granted.

    `heard_until`: the last that whoever decides has read of what we were told (`last_heard`).
    Raises `MayNotDecide`, `decisions.AlreadyDecided`, `policy.NoSuchClause`."""
    if not reasons.strip():
        raise MayNotDecide("Reasons are missing: the person who asked is told these words.")
    with transaction.atomic():
        case = states.lock(case_id)
        _must_be_free(case, by, now)
        must_have_read(case, heard_until)
        version = policies.version_at(case.platform_id, now)
        policies.clause(clause, version)
        final = not _waits_for_second(case, ruling)
        must_have_looked(case, [] if final else case_files.to_be_seen(case), by)
        _must_have_evidence(case, ruling, without_evidence)
        decision = decisions.record(
            case,
            ruling=ruling,
            scope=scope,
            clause=clause,
            policy_version=version,
            reasons=reasons.strip(),
            facts=facts.strip(),
            exempt=exempt,
            by=by,
            final=final,
            now=now,
        )
        case.refresh_from_db()
        if final:
            carry_out(case, decision, now=now)
            _must_have_looked_at_what_stays(case, decision, by)
        else:
            _enter_proposal(case, decision, now)
    matching.catch_up(BANKED)
    reached("decided")
    return decision


def _must_be_free(case: Case, by: UUID, now: datetime) -> None:
    """Two people never decide at once: who took it is let finish, and their time runs out."""
    others = case.taken_by is not None and case.taken_by != by
    if case.state != Case.State.OPEN or not others or case.taken_until is None:
        return
    if case.taken_until > now:
        assert case.taken_by is not None
        name = people.staff_named({case.taken_by}).get(case.taken_by, "Somebody else")
        raise MayNotDecide(
            f"{name} was first, and works on it until {case.taken_until:%H:%M} UTC. Nothing of "
            "yours was sent. Ask them to hand it on, or come back then."
        )


def must_have_read(case: Case, heard_until: datetime | None) -> None:
    """What came while somebody decided is read before it is decided. Raises `NotRead`."""
    last = case_page.last_heard(case) if heard_until is not None else None
    if heard_until is not None and last is not None and last > heard_until:
        raise NotRead(
            "We were told something new while you decided: it stands above, under “Notices” or "
            "“Appeals”. Read it, and then send again. Nothing was decided yet, and what you wrote "
            "is kept below."
        )


def _waits_for_second(case: Case, ruling: Ruling) -> bool:
    """A body is concerned by the case's gravest claim, whatever the later ones say."""
    return needs_second(Category(case.category), ruling)


def _must_have_looked_at_what_stays(case: Case, decision: Decision, by: UUID) -> None:
    for one in exemptions.waiting([case.id]).filter(decision=decision):
        must_have_looked(case, exemptions.to_be_seen(one), by, IF_IT_STAYS)


def must_have_looked(
    case: Case, files: Sequence[File], by: UUID, why: str = "Do that first, or hand the case on"
) -> None:
    """ "No violation" on a body is nothing to say of a file that one has not seen."""
    unseen = [one for one in files if not people.has_viewed(by, case.id, one.id)]
    if not unseen:
        return
    video = unseen[0].kind == VIDEO
    seen = "played all of this video" if video else "opened this file"
    raise MayNotDecide(
        f"You have not {seen} in full. {why}: "
        "nobody is told 'no violation' about something that was not looked at."
    )


def _must_have_evidence(case: Case, ruling: Ruling, without: bool) -> None:
    """A platform may destroy what is removed. It stays hidden while evidence can still be had."""
    lost = [] if without or ruling is Ruling.KEEP else filings.not_kept(case.id)
    if lost:
        raise MayNotDecide(
            f"Its evidence could not be kept ({lost[0].reason}). It stays hidden meanwhile. Have "
            "the platform give the file, or say below that it is removed without evidence."
        )


def _enter_proposal(case: Case, decision: Decision, now: datetime) -> None:
    ledger.enter(
        "decision.proposed",
        subject=f"case:{case.id}",
        body={"decision": str(decision.id), "ruling": decision.ruling, "clause": decision.clause},
        at=now,
    )
