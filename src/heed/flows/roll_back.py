"""Everything automatic can be undone at once: what a bank, a key, a source or old rules caused.

1. Count what it would undo; or propose it, with these figures, in one person's name.
2. A second person confirms: the bank is switched off, the key taken back, the source's signals
   withdrawn, so that nothing new comes of it.
3. Case by case: forget the claims, judge by what remains, lift what nothing asks for any more, tell
   the platform, let uploads in that nothing holds.
4. Say that it is done, and what was undone. What people decided stays, with its ways to appeal.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from heed.cases.models import Case, Rollback
from heed.cases.queries import causes
from heed.cases.queries.causes import Caused
from heed.cases.services import deadlines, decisions
from heed.cases.services import rollbacks as writing
from heed.cases.services.rollbacks import AlreadyProposed as AlreadyProposed
from heed.flows import jobs
from heed.flows.failpoints import reached
from heed.flows.shared import claims, matches, states, uploads
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.media import banks, exchanges, meeting
from heed.media import keys as api_keys
from heed.media.models import BankSignal
from heed.people import queries as people
from heed.people.models import Role, Staff
from heed.rules.claims import Claim
from heed.rules.clocks import Done
from heed.rules.decisions import Agreement, may_second
from heed.rules.triage import Triage, triage
from heed.rules.visibility import strictest

MAY = (Role.SENIOR, Role.ADMINISTRATOR)


class MayNotRollBack(Exception):
    """This person can't propose or confirm it now; the message says why and what would help."""


class NothingToRollBack(Exception):
    """There is no such bank, key, source or version, or it caused nothing. See the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What is to be rolled back: its kind, its id, and what people call it."""

    what: str
    which: str
    says: str


# ------------------------------------------------------------------ 1 count, propose


def name_it(*, what: str, value: str, platform_slug: str = "") -> Named:
    """What somebody means by a bank's name, a key, a source or a version. Several platforms may
    have a bank of one name: `platform/name` says which.

    Raises `NothingToRollBack`. Of a key only its prefix is kept.
    """
    if what == Rollback.What.BANK:
        slug, slash, name = value.partition("/")
        called = [one for one in meeting.all_banks() if one["name"] == value]
        if slash and not called:
            return name_it(what=what, value=name, platform_slug=slug)
        found = [one for one in called if not platform_slug or one["platform"] == platform_slug]
        if len(found) != 1:
            hint = f"write platform/{value}" if found else "look at the list of banks"
            raise NothingToRollBack(f"{len(found)} banks are called {value!r}: {hint}")
        return Named(what=what, which=str(found[0]["id"]), says=value)
    if what == Rollback.What.KEY:
        prefix = value.removeprefix("heed_").partition("_")[0]
        if causes.key_of(prefix) is None:
            raise NothingToRollBack("there is no key with this prefix")
        return Named(what=what, which=prefix, says=f"key {prefix}")
    return Named(what=what, which=value, says=value)


def would_undo(*, named: Named, now: datetime) -> dict[str, int]:
    """What a rollback would undo now. Nothing is touched.

    Cases that wait for a person, items that would be less restricted, uploads that are held, and
    signals that would be withdrawn.
    """
    caused = causes.caused(named.what, named.which)
    less = [case.id for case in caused.cases() if _less(case, caused, now)]
    every = list(caused.cases().values_list("id", flat=True))
    return {
        "cases": len(every),
        "items": causes.live_restrictions(less),
        "uploads": causes.held_uploads(every),
        "signals": BankSignal.objects.filter(_signals(named), withdrawn_at=None).count(),
    }


def _less(case: Case, caused: Caused, now: datetime) -> bool:
    after = strictest(outcome.visibility for _, outcome in _judged(case, now, without=caused))
    return after < case.level


def _signals(named: Named) -> Q:
    if named.what == Rollback.What.BANK:
        return Q(bank_id=named.which)
    source = f"key:{named.which}" if named.what == Rollback.What.KEY else named.which
    return Q(source=source) if named.what != Rollback.What.RULES else Q(pk__in=[])


def propose(*, named: Named, why: str, by: UUID, now: datetime) -> Rollback:
    """Propose it. Raises `MayNotRollBack`, `AlreadyProposed`, `NothingToRollBack`."""
    must_be_theirs(by, named)
    found = would_undo(named=named, now=now)
    if not any(found.values()):
        raise NothingToRollBack(f"{named.says} has caused nothing that could be undone")
    with transaction.atomic():
        made = writing.propose(
            what=named.what, which=named.which, says=named.says, why=why.strip(), found=found,
            by=by, now=now,
        )  # fmt: skip
        ledger.enter(
            "rollback.proposed",
            subject=f"rollback:{made.id}",
            body={"what": made.what, "by": str(by), **found},
            at=now,
        )
    return made


def must_be_theirs(by: UUID, named: Named) -> None:
    """Somebody with the role for it wherever it reaches. Raises `MayNotRollBack`."""
    staff = Staff.objects.filter(id=by, is_active=True).first()
    caused = causes.caused(named.what, named.which)
    where = set(caused.cases().values_list("platform_id", flat=True))
    where |= causes.places(named.what, named.which)
    where = where or (set() if staff is None else people.platforms_of(staff))
    held = [set(MAY) & people.roles_of(staff, one) for one in where] if staff else []
    if not held or not all(held):
        raise MayNotRollBack(
            "A rollback is proposed and confirmed by senior reviewers or administrators of every "
            "platform that it reaches."
        )


# ------------------------------------------------------------------ 2 confirm


def confirm(*, rollback_id: UUID, agrees: bool, by: UUID, now: datetime) -> bool:
    """A second person's word. True when it is being undone. Raises `MayNotRollBack`."""
    rollback = Rollback.objects.get(id=rollback_id)
    named = Named(what=rollback.what, which=rollback.which, says=rollback.says)
    must_be_theirs(by, named)
    with transaction.atomic():
        alone = agrees and _alone(rollback, by, now)
        if not writing.answer(rollback, agrees=agrees, unseconded=alone, by=by, now=now):
            raise MayNotRollBack("Somebody has answered this proposal in the meantime.")
        if agrees:
            _stop(named, now)
            jobs.later("roll_back", once=f"rollback:{rollback.id}", rollback_id=str(rollback.id))
    return agrees


def _alone(rollback: Rollback, by: UUID, now: datetime) -> bool:
    others = people.with_roles(MAY)
    agreement = may_second(
        str(rollback.proposed_by),
        str(by),
        both_viewed=True,
        staffing=len(others),
        waited=now - rollback.proposed_at,
    )
    if agreement is Agreement.WAITING:
        raise MayNotRollBack(
            "You proposed this: another senior reviewer or administrator must confirm it. Where "
            "there is no other, you may confirm it after 24 hours, marked as unseconded."
        )
    return agreement is Agreement.UNSECONDED


def _stop(named: Named, now: datetime) -> None:
    """Nothing new comes of it."""
    if named.what == Rollback.What.BANK:
        bank = causes.bank_of(named.which)
        if bank is not None:
            banks.switch(bank, on=False)
        return
    if named.what == Rollback.What.KEY:
        api_keys.take_back(named.which, now=now)
    kind, _, name = named.which.partition(":")
    if named.what == Rollback.What.SOURCE and kind == "exchange":
        exchanges.switch_off(name)  # else the next page would bring all of it again
    banks.take_out(_signals(named), now=now)


# ------------------------------------------------------------------ 3 and 4 undo


def roll_back(*, rollback_id: UUID, now: datetime) -> dict[str, int]:
    """Undo a confirmed rollback, case by case; returns what was undone. Repeating goes on."""
    rollback = Rollback.objects.get(id=rollback_id)
    if rollback.state != Rollback.State.CONFIRMED:
        return dict(rollback.undid)
    caused = causes.caused(rollback.what, rollback.which)
    undid: Counter[str] = Counter({"cases": 0, "items": 0, "uploads": 0})

    def undo(case_id: UUID) -> None:
        undid.update(_undo(rollback, case_id, now))
        reached("rolled-back")

    each(list(caused.cases().values_list("id", flat=True)), undo, what="case")
    with transaction.atomic():
        caused.matches.update(word="undone", said_by=f"rollback:{rollback.id}", said_at=now)
        if writing.end(rollback, dict(undid), now=now):
            ledger.enter(
                "rollback.confirmed",
                subject=f"rollback:{rollback.id}",
                body={
                    "what": rollback.what, "by": str(rollback.confirmed_by),
                    "unseconded": rollback.unseconded, **undid,
                },
                at=now,
            )  # fmt: skip
    return dict(undid)


@transaction.atomic
def _undo(rollback: Rollback, case_id: UUID, now: datetime) -> dict[str, int]:
    case = states.lock(case_id)
    if case.state == Case.State.DECIDED:
        return {}  # a person was quicker
    caused = causes.caused(rollback.what, rollback.which)
    if case.state == Case.State.PROPOSED:
        decisions.set_aside(case)  # it rested on what is forgotten now
    if rollback.what != Rollback.What.RULES:
        by = f"rollback:{rollback.id}"
        writing.forget(case, caused.notices, caused.matches, by=by, now=now)
    judged = _judged(case, now)
    writing.weigh_anew(case, judged)
    writing.judged_anew(case)
    changed = states.apply(case, now=now, lower=True)
    let_in = _let_in(case, now)
    if not judged and not uploads.held(case.id):
        writing.close(case)
        deadlines.done(Done.PERSON_LOOKED, now=now, case_id=case.id)
    return {"cases": 1, "items": len(changed), "uploads": let_in}


def _judged(
    case: Case, now: datetime, *, without: Caused | None = None
) -> list[tuple[Claim, Triage]]:
    """Everything that speaks for the case, judged by the rules that run now."""
    notices, matched = writing.notices_of(case), causes.standing_matches(case)
    told = [claims.about_case(one, case, now=now) for one in notices]
    if without is not None:
        gone = set(without.notices.values_list("id", flat=True))
        told = [
            claims.rolled_back(claim) if one.id in gone else claim
            for one, claim in zip(notices, told, strict=True)
        ]
        undone = set(without.matches.values_list("id", flat=True))
        matched = [one for one in matched if one.id not in undone]
    if claim := matches.claim_of(case, matched):
        told.append(claim)
    return [(claim, triage(claim)) for claim in told]


def _let_in(case: Case, now: datetime) -> int:
    """Held uploads that no bank holds any more; with no claim the case's own bank goes first."""
    hidden = any(notice.rolled_back_at is None for notice in writing.notices_of(case))
    if not hidden:
        banks.close_provisional(case.id)
    return uploads.let_in(case, by="rollback", now=now)
