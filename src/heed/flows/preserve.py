"""Evidence is kept from the first hide on, and the hide never waits for it.

1. Say what is to be kept: what stood around, the case's file, and near files that are hidden too.
2. Fetch each from its platform, seal it, put it into the vault; the ledger holds its hash.
3. What could not be kept is marked in sight, and tried again; what was damaged likewise. A removal
   that waited for this is told now.
4. Erase what lies in the vault without a key.
"""

import logging
from datetime import datetime
from functools import partial
from uuid import UUID

from heed.cases.models import Case, Copy
from heed.cases.queries import case_files, case_page
from heed.cases.services import deadlines
from heed.filings import queries, vault
from heed.filings.models import SealedObject
from heed.flows import wiring
from heed.flows.shared import evidence, states
from heed.flows.shared.one_by_one import each
from heed.media.models import File
from heed.ports import VaultTrouble
from heed.rules.clocks import Done
from heed.rules.visibility import Visibility

logger = logging.getLogger(__name__)
AT_ONCE = 5
ITEMS_KEPT = 2_000  # in one context; how many there are stands beside them
GONE = (Visibility.HIDDEN.value, Visibility.REMOVED.value)


def preserve(*, case_id: UUID, now: datetime) -> bool:
    """Keep a case's evidence. Repeating keeps what is missing. True when all of it is kept."""
    case = Case.objects.select_related("platform", "file", "item").get(id=case_id)
    each((_keep_context, _keep_files), lambda step: step(case, now), what="step")
    states.tell_waiting(settled=case_id, now=now)
    if not queries.awaited(case_id):
        deadlines.done(Done.EVIDENCE_KEPT, now=now, case_id=case_id)
    return not queries.not_kept(case_id)


def _keep_context(case: Case, now: datetime) -> None:
    evidence.keep_context(case, partial(_context, case), now=now)


def _keep_files(case: Case, now: datetime) -> None:
    def keep(file: File) -> None:
        evidence.keep_file(case, file, now=now)

    each(_files(case), keep, what="file")


def preserve_in_turn(*, now: datetime) -> bool:
    """The sweep: what was missed or damaged is tried again. True while there may be more."""
    due = queries.sealed_due(now=now, limit=AT_ONCE)
    for case_id in set(SealedObject.objects.filter(id__in=due).values_list("case_id", flat=True)):
        try:
            preserve(case_id=case_id, now=now)
        except Exception:  # the others are owed to other people
            logger.exception("a case was not preserved", extra={"case": str(case_id)})
            vault.put_off(case_id, now=now, until=now + evidence.LEASE)
    each((_tell_waiting, _give_up_uploads, _erase_destroyed), lambda step: step(now), what="step")
    return len(due) == AT_ONCE


def _tell_waiting(now: datetime) -> None:
    states.tell_waiting(now=now)


def _erase_destroyed(now: datetime) -> None:
    erase_destroyed(now=now)


def erase_destroyed(*, now: datetime) -> int:
    """Step 4, for keys that were destroyed; where a lock keeps the noise, it stays until then."""
    gone = 0
    for sealed in queries.destroyed_not_erased(limit=100):
        try:
            if wiring.vault().erase(sealed.name):
                vault.note_erased(sealed)
                gone += 1
        except VaultTrouble:
            logger.exception("not erased", extra={"sealed": str(sealed.id)})
    return gone


def _give_up_uploads(now: datetime) -> None:
    """An upload's bytes came once, with its request: nothing can be fetched again."""
    for sealed_id in queries.sealed_due(now=now, limit=AT_ONCE, uploads=True):
        vault.give_up(sealed_id)


def _files(case: Case) -> list[File]:
    shown = [one.file for one in case_files.files(case)]
    near = Copy.objects.filter(case=case, near_file__isnull=False, item__desired__in=GONE)
    ids = near.exclude(same=False).values("near_file_id")
    return shown + list(File.objects.filter(id__in=ids).exclude(id__in=[one.id for one in shown]))


def _context(case: Case) -> dict[str, object]:
    """What stood around: items and their words, and what people told us, as far as it is shown."""
    copies = Copy.objects.filter(case=case).select_related("item__account").order_by("found_at")
    return {
        "case": case.number,
        "round": case.round,
        "file_sha256": bytes(case.file.sha256).hex() if case.file else None,
        "copies": copies.count(),
        "items": [_item(copy) for copy in copies[:ITEMS_KEPT]],
        "notices": [
            {
                "number": told.notice.number,
                "received_at": told.notice.received_at.isoformat(),
                "said": vars(told.notice)["verbatim_shown"],
                "later": [vars(one)["said_shown"] for one in told.supplements],
            }
            for told in case_page.notices(case)
        ],
    }


def _item(copy: Copy) -> dict[str, object]:
    item = copy.item
    return {
        "ref": item.ref,
        "url": item.url,
        "found": copy.how,
        "account": item.account.ref if item.account else None,
        "text": item.text,
        "published_at": item.published_at.isoformat() if item.published_at else None,
        "registered_at": item.registered_at.isoformat(),
        "views": item.views,
        "visibility": item.desired,
        "reshare_of": item.reshare_of_ref or None,
    }
