"""The platform says what it has.

1. Items that a notice named before get the platform's own name.
2. Write the items down, with their files and what they reshare; ask the worker to read files that
   were named by address, and to look at new items once.
3. Find what was being written down meanwhile: parents, and items that a notice named; ask the
   worker to judge again what notices said of changed ones.
4. Meet the cases that are there already: a late copy of a hidden item is hidden too. Then the
   banks that may hide what is published, or ask for a person.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.flows import jobs
from heed.flows.failpoints import reached
from heed.flows.meet_banks import meet_banks
from heed.flows.meet_cases import meet_cases
from heed.flows.shared import adoption
from heed.media import orphans
from heed.media import services as media
from heed.media.models import Item, Platform
from heed.media.services import ItemIn, Registered, register


def register_items(*, platform_id: UUID, rows: Sequence[ItemIn], now: datetime) -> list[Registered]:
    """Register a batch of up to some thousands; repeating it changes nothing."""
    platform = Platform.objects.get(id=platform_id)
    with transaction.atomic():
        adoption.adopt(platform, rows, now=now)
    with transaction.atomic():
        media.lock_refs(platform_id, [row.ref for row in rows])
        done = register(platform, rows, now=now)
        if any(file.url for row in rows for file in row.files or ()):
            jobs.later("fetch_files", once="fetch_files")
        jobs.later("look_at_items", once="look_at_items", queue="look")
    reached("items-registered")
    news = [one.item_id for one in done if one.status != "known"]
    found = orphans.adopt([one.item_id for one in done])
    with transaction.atomic():
        adoption.judge_again(platform, done, rows)
    met = [meet(item_ids=[*news, *found], now=now) for meet in (meet_cases, meet_banks)]
    if not any(met):
        return done
    return _with_states(done)


def _with_states(done: Sequence[Registered]) -> list[Registered]:
    """The answer says what the items should be now, after the cases were met."""
    now_as = {
        item_id: (desired, revision)
        for item_id, desired, revision in Item.objects.filter(
            id__in=[one.item_id for one in done]
        ).values_list("id", "desired", "revision")
    }
    return [
        Registered(
            item_id=one.item_id,
            ref=one.ref,
            status=one.status,
            visibility=now_as[one.item_id][0],
            revision=now_as[one.item_id][1],
        )
        for one in done
    ]
