"""What became of a partner's notices."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from heed.cases.models import Notice
from heed.rules.partners import Record

_RECORDS = """
SELECT n.partner_id, count(*), count(*) FILTER (WHERE v.removed),
       count(*) FILTER (WHERE v.stands AND NOT v.removed)
FROM cases_notice n LEFT JOIN (
    SELECT j.notice_id, bool_or(d.ruling = 'remove') AS removed,
           bool_or(d.ruling = 'keep') AS stands
    FROM cases_notice n JOIN cases_join j ON j.notice_id = n.id AND j.undone_at IS NULL
    JOIN cases_decision d ON d.case_id = j.case_id AND d.state = 'final'
    WHERE n.partner_id = ANY(%(partners)s) AND n.received_at >= %(since)s GROUP BY j.notice_id
) v ON v.notice_id = n.id
WHERE n.partner_id = ANY(%(partners)s) AND n.received_at >= %(since)s GROUP BY n.partner_id
"""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def records(partner_ids: Collection[UUID], *, since: datetime | None = None) -> dict[UUID, Record]:
    """For each how many it gave, and how many of those people removed or let stand."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS, {"partners": list(partner_ids), "since": since or _EVER})
        found = {
            one: Record(given=given, removed=removed, stands=stands)
            for one, given, removed, stands in cursor.fetchall()
        }
    return {one: found.get(one, Record(given=0, removed=0, stands=0)) for one in partner_ids}


def record(partner_id: UUID, *, since: datetime | None = None) -> Record:
    """The same of one."""
    return records([partner_id], since=since)[partner_id]


def same_of(partner_id: UUID, alike: bytes, *, since: datetime) -> Notice | None:
    """The notice by which this partner has said exactly this before."""
    said = Notice.objects.filter(partner_id=partner_id, alike_index=alike, received_at__gte=since)
    return said.order_by("received_at").first()


def notice_of(partner_id: UUID, number: str) -> Notice | None:
    """The notice of this number, if this partner gave it."""
    return Notice.objects.filter(partner_id=partner_id, number=number).first()


def recent(partner_id: UUID, most: int = 50) -> list[Notice]:
    """Its latest notices, newest first."""
    return list(Notice.objects.filter(partner_id=partner_id).order_by("-received_at")[:most])
