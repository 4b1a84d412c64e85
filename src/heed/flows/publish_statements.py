"""Statements of reasons go to the DSA Transparency Database, each once.

1. Ask after those whose answer never came: what is there is not sent again.
2. Send a batch. It goes in whole or not at all: what is named as wrong is set aside, in sight,
   what is there already is noted, and the rest is sent again.
3. Note what was taken in; meet the clocks; one entry in the ledger for the batch.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.services import deadlines
from heed.filings import publishing
from heed.filings.models import Publication
from heed.flows import wiring
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.rules.clocks import Done
from heed.rules.transparency import (
    MOST_AT_ONCE,
    DatabaseAway,
    DatabaseBusy,
    NotAuthorised,
    StatementsRefused,
)

logger = logging.getLogger(__name__)
AGAIN_IN = timedelta(minutes=2)
BUSY_FOR = timedelta(seconds=30)
LOCKED_FOR = timedelta(hours=1)


def publish_statements(*, now: datetime) -> bool:
    """One batch; True while there may be more. Repeating publishes none twice."""
    if not settings.HEED_DSA_URL:
        return False
    return bool(each((_ask_after_some, _send_some), lambda step: step(now), what="step"))


def _ask_after_some(now: datetime) -> None:
    _ask_after(publishing.take(now=now, limit=MOST_AT_ONCE, unsure=True), now)


def _send_some(now: datetime) -> bool:
    rows = publishing.take(now=now, limit=MOST_AT_ONCE, unsure=False)
    if rows:
        _send(rows, now)
    return len(rows) == MOST_AT_ONCE


def _ask_after(rows: Sequence[Publication], now: datetime) -> None:
    there: list[Publication] = []
    for at, row in enumerate(rows):
        try:
            if wiring.transparency().is_there(str(row.id)):
                there.append(row)
            else:
                publishing.put_off([row], "", until=now, unsure=False)
        except (DatabaseAway, DatabaseBusy, NotAuthorised) as why:
            publishing.put_off(rows[at:], str(why), until=now + AGAIN_IN, unsure=True)
            break
    _sent(there, {}, now)


def _send(rows: list[Publication], now: datetime) -> None:
    try:
        taken = wiring.transparency().publish([row.payload for row in rows])
    except StatementsRefused as refused:
        _set_aside(rows, refused, now)
    except DatabaseBusy as why:
        publishing.put_off(rows, str(why), until=now + BUSY_FOR, unsure=False)
    except NotAuthorised as why:
        logger.error("not authorised at the transparency database", extra={"why": str(why)})
        publishing.put_off(rows, str(why), until=now + LOCKED_FOR, unsure=False)
    except DatabaseAway as why:
        publishing.put_off(rows, str(why), until=now + AGAIN_IN, unsure=True)
    else:
        _sent(rows, {one.puid: one.ref for one in taken}, now)


def _set_aside(rows: list[Publication], refused: StatementsRefused, now: datetime) -> None:
    """Nothing of the batch was kept. Send the rest at once; a batch that names nobody waits."""
    wrong = {rows[n].id for n in refused.wrong if n < len(rows)}
    for n, why in refused.wrong.items():
        if n < len(rows):
            publishing.note_refused(rows[n], "; ".join(why))
    known = [row for row in rows if str(row.id) in refused.known]
    _sent(known, {}, now)
    rest = [row for row in rows if row.id not in wrong and row not in known]
    if len(rest) == len(rows):
        said = "refused, without saying which"
        publishing.put_off(rows, said, until=now + LOCKED_FOR, unsure=False)
    elif rest:
        _send(rest, now)


def _sent(rows: Sequence[Publication], refs: dict[str, str], now: datetime) -> None:
    if not rows:
        return
    with transaction.atomic():
        publishing.note_sent(rows, refs, now=now)
        for cause in publishing.finished(rows):
            deadlines.done(Done.STATEMENT_PUBLISHED, now=now, cause=cause)
        ledger.enter(
            "statement.published",
            subject="transparency-database",
            body={"statements": len(rows)},
            batch=[str(row.id) for row in rows],
            at=now,
        )


def try_again(*, platform_ids: Collection[UUID], words: str = "", by: UUID, now: datetime) -> int:
    """A person has what was refused of these platforms, for `words`, tried again; how many."""
    ids = list(publishing.refused(platform_ids, words).values_list("id", flat=True))
    logger.info("refused statements tried again", extra={"statements": len(ids), "by": str(by)})
    return publishing.try_again(ids, now=now)
