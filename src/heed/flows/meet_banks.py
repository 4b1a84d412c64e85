"""What is registered meets a bank that may do something about it.

1. Find the banks that the files of these items meet; note it, open the file's case or take it up
   again, restrict the items as far as bank and rules allow, tell the platform.
2. The other way round: signals that came into a bank since the last sweep, in the order of
   commits, are compared with all that is registered; then the watermark moves.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from heed.flows.shared import matches
from heed.flows.shared.one_by_one import each
from heed.media import meeting
from heed.media import queries as media
from heed.media import services as writing
from heed.media.models import BankSignal, File, ItemFile, Platform
from heed.rules.banks import on_registered

NAME = "bank-signals"
BATCH = 2_000


def meet_banks(*, item_ids: Sequence[UUID], now: datetime) -> int:
    """Returns how many files met a bank. Their items must be committed before this is called."""
    places = ItemFile.objects.filter(item_id__in=item_ids, file__isnull=False)
    where = set(places.values_list("item__platform_id", "file_id"))
    if not where or not meeting.anything_touches({platform for platform, _ in where}):
        return 0
    return _meet(where, now)


def sweep_banks(*, now: datetime) -> int:
    """Returns how many registered files met signals that were put into a bank, or switched on."""
    mark, upto = writing.watermark(NAME), writing.oldest_running()
    if mark > upto:  # a copy in another database, which counts its transactions anew
        mark = 0
    new = BankSignal.objects.filter(committed__gte=mark, committed__lt=upto)
    ids = list(new.filter(meeting.touching()).order_by("id").values_list("id", flat=True))
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    # One that fails holds the mark, and is met again.
    found = each(batches, partial(_met_by, now=now), what="signals_from", by=lambda ids: ids[0])
    if new.exists():
        writing.move_watermark(NAME, to=upto)
    return found


def _met_by(signals: Sequence[Any], *, now: datetime) -> int:
    met = meeting.files_that_meet(signals)
    return _meet(meeting.places_of({one.file_id for one in met}, None), now)


def _meet(where: Iterable[tuple[UUID | None, UUID | None]], now: datetime) -> int:
    """Each file that a bank may know, in a transaction of its own."""
    wanted = list(where)
    named = list(File.objects.filter(id__in=[one for _, one in wanted if one]))
    files = {one.id: one for one in meeting.may_meet(named)}
    platforms = Platform.objects.in_bulk([one for one, file in wanted if one and file in files])
    known = [
        (platforms[platform], files[file])
        for platform, file in wanted
        if platform is not None and file is not None and file in files
    ]
    return each(
        known, lambda place: _meet_one(*place, now), what="file", by=lambda place: place[1].id
    )


@transaction.atomic
def _meet_one(platform: Platform, file: File, now: datetime) -> bool:
    met = [
        one
        for one in matches.standing(platform, file, media.banked(platform, file))
        if one.bank_case_id is None and one.case_id is None
        and (one.hides_registered or one.asks_person)
    ]  # fmt: skip
    action = on_registered(met)
    if action is not None:
        matches.take_in(platform, file, met, action, now)
    return action is not None
