"""Reading the rota: who is on duty, who is next, and which calls nobody has taken."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from heed.people.duty_models import Call, Coverage, Emergency, Ring, Shift, StepDone
from heed.people.models import Membership, Staff
from heed.people.queries import DECIDE, SPEAK, deciders, speakers

STEPS = (
    "Read the notice: who is in danger, where, and by when.",
    "Call the emergency services of that place. In the EU 112, in the USA 911, in the UK 999.",
    "Give them what the notice says and the case number. Do not wait for a decision.",
    "If a child is concerned, tell the child-protection contact below.",
    "Write to the notifier on their private page: what you did, and the helpline.",
    "Then decide the case, or hand it on.",
)
CONTACTS = (
    ("Emergency services", "112 (EU), 911 (USA), 999 (UK)", "a life is in danger now"),
    ("988 Suicide and Crisis Lifeline", "call or text 988 (USA)", "somebody may hurt themselves"),
    ("NCMEC CyberTipline", "+1 800 843 5678", "sexual exploitation of a child, USA"),
)


def on_duty(platform_id: UUID, *, now: datetime) -> list[Shift]:
    """The shifts that run now, in the order in which they are rung."""
    return on_duty_at({platform_id}, now=now)


def on_duty_at(platform_ids: Collection[UUID], *, now: datetime) -> list[Shift]:
    """The same for many platforms at once, one platform after the other.

    Whose role there has ended is on duty no more, whatever the rota says.
    """
    running = Shift.objects.filter(
        _may_still(), platform_id__in=platform_ids, begins_at__lte=now, ends_at__gt=now,
        cancelled_at=None,
    )  # fmt: skip
    in_turn = running.order_by("platform_id", "place", "begins_at", "id")
    return list(in_turn.select_related("staff"))


def coming(platform_id: UUID, *, now: datetime) -> QuerySet[Shift]:
    """The shifts that run or come, the nearest first; `counts`: that somebody would be rung."""
    found = Shift.objects.filter(platform_id=platform_id, ends_at__gt=now, cancelled_at=None)
    found = found.annotate(counts=_may_still())
    return found.select_related("staff").order_by("begins_at", "place")


def _may_still() -> Exists:
    """Of a shift: whether its person has a role there with which one is on duty."""
    held = Membership.objects.filter(
        staff=OuterRef("staff"), platform_id=OuterRef("platform_id"), ended_at=None,
        role__in={*DECIDE, *SPEAK}, staff__is_active=True,
    )  # fmt: skip
    return Exists(held)


def coverage(platform_id: UUID) -> list[Coverage]:
    """The declared hours, day by day."""
    return list(Coverage.objects.filter(platform_id=platform_id).order_by("weekday"))


def emergency(platform_id: UUID) -> Emergency:
    """The platform's protocol; Heed's own while nobody has written one."""
    kept = Emergency.objects.filter(platform_id=platform_id).first()
    if kept is not None:
        return kept
    return Emergency(
        platform_id=platform_id, steps=list(STEPS), contacts=[list(one) for one in CONTACTS]
    )


def may_be_on_duty(platform_id: UUID) -> set[UUID]:
    """Who can do something about a call: decide a case, or answer an officer."""
    return deciders(platform_id) | speakers(platform_id)


def for_cases(platform_id: UUID, shifts: Sequence[Shift]) -> tuple[list[Shift], list[Staff]]:
    """For a call about cases: who is on duty and may decide them; then the rest."""
    return _whom(deciders(platform_id), shifts)


def for_officers(platform_id: UUID, shifts: Sequence[Shift]) -> tuple[list[Shift], list[Staff]]:
    """For a call that an officer's request makes: who is on duty and may answer it; then the rest.

    Everybody with that right comes then, on the rota or not.
    """
    return _whom(speakers(platform_id), shifts)


def _whom(may: set[UUID], shifts: Sequence[Shift]) -> tuple[list[Shift], list[Staff]]:
    """Nobody of the right sort leaves it to everybody: whoever is on duty knows whom to wake."""
    first = [shift for shift in shifts if shift.staff_id in may]
    ids = (may | {shift.staff_id for shift in shifts}) - {shift.staff_id for shift in first}
    return first, list(Staff.objects.filter(id__in=ids).order_by("joined_at"))


def open_calls(platform_ids: Collection[UUID]) -> "QuerySet[Call]":
    """Calls that still ring or were taken and are not over, danger first."""
    found = Call.objects.filter(platform_id__in=platform_ids, ended_at=None)
    return found.order_by("kind", "due_at", "id")


def due_calls(*, now: datetime) -> list[Call]:
    """Calls whose next person is to be rung."""
    return list(Call.objects.filter(ended_at=None, next_at__lte=now).order_by("kind", "next_at"))


def call(call_id: UUID) -> Call | None:
    """One call."""
    return Call.objects.filter(id=call_id).first()


def calls_of(cause: str) -> list[Call]:
    """Those that this opened, one after the other was over; the oldest first."""
    return list(Call.objects.filter(cause__startswith=cause).order_by("opened_at", "cause"))


def danger_of(case_id: UUID) -> Call | None:
    """The newest call about danger in this case, while it is open."""
    found = Call.objects.filter(case_id=case_id, kind=Call.Kind.DANGER, ended_at=None)
    return found.order_by("-opened_at").first()


def danger_calls(notice_id: UUID, case_ids: Collection[UUID]) -> QuerySet[Call]:
    """Every call about danger in this notice, or in these cases."""
    about = Q(notice_id=notice_id) | Q(case_id__in=list(case_ids))
    return Call.objects.filter(about, kind=Call.Kind.DANGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What was done about one call."""

    tries: Sequence[Ring]
    done: dict[str, StepDone]


def rung(of: Call) -> Rung:
    """Every try to reach somebody, the newest first, and the steps that were done."""
    return Rung(
        tries=list(of.tries.order_by("-rung_at")[:100]),
        done={one.step: one for one in of.steps_done.all()},
    )


def unanswered(platform_ids: Collection[UUID]) -> int:
    """How many calls about danger nobody has taken."""
    found = Call.objects.filter(platform_id__in=platform_ids, ended_at=None)
    return found.filter(Q(kind=Call.Kind.DANGER), taken_by=None).count()
