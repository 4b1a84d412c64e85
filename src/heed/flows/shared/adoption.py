"""An item that a notice named first takes on the name that its platform gives it."""

from collections.abc import Sequence
from datetime import datetime

from heed.cases.models import Case
from heed.cases.services.restrictions import Changed
from heed.flows.shared import states
from heed.media import services as media
from heed.media.models import Item, Platform
from heed.media.services import ItemIn


def adopt(platform: Platform, rows: Sequence[ItemIn], *, now: datetime) -> None:
    """Give items known only by address their ref, and tell their state again under it."""
    by_url = {row.url: row for row in rows}
    waiting = Item.objects.filter(
        platform=platform, registered_by="notice", url__in=by_url
    ).exclude(ref__in=[row.ref for row in rows])
    for item in waiting:
        ref = by_url[item.url].ref
        if Item.objects.filter(platform=platform, ref=ref).exists():
            continue
        renamed = media.rename(item, ref)
        _tell_again(renamed, now)


def _tell_again(item: Item, now: datetime) -> None:
    case = Case.objects.filter(restrictions__item=item, restrictions__lifted_at=None).first()
    if case is None:
        return
    changed = Changed(
        item_id=item.id,
        item_ref=item.ref,
        was=item.desired,
        desired=item.desired,
        revision=item.revision,
    )
    states.tell(states.lock(case.id), [changed], now=now)
