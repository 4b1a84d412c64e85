"""The views of the queue that people keep for themselves."""

from datetime import datetime
from uuid import UUID

from heed.people.staff_models import SavedView

MOST = 20  # of one person


def of(staff_id: UUID) -> list[SavedView]:
    """Somebody's own, by name."""
    return list(SavedView.objects.filter(staff_id=staff_id).order_by("name")[:MOST])


def keep(staff_id: UUID, name: str, query: str, *, now: datetime) -> bool:
    """Keep a view, in place of one of the same name. False when there are too many."""
    mine = SavedView.objects.filter(staff_id=staff_id)
    if not mine.filter(name=name).exists() and mine.count() >= MOST:
        return False
    SavedView.objects.update_or_create(
        staff_id=staff_id, name=name, defaults={"query": query, "kept_at": now}
    )
    return True


def forget(staff_id: UUID, view_id: UUID) -> bool:
    """False when there is no such view of this person."""
    gone, _ = SavedView.objects.filter(staff_id=staff_id, id=view_id).delete()
    return bool(gone)
