"""How one row, held locked by the caller, changes by what became of its delivery."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from heed.outbox import backoff
from heed.outbox.models import ERROR_NAME_LENGTH, StateTelling, Undelivered
from heed.ports import Result

NO_RESULT_YET = "no_result_yet"
PLATFORM_FAILED = "platform_failed"
FINAL = {Result.APPLIED, Result.NOT_FOUND, Result.UNSUPPORTED}
_ERROR_NAME = re.compile(rf"[a-z0-9_]{{1,{ERROR_NAME_LENGTH}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A platform's last word on one revision of one item. `newest`: no later one is queued."""

    item_id: UUID
    item_ref: str
    revision: int
    result: Result
    newest: bool


def release(row: Undelivered, lease_id: UUID) -> bool:
    """Give the row back if it is still ours."""
    if row.lease_id != lease_id:
        return False
    row.lease_id = row.leased_until = None
    return True


def acknowledge(
    row: StateTelling, revision: int, result: Result, *, now: datetime
) -> list[Acknowledged]:
    """Note a final word. It settles the row only if it is about the row's own revision."""
    known = row.acknowledged_revision or 0
    stands = revision == known and row.acknowledged_result in (result, Result.APPLIED)
    if revision > row.revision or revision < known or stands:
        return []
    row.acknowledged_revision, row.acknowledged_result = revision, result
    row.acknowledged_at = now
    newest = revision == row.revision
    if newest:
        row.told_at = row.told_at or now
        row.due_at = row.dead_at = None
        row.last_error = ""
    return [
        Acknowledged(
            item_id=row.item_id,
            item_ref=row.item_ref,
            revision=revision,
            result=result,
            newest=newest,
        )
    ]


def give_up(row: Undelivered, error: str, *, now: datetime) -> None:
    """Not tried again, until a person has it revived."""
    row.attempts += 1
    row.first_failed_at = row.first_failed_at or now
    row.last_error = error if _ERROR_NAME.fullmatch(error) else "unnamed_error"
    row.dead_at, row.due_at = now, None


def put_off(row: Undelivered, error: str, *, now: datetime, luck: float) -> None:
    """Try again later, or give up in sight."""
    row.attempts += 1
    row.first_failed_at = row.first_failed_at or now
    row.last_error = error if _ERROR_NAME.fullmatch(error) else "unnamed_error"
    if backoff.given_up(row.attempts, first_failed_at=row.first_failed_at, now=now):
        row.dead_at, row.due_at = now, None
        return
    pause = backoff.wait(row.attempts, luck=luck)
    row.due_at = now + (max(pause, backoff.UNCONFIRMED_WAIT) if error == NO_RESULT_YET else pause)
