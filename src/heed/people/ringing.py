"""Writing the rota, and what becomes of a call. Each change names the state that it expects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from heed.people import rota
from heed.people.duty_models import Call, Coverage, Emergency, Ring, Shift, StepDone
from heed.people.models import Staff


def add_shift(
    *, platform_id: UUID, staff_id: UUID, place: int, begins_at: datetime, ends_at: datetime,
    by: UUID,
) -> bool:  # fmt: skip
    """One person's hours on duty. False when they are on the rota then, in that place, already."""
    same: dict[str, Any] = {
        "platform_id": platform_id, "staff_id": staff_id, "place": place,
        "begins_at": begins_at, "ends_at": ends_at,
    }  # fmt: skip
    if Shift.objects.filter(**same, cancelled_at=None).exists():
        return False
    Shift.objects.create(**same, made_by=by)
    return True


def cancel_shift(shift_id: UUID, platform_id: UUID, *, now: datetime) -> bool:
    """False when it was cancelled or over already."""
    found = Shift.objects.filter(id=shift_id, platform_id=platform_id, cancelled_at=None)
    return bool(found.filter(ends_at__gt=now).update(cancelled_at=now))


def set_coverage(platform_id: UUID, hours: dict[int, tuple[int, int] | None]) -> None:
    """The declared hours of each weekday, in minutes of the day; None: nobody is there."""
    for weekday, span in hours.items():
        rows = Coverage.objects.filter(platform_id=platform_id, weekday=weekday)
        if span is None:
            rows.delete()
        else:
            Coverage.objects.update_or_create(
                platform_id=platform_id,
                weekday=weekday,
                defaults={"from_minute": span[0], "until_minute": span[1]},
            )


def set_zone(platform_id: UUID, zone: str) -> None:
    """The time zone of rota and hours. The protocol stays as it is, or is Heed's own."""
    Emergency.objects.update_or_create(
        platform_id=platform_id,
        defaults={"zone": zone},
        create_defaults={
            "zone": zone, "steps": list(rota.STEPS), "contacts": [list(c) for c in rota.CONTACTS],
        },
    )  # fmt: skip


def set_push(staff_id: UUID, push_url: str) -> None:
    """Where somebody's telephone is rung."""
    Staff.objects.filter(id=staff_id).update(push_url=push_url)


def set_emergency(
    platform_id: UUID, *, steps: Sequence[str], contacts: Sequence[Sequence[str]], zone: str,
    team_url: str, team_secret: str, by: UUID, now: datetime,
) -> None:  # fmt: skip
    """The platform's own protocol, contacts and channel, in place of the last."""
    Emergency.objects.update_or_create(
        platform_id=platform_id,
        defaults={
            "steps": list(steps),
            "contacts": [list(one) for one in contacts],
            "zone": zone,
            "team_url": team_url,
            "team_secret": team_secret,
            "changed_at": now,
            "changed_by": by,
        },
    )


def open_call(
    *, platform_id: UUID, kind: str, cause: str, due_at: datetime, now: datetime,
    case_id: UUID | None = None, notice_id: UUID | None = None,
) -> Call | None:  # fmt: skip
    """A new call, to be rung at once; None when this cause has one, or one for all waits."""
    if Call.objects.filter(cause=cause).exists():
        return None
    try:
        with transaction.atomic():
            return Call.objects.create(
                platform_id=platform_id, kind=kind, cause=cause, case_id=case_id,
                notice_id=notice_id, opened_at=now, due_at=due_at, next_at=now,
            )  # fmt: skip
    except IntegrityError:
        return None


def lead_to(cause: str, case_id: UUID) -> bool:
    """The call of this cause had no case, and has this one now; False where it has one."""
    return bool(Call.objects.filter(cause=cause, case_id=None).update(case_id=case_id))


def begin_ring(call: Call, *, next_at: datetime) -> bool:
    """This worker rings now; False when another one was first."""
    mine = Call.objects.filter(id=call.id, rings=call.rings, ended_at=None)
    return bool(mine.update(rings=call.rings + 1, next_at=next_at, taken_by=None))


def note_ring(call: Call, *, staff_id: UUID | None, way: str, failed: str, now: datetime) -> None:
    """One try, as it went."""
    Ring.objects.create(call=call, staff_id=staff_id, way=way, failed=failed[:80], rung_at=now)


def ring_again(call: Call, *, at: datetime) -> None:
    """Nobody was reached: the next one sooner than planned."""
    Call.objects.filter(id=call.id, taken_by=call.taken_by, next_at__gt=at).update(next_at=at)


def take_call(call: Call, *, by: UUID, quiet_until: datetime, now: datetime) -> bool:
    """Somebody sees to it. False when it is over, or somebody else was first."""
    free = Call.objects.filter(id=call.id, ended_at=None, taken_by=call.taken_by)
    return bool(free.update(taken_by=by, taken_at=now, next_at=quiet_until))


def end_call(call: Call, *, now: datetime) -> bool:
    """Nothing waits any more for what it was about."""
    return bool(Call.objects.filter(id=call.id, ended_at=None).update(ended_at=now))


def step_done(call: Call, step: str, *, by: UUID, now: datetime) -> bool:
    """A step of the protocol was done; False when somebody had done it."""
    _, made = StepDone.objects.get_or_create(
        call=call, step=step, defaults={"staff_id": by, "done_at": now}
    )
    return made
