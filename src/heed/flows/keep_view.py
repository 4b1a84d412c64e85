"""Somebody keeps what they ask the queue for, or forgets it.

1. Keep it under a name of their own; the same name again replaces it.
"""

from datetime import datetime
from uuid import UUID

from heed.people import views_kept


class TooManyViews(Exception):
    """Twenty views are kept. Forget one first."""


def keep_view(*, name: str, query: str, by: UUID, now: datetime) -> None:
    """Keep a view. Raises `TooManyViews`."""
    if not views_kept.keep(by, name, query, now=now):
        raise TooManyViews(f"You keep {views_kept.MOST} views already: forget one first.")


def forget_view(*, view_id: UUID, by: UUID, now: datetime) -> bool:
    """False when there is no such view of this person."""
    return views_kept.forget(by, view_id)
