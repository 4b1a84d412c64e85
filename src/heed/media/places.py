"""Writing down what becomes of files at their places: fetched, read, read again, given up."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from heed.hashing import refusals
from heed.hashing.distance import GOOD_QUALITY
from heed.media.models import File, Item, ItemFile, Signal
from heed.media.services import transaction_id

_FORM = 32  # bytes; the first of a file's forms is the picture as it stands


def take_waiting(*, now: datetime, limit: int, lease: timedelta) -> list[ItemFile]:
    """Files to be fetched, in this worker's hands until the lease is over."""
    due = Q(retry_at=None) | Q(retry_at__lte=now)
    waiting = ItemFile.objects.filter(due, file=None, state=ItemFile.State.WAITING)
    with transaction.atomic():
        ids = list(waiting.select_for_update(skip_locked=True).values_list("id", flat=True)[:limit])
        ItemFile.objects.filter(id__in=ids).update(retry_at=now + lease, tries=F("tries") + 1)
    return list(ItemFile.objects.filter(id__in=ids).select_related("item__platform"))


def failed_here(**which: object) -> QuerySet[ItemFile]:
    """Places of files that we have, and could not look into for a reason of our own."""
    unread = Q(file__state=File.State.NOT_HASHABLE, file__reason__in=refusals.OURS)
    return ItemFile.objects.filter(unread, **which).exclude(url="")


def take_failed(place_id: UUID) -> ItemFile | None:
    """One of those, to be read again; None when it was read meanwhile, or another file is there."""
    if not failed_here(id=place_id).exists():
        return None
    ItemFile.objects.filter(id=place_id).update(tries=F("tries") + 1)
    return ItemFile.objects.select_related("item__platform").get(id=place_id)


def put_in_place(place: ItemFile, file: File) -> None:
    """The bytes at this place are known now; its item is to be compared again. So is whatever else
    carries a file that was there before, and was read only now.
    """
    ItemFile.objects.filter(id=place.id).update(
        file=file, state=ItemFile.State.KNOWN, reason="", retry_at=None
    )
    again = Q(id=place.item_id)
    if place.file_id is not None:
        again |= Q(id__in=ItemFile.objects.filter(file=file).values("item_id"))
    Item.objects.filter(again).update(committed=transaction_id())


def learn_what_shows(*, limit: int) -> list[UUID]:
    """Pictures that stop early, and were read before what can be seen of them was stored: it is
    now, and their items are to be compared again. Returns the files.
    """
    with transaction.atomic():
        files = list(_cut().select_for_update(skip_locked=True)[:limit])
        Signal.objects.bulk_create(
            Signal(file=one, type="pdq", value=bytes(one.forms)[:_FORM], quality=GOOD_QUALITY)
            for one in files
        )
        carry = ItemFile.objects.filter(file__in=files)
        Item.objects.filter(id__in=carry.values("item_id")).update(committed=transaction_id())
    return [one.id for one in files]


def more_to_learn() -> bool:
    """Whether there are such pictures still; another process may hold them."""
    return _cut().exists()


def _cut() -> QuerySet[File]:
    known = Signal.objects.filter(file=OuterRef("pk"), type="pdq")
    cut = File.objects.filter(~Exists(known), reason=refusals.Reason.TRUNCATED)
    return cut.exclude(forms=b"")


def retry_place(place: ItemFile, reason: str, *, retry_at: datetime) -> None:
    """It could not be read this time."""
    ItemFile.objects.filter(id=place.id).update(reason=reason[:80], retry_at=retry_at)


def give_up_place(place: ItemFile, reason: str) -> None:
    """It can't be read: a state of its own, in sight, never a silent pass."""
    ItemFile.objects.filter(id=place.id).update(
        state=ItemFile.State.FAILED, reason=reason[:80], retry_at=None
    )
