"""Files that a platform named by address are read.

1. Take some that wait. 2. Fetch each and read it in the locked-down child.
3. Put it in its place; then the item meets cases and banks, and notices about it are judged again.
4. What could not be looked into for a reason of our own (no decoder was free, or none started) is
   known by its bytes alone: it is fetched and read again later.
5. What stops early, and was read before what it still shows was stored, has that stored, once for
   all; then it meets cases and banks (`sweep_late_copies`), and its own case looks for its copies.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from heed.cases.models import Case, Notice
from heed.flows import jobs, wiring
from heed.flows.failpoints import reached
from heed.flows.meet_banks import meet_banks
from heed.flows.meet_cases import meet_cases
from heed.flows.protect_target import protect
from heed.flows.shared import peers, states
from heed.flows.shared.one_by_one import each
from heed.hashing.refusals import Reason
from heed.media import places as writing
from heed.media import services as media
from heed.media.models import File, ItemFile
from heed.ports import NotFetched

logger = logging.getLogger(__name__)
BATCH = 5  # read one by one: a slow address holds up four others at most
MOST_BYTES = 200 * 1024 * 1024  # a larger file stays "failed", in sight, with its exact reason
WITHIN_SECONDS = 30.0
TRIES = 8
AGAIN_IN = timedelta(seconds=5)  # doubled with each try
SHOWN, SHOWN_AT_ONCE = "what-stops-early-shows", 500
NOT_BEGUN = frozenset({Reason.BUSY.value, Reason.DECODER_MISSING.value})
BEGUN_TRIES = 3  # what a decoder broke off costs as much each time, and may be the file's doing


def fetch_files(*, now: datetime) -> bool:
    """Read one batch of waiting files; True while there may be more."""
    places = writing.take_waiting(now=now, limit=BATCH, lease=timedelta(minutes=10))
    each(places, lambda place: _read(place, now), what="place")
    return bool(places)


def _read(place: ItemFile, now: datetime) -> None:
    platform = place.item.platform
    try:
        fetched = wiring.fetcher().fetch(
            place.url,
            max_bytes=MOST_BYTES,
            within_seconds=WITHIN_SECONDS,
            private_addresses_allowed=tuple(platform.private_addresses),
            bearer=peers.bearer_for(platform, place.url),  # it may be hidden before it was read
        )
    except NotFetched as why:
        _again(place, str(why) or "not fetched", now)
        return
    if fetched.status != 200 or not fetched.complete:
        _again(place, f"answered {fetched.status}" if fetched.complete else "too large", now)
        return
    if fetched.content_type.startswith("text/html"):
        if place.file_id is None:
            writing.give_up_place(place, "a page, not a file")
        return
    _keep(place, fetched.body, now)


def _keep(place: ItemFile, body: bytes, now: datetime) -> None:
    signals = wiring.decoder().signals(body, exact_value=True)  # these may be shared
    with transaction.atomic():
        file = media.keep_file(signals, platform=place.item.platform, now=now)
        writing.put_in_place(place, file)
        _read_later(place, file, now)
        for notice_id in _notices(place):
            jobs.later("protect", once=f"protect:{notice_id}", notice_id=str(notice_id))
    reached("file-read")
    meet_cases(item_ids=[place.item_id], now=now)
    meet_banks(item_ids=[place.item_id], now=now)
    for notice_id in _notices(place):  # also those that came while we read
        protect(notice_id=notice_id, now=now)


def _read_later(place: ItemFile, file: File, now: datetime) -> None:
    most = TRIES if file.reason in NOT_BEGUN else BEGUN_TRIES
    if place.tries < most and writing.failed_here(id=place.id).exists():
        jobs.later(
            "read_again",
            once=f"read:{place.id}",
            at=now + AGAIN_IN * 2**place.tries,
            queue="look",
            place_id=str(place.id),
        )


def read_again(*, place_id: UUID, now: datetime) -> bool:
    """Fetch and read once more what failed here. False when there is nothing to be read again."""
    place = writing.take_failed(place_id)
    if place is not None:
        _read(place, now)
    return place is not None


def ask_again(*, item_ids: Sequence[UUID], now: datetime) -> None:
    """What these items carry and could not be looked into for a reason of our own is read again."""
    for place in writing.failed_here(item_id__in=item_ids).select_related("file"):
        assert place.file is not None
        with transaction.atomic():
            _read_later(place, place.file, now)


def learn_what_shows(*, now: datetime) -> int:
    """Step 5, some at a time; returns how many. Once none is left, none is looked for any more."""
    if media.watermark(SHOWN):
        return 0
    with transaction.atomic():
        learnt = writing.learn_what_shows(limit=SHOWN_AT_ONCE)
        for case_id in Case.objects.filter(file__in=learnt).values_list("id", flat=True):
            states.search_on(case_id)
        if not learnt and not writing.more_to_learn():
            media.move_watermark(SHOWN, to=1)
    return len(learnt)


def _notices(place: ItemFile) -> QuerySet[Notice, UUID]:
    named = Notice.objects.filter(targets__item_id=place.item_id)
    return named.distinct().values_list("id", flat=True)


def _again(place: ItemFile, reason: str, now: datetime) -> None:
    """Could not is a state of its own: shown, and tried again."""
    logger.info("file not read", extra={"place": str(place.id), "reason": reason})
    if place.file is not None:
        _read_later(place, place.file, now)
    elif place.tries >= TRIES:
        writing.give_up_place(place, reason)
    else:
        writing.retry_place(place, reason, retry_at=now + AGAIN_IN * 2**place.tries)
