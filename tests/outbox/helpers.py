"""What the outbox tests share."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from heed.outbox.models import StateTelling
from heed.outbox.services import Telling
from heed.ports import Result, StateResult

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PLATFORM = UUID(int=1)


def telling(n: int, revision: int = 1, visibility: str = "hidden") -> Telling:
    """State of item number `n`."""
    return Telling(
        item_id=UUID(int=n),
        platform_id=PLATFORM,
        item_ref=f"item-{n}",
        visibility=visibility,
        revision=revision,
        reason="child-safety",
    )


def said(n: int, revision: int = 1, result: Result = Result.APPLIED) -> StateResult:
    """The platform's word on item number `n`."""
    return StateResult(item_ref=f"item-{n}", revision=revision, result=result)


def row(n: int) -> StateTelling:
    """The row of item number `n`."""
    return StateTelling.objects.get(item_id=UUID(int=n))


def numbers(tellings: Iterable[Telling]) -> list[tuple[int, int]]:
    """(item, revision) of each."""
    return sorted((telling.item_id.int, telling.revision) for telling in tellings)
