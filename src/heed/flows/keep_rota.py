"""Who is on duty when, what is declared of it, and what is done in an emergency.

1. Put somebody on duty, once or week after week; or take a shift off again.
2. Declare the hours in which people are there.
3. Write the platform's protocol, its contacts, and the channel that its team reads.
4. Somebody names the telephone on which they are rung, besides by mail.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from heed.ledger import services as ledger
from heed.people import ringing, rota

LONGEST = timedelta(hours=24)  # nobody is on duty for longer than a day at a stretch
MOST_WEEKS = 26


class NotOnRota(Exception):
    """This shift can't be: the message says why."""


def add_shifts(
    *, platform_id: UUID, staff_id: UUID, place: int, begins_at: datetime, ends_at: datetime,
    weeks: int = 1, by: UUID, now: datetime,
) -> int:  # fmt: skip
    """Put somebody on duty, at the same hours of `weeks` weeks; returns how many are new.

    Raises `NotOnRota`, also where none is: a form that was sent twice rings nobody twice.
    """
    if staff_id not in rota.may_be_on_duty(platform_id):
        raise NotOnRota(
            "This person may neither decide cases here nor answer officers. Give them a role first."
        )
    if not begins_at < ends_at <= begins_at + LONGEST:
        raise NotOnRota("A shift ends after it begins, and within a day.")
    if ends_at <= now:
        raise NotOnRota("This shift is over already.")
    zone = ZoneInfo(rota.emergency(platform_id).zone)
    with transaction.atomic():
        added = sum(
            ringing.add_shift(
                platform_id=platform_id,
                staff_id=staff_id,
                place=place,
                begins_at=_weeks_on(begins_at, week, zone),
                ends_at=_weeks_on(ends_at, week, zone),
                by=by,
            )
            for week in range(min(weeks, MOST_WEEKS))
        )
        if not added:
            raise NotOnRota("They are on the rota then already.")
        _enter(platform_id, {"shifts": added, "by": str(by)}, now)
    return added


def _weeks_on(at: datetime, weeks: int, zone: ZoneInfo) -> datetime:
    """The same hour on the wall, whatever summer time does in between."""
    return (at.astimezone(zone) + timedelta(weeks=weeks)).astimezone(at.tzinfo)


def cancel_shift(*, platform_id: UUID, shift_id: UUID, by: UUID, now: datetime) -> bool:
    """Take a shift off the rota. False when it was off, or over, already."""
    with transaction.atomic():
        if not ringing.cancel_shift(shift_id, platform_id, now=now):
            return False
        _enter(platform_id, {"cancelled": str(shift_id), "by": str(by)}, now)
    return True


def declare_coverage(
    *, platform_id: UUID, hours: Mapping[int, tuple[int, int] | None], zone: str = "",
    by: UUID | None, now: datetime,
) -> None:  # fmt: skip
    """By weekday (0 is Monday) the minutes of the day between which people are there.

    `zone` is set when it is named; `by` nobody: by the command line.
    """
    with transaction.atomic():
        ringing.set_coverage(platform_id, dict(hours))
        if zone:
            ringing.set_zone(platform_id, zone)
        said = {str(day): span for day, span in hours.items() if span is not None}
        _enter(platform_id, {"coverage": said, "by": "command" if by is None else str(by)}, now)


def write_protocol(
    *, platform_id: UUID, steps: Sequence[str], contacts: Sequence[Sequence[str]], zone: str,
    team_url: str, team_secret: str, by: UUID, now: datetime,
) -> None:  # fmt: skip
    """Replace what people do in an emergency, whom they ring, and where the team is told."""
    with transaction.atomic():
        ringing.set_emergency(
            platform_id, steps=steps, contacts=contacts, zone=zone, team_url=team_url,
            team_secret=team_secret, by=by, now=now,
        )  # fmt: skip
        _enter(platform_id, {"protocol": len(steps), "by": str(by)}, now)


def name_telephone(*, staff_id: UUID, push_url: str, now: datetime) -> None:
    """One's own address for pushes; empty: none any more."""
    with transaction.atomic():
        ringing.set_push(staff_id, push_url)
        ledger.enter(
            "staff.changed", subject=f"staff:{staff_id}", body={"push": bool(push_url)}, at=now
        )


def _enter(platform_id: UUID, body: dict[str, object], now: datetime) -> None:
    ledger.enter("rota.changed", subject=f"platform:{platform_id}", body=body, at=now)
