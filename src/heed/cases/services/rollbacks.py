"""Writing down a rollback, and taking back what claims did to a case."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from heed.cases.models import Case, Join, Notice, Rollback
from heed.media.models import Match
from heed.rules.claims import Category, Claim, about_a_child
from heed.rules.order import gravest
from heed.rules.triage import Triage
from heed.rules.version import VERSION
from heed.rules.visibility import strictest


class AlreadyProposed(Exception):
    """The same rollback waits already. Confirm or refuse that one."""


def propose(
    *, what: str, which: str, says: str, why: str, found: dict[str, int], by: UUID, now: datetime
) -> Rollback:
    """Write a proposal down. Raises `AlreadyProposed`."""
    try:
        with transaction.atomic():
            return Rollback.objects.create(
                what=what, which=which, says=says, why=why, found=found, proposed_by=by,
                proposed_at=now,
            )  # fmt: skip
    except IntegrityError:
        raise AlreadyProposed(f"rolling back {says} waits already") from None


def answer(rollback: Rollback, *, agrees: bool, unseconded: bool, by: UUID, now: datetime) -> bool:
    """A second person's word. False when somebody was first."""
    state = Rollback.State.CONFIRMED if agrees else Rollback.State.REFUSED
    waiting = Rollback.objects.filter(id=rollback.id, state=Rollback.State.PROPOSED)
    done = waiting.update(state=state, confirmed_by=by, confirmed_at=now, unseconded=unseconded)
    rollback.refresh_from_db()
    return bool(done)


def end(rollback: Rollback, undid: dict[str, int], *, now: datetime) -> bool:
    """All was undone. False when it was said before."""
    open_ = Rollback.objects.filter(id=rollback.id, state=Rollback.State.CONFIRMED)
    return bool(open_.update(state=Rollback.State.DONE, undid=undid, done_at=now))


def forget(
    case: Case, notices: QuerySet[Notice], matches: QuerySet[Match], *, by: str, now: datetime
) -> None:
    """Its notices restrict nothing by themselves any more, its matches never were."""
    joined = Join.objects.filter(case=case, undone_at=None).values("notice_id")
    notices.filter(id__in=joined, rolled_back_at=None).update(rolled_back_at=now)
    matches.filter(case_id=case.id).update(word=Match.Word.UNDONE, said_by=by, said_at=now)


def judged_anew(case: Case) -> None:
    """The rules that run now have judged it."""
    Join.objects.filter(case=case).update(rules_version=VERSION)
    Match.objects.filter(case_id=case.id).update(rules_version=VERSION)


def weigh_anew(case: Case, judged: Sequence[tuple[Claim, Triage]]) -> None:
    """What the remaining claims add up to, be it less than before. With none, nothing is asked.

    Category and rung stay when nothing remains: they say what it was about.
    """
    facts: dict[str, object] = {
        "level": strictest(outcome.visibility for _, outcome in judged).value,
        "because": sorted({name for _, outcome in judged for name in outcome.because}),
    }
    if judged:
        facts |= {
            "category": gravest([Category(claim.category) for claim, _ in judged]).value,
            "rung": min(int(outcome.rung) for _, outcome in judged),
            "about_child": any(about_a_child(claim) for claim, _ in judged),
            "danger": any(claim.danger_now for claim, _ in judged),
        }
    Case.objects.filter(id=case.id).update(**facts)
    case.refresh_from_db()


def close(case: Case) -> None:
    """Nothing speaks for it any more, and nobody told us of it: it waits for no decision."""
    Case.objects.filter(id=case.id, state=Case.State.OPEN).update(state=Case.State.DECIDED)
    case.refresh_from_db()


def notices_of(case: Case) -> list[Notice]:
    """The notices that are joined to it."""
    return list(Notice.objects.filter(joins__case=case, joins__undone_at=None))
