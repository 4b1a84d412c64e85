"""The platform says that an item changed: views, a deletion, an edit.

1. Note what changed. 2. With other files, the item meets the cases again, as if it were new.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.flows.register_items import register_items
from heed.media import services as media
from heed.media.models import Item
from heed.media.services import FileIn, ItemIn, Registered


class NoSuchItem(Exception):
    """This platform has registered no item of that ref. Register it with `POST items` first."""


def change_item(
    *,
    platform_id: UUID,
    ref: str,
    views: int | None = None,
    deleted_at: datetime | None = None,
    text: str | None = None,
    files: tuple[FileIn, ...] | None = None,
    now: datetime,
) -> Registered:
    """Take a change in. Raises `NoSuchItem`. Repeating changes nothing.

    A deleted item stays known: its case goes on, and what was seen stays seen.
    """
    item = Item.objects.filter(platform_id=platform_id, ref=ref).first()
    if item is None:
        raise NoSuchItem(f"no item {ref!r} is registered")
    with transaction.atomic():
        media.change(item, views=views, deleted_at=deleted_at, text=text)
    if files is not None:
        row = ItemIn(ref=ref, url=item.url, kind=item.kind, files=files, is_there=False)
        return register_items(platform_id=platform_id, rows=[row], now=now)[0]
    return Registered(
        item_id=item.id, ref=ref, status="changed", visibility=item.desired, revision=item.revision
    )
