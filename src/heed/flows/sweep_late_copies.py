"""Nothing stays up because two things happened at once.

1. Take all items committed since the last sweep, in the order of commits.
2. Let reshares find what they reshare, where both were registered at once.
3. Let them meet the cases and the banks; then move the watermark.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import QuerySet

from heed.flows import jobs
from heed.flows.meet_banks import meet_banks
from heed.flows.meet_cases import meet_cases
from heed.flows.shared.one_by_one import each
from heed.media import orphans
from heed.media import services as media
from heed.media.models import Item

NAME = "late-copies"
BATCH = 2_000
WAITS_FOR = timedelta(seconds=10)  # for a search that hides; each item has met the cases before


def sweep_late_copies(*, now: datetime) -> int:
    """Returns how many copies were found that registration and takedown had both missed.

    Transactions below the oldest one still running have ended, so a row can't appear behind the
    watermark later.
    """
    late, upto = _late()
    ids = list(late.values_list("id", flat=True))
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    # One that fails holds the mark, and is met again.
    found = each(batches, partial(_meet, now=now), what="items_from", by=lambda ids: ids[0])
    if ids:
        media.move_watermark(NAME, to=upto)
    return found


def _meet(batch: Sequence[UUID], *, now: datetime) -> int:
    items = [*batch, *orphans.adopt(batch)]
    return each((meet_cases, meet_banks), lambda meet: meet(item_ids=items, now=now), what="step")


def sweep_in_turn(*, now: datetime) -> int:
    """The same, unless copies are just being searched for and hidden: then in ten seconds."""
    late, _ = _late()
    if jobs.under_way("find_copies") and not (
        late.filter(registered_at__lt=now - WAITS_FOR).exists()
    ):
        return 0
    return sweep_late_copies(now=now)


def _late() -> tuple[QuerySet[Item], int]:
    mark, upto = media.watermark(NAME), media.oldest_running()
    if mark > upto:  # a copy in another database, which counts its transactions anew
        mark = 0
    late = Item.objects.filter(committed__gte=mark, committed__lt=upto)
    return late.order_by("committed", "id"), upto
