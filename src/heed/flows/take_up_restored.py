"""An instance was put back from a backup, and is brought to rest before anybody uses it.

1. Evidence that was destroyed after the backup is destroyed again.
2. Tips that were on their way, or nearly, wait for a person: they may have been filed since.
3. What platforms were told after the backup is unknown: what they are told next counts from above.
4. No device is told any more: which of them were ended after the backup is unknown.
5. Note it, in the ledger too: nothing is signed and nobody is told until the operator says so.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from heed.filings import forgotten, tips
from heed.filings.models import SealedObject, Tip
from heed.flows.shared import devices, evidence, tip_ends
from heed.ledger import outside, queries
from heed.ledger import services as ledger
from heed.media import services as media
from heed.outbox import services as outbox

AT_ONCE = 500
UNFILED = (Tip.State.DRAFT, Tip.State.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenUp:
    """What the operator has to know."""

    size: int  # entries in the log
    lost: int  # that are known to have been signed after the backup
    known: bool  # whether anything is known here of the time after the backup
    destroyed: int  # sealed copies, again
    tips: int  # that wait for a person now


def take_up_restored(*, backup_made_at: datetime, now: datetime) -> TakenUp:
    """Repeating it for the same backup does nothing twice but the note."""
    destroyed = _destroy_again(now)
    stopped = _stop_tips(backup_made_at, now)
    with transaction.atomic():
        outbox.give_up_releases("restored", now=now)
        media.raise_revisions(now=now)
    with transaction.atomic():
        devices.forget_everywhere(why="restored", now=now)
    size, lost = queries.published_size(), queries.lost_count()
    body = {"size": size, "lost": lost, "destroyed": destroyed, "tips": stopped}
    with transaction.atomic():
        ledger.note_restored(
            backup_made_at=backup_made_at, size=size, known_size=size + lost if lost else None,
            now=now,
        )  # fmt: skip
        ledger.enter("instance.restored", subject="instance", body=body, at=now)
    known = any(one.size > size for one in outside.newest().values())
    return TakenUp(size=size, lost=lost, known=known, destroyed=destroyed, tips=stopped)


def _destroy_again(now: datetime) -> int:
    ids, done = list(forgotten.known()), 0
    for start in range(0, len(ids), AT_ONCE):
        with transaction.atomic():
            rows = SealedObject.objects.filter(id__in=ids[start : start + AT_ONCE])
            live = list(rows.exclude(state=SealedObject.State.DESTROYED))
            done += evidence.destroy(live, why="destroyed before the restore", now=now)
    return done


def _stop_tips(backup_made_at: datetime, now: datetime) -> int:
    why = (
        f"Restored from the backup of {backup_made_at:%Y-%m-%d %H:%M} UTC. It may have been filed "
        "after that: ask the authority before it is filed again."
    )
    on_the_way = list(Tip.objects.filter(state__in=tips.ON_THE_WAY))
    for tip in on_the_way:
        tip_ends.stalled(tip, why, now=now)
    return len(on_the_way) + Tip.objects.filter(state__in=UNFILED).update(trouble=why)
