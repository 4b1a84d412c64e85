"""An item that a notice named first takes on the name that its platform gives it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from heed.cases.models import Case, Target
from heed.cases.services.restrictions import Changed
from heed.flows import jobs
from heed.flows.shared import states
from heed.media import services as media
from heed.media.models import Item, Platform
from heed.media.services import ItemIn, Registered


def adopt(platform: Platform, rows: Sequence[ItemIn], *, now: datetime) -> None:
    """Give items known only by address their ref, and tell their state again under it.

    In a transaction of its own: what follows would lock other items after the outbox.
    """
    if not Item.objects.filter(platform=platform, registered_by="notice").exists():
        return  # nearly always: a long list of addresses need not be sent
    by_url = {row.url: row.ref for row in rows}
    waiting = Item.objects.filter(platform=platform, registered_by="notice", url__in=by_url)
    media.lock(list(waiting.values_list("id", flat=True)))
    known = set(
        Item.objects.filter(platform=platform, ref__in=by_url.values()).values_list(
            "ref", flat=True
        )
    )
    for item in waiting.order_by("id"):  # read anew: what was changed while we waited counts
        ref = by_url[item.url]
        if ref not in known:
            known.add(ref)
            renamed = _renamed(item, ref)
            if renamed is not None:
                _tell_again(renamed, now)


def _renamed(item: Item, ref: str) -> Item | None:
    """None where another batch registers that name at this moment: `judge_again` joins the two."""
    try:
        with transaction.atomic():
            return media.rename(item, ref)
    except IntegrityError:
        return None


def judge_again(platform: Platform, done: Sequence[Registered], rows: Sequence[ItemIn]) -> None:
    """Notices of changed items, and of addresses that the platform has by a name of its own now.

    What was named and could not be read may have got its files.
    """
    changed = [one.item_id for one in done if one.status == "changed"]
    urls = [row.url for row in rows]
    ours = Q(item__registered_by="notice", item__platform=platform, item__url__in=urls)
    named = Target.objects.filter(ours | Q(item_id__in=changed))
    for notice_id in named.order_by("notice_id").values_list("notice_id", flat=True).distinct():
        jobs.later("protect", once=f"protect:{notice_id}", notice_id=str(notice_id))


def _tell_again(item: Item, now: datetime) -> None:
    restricting = Case.objects.filter(restrictions__item=item, restrictions__lifted_at=None)
    case = restricting.select_related("platform").order_by("opened_at").first()
    if case is None:
        return
    changed = Changed(
        item_id=item.id,
        item_ref=item.ref,
        was=item.desired,
        desired=item.desired,
        revision=item.revision,
    )
    states.tell(case, [changed], now=now)
