"""A partner tells of many things at once.

1. Each row is a notice of its own, received as every other: kept first, then protected.
2. A row that says what this partner has said in the last day is answered with that notice's number.
3. A row that can't be taken is answered with what to mend, and harms no other row.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError

from heed.cases.queries import of_partners
from heed.flows.receive_notice import NothingNamed, NoticeIn, TargetState, receive_notice
from heed.flows.shared import sources
from heed.people import partners
from heed.people.partner_models import Partner

logger = logging.getLogger(__name__)
SAID_BEFORE_WITHIN = timedelta(days=1)
MOST_ROWS = 500  # in one request; a longer list comes in several


@dataclass(frozen=True, slots=True, kw_only=True)
class RowIn:
    """One row: the notice, the partner's own reference for it, and its words as they came."""

    notice: NoticeIn
    ref: str
    verbatim: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDone:
    """What became of a row. The secrets are given here once; `known` rows have none."""

    status: str  # taken | known | refused
    number: str = ""
    private_url: str = ""
    recovery_code: str = ""
    priority: bool = False
    targets: tuple[TargetState, ...] = ()
    remedy: str = ""


def receive_partner_notices(
    *, partner: Partner, rows: Sequence[RowIn], now: datetime
) -> list[RowDone]:
    """Take in up to `MOST_ROWS` rows, in their order. Repeating makes no second notice."""
    return [_row(partner, row, now) for row in rows[:MOST_ROWS]]


def _row(partner: Partner, row: RowIn, now: datetime) -> RowDone:
    notice = replace(row.notice, standing=partners.STANDING[partner.kind])
    alike = sources.alike_index_of(partner.platform_id, notice)
    before = of_partners.same_of(partner.id, alike, since=now - SAID_BEFORE_WITHIN)
    if before is not None:
        return RowDone(status="known", number=before.number)
    priority = partners.has_priority(partner, notice.category, now=now)
    try:
        received = receive_notice(
            platform_id=partner.platform_id,
            notice=notice,
            door="partner",
            verbatim=row.verbatim,
            source=f"partner:{partner.id}",
            verified_channel=priority,
            partner_id=partner.id,
            now=now,
        )
    except NothingNamed:
        return RowDone(status="refused", remedy="name a url, a hash, or say threatened_only")
    except DatabaseError:
        logger.exception("a partner's row was not taken", extra={"partner": str(partner.id)})
        return RowDone(status="refused", remedy="this row could not be kept now: send it again")
    return RowDone(
        status="taken",
        number=received.number,
        private_url=received.private_url,
        recovery_code=received.recovery_code,
        priority=priority,
        targets=received.targets,
    )
