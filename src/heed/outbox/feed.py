"""The outbox as a feed, for a platform that fetches its events: nothing in it is ever passed over.

Events are ordered by the transaction that last touched their row, and only those are given that no
running transaction can still come before. So an event that commits late comes late, and one whose
delivery is tried or confirmed may come again, with the same id.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

_ROWS = """
WITH here AS MATERIALIZED (
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_running
), rows AS (
    SELECT heed.xid, 's' AS kind, s.item_id AS id, s.revision, 'states.desired' AS type,
           s.enqueued_at AS at, s.item_ref, s.visibility, s.reason, NULL::jsonb AS payload
    FROM outbox_statetelling s, LATERAL ({xid}) AS heed(xid) WHERE s.platform_id = %(platform)s
    UNION ALL
    SELECT heed.xid, 'l', s.id, 0, s.kind, s.enqueued_at, NULL, NULL, NULL, s.payload
    FROM outbox_letter s, LATERAL ({xid}) AS heed(xid) WHERE s.platform_id = %(platform)s
)
SELECT rows.* FROM rows, here
WHERE rows.xid < here.oldest_running AND (rows.xid, rows.kind, rows.id) > (
    CASE WHEN %(xid)s <= here.oldest_running THEN %(xid)s ELSE 0 END, %(kind)s, %(id)s)
ORDER BY rows.xid, rows.kind, rows.id LIMIT %(limit)s
""".format(
    # `xmin` has 32 bits; a row that we see is never from the future, so the rest follows.
    xid="""
    SELECT top.id - mod(top.id - s.xmin::text::bigint + (1::bigint << 62), 1::bigint << 32)
    FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS id) AS top
    """
)


_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a reader of the feed stands. One ahead of the database (restored) begins anew."""

    transaction: int = 0
    kind: str = ""
    id: UUID = _NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that the platform is told; `content` is what a callback would carry."""

    id: str
    position: Position
    at: datetime
    content: dict[str, Any]


def events(platform_id: UUID, *, after: Position, limit: int) -> list[Event]:
    """The next events after a position, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ROWS,
            {
                "platform": platform_id,
                "xid": after.transaction,
                "kind": after.kind,
                "id": after.id,
                "limit": limit,
            },
        )
        return [_event(row) for row in cursor.fetchall()]


def _event(row: tuple[Any, ...]) -> Event:
    xid, kind, id, revision, type, at, item_ref, visibility, reason, payload = row
    if kind == "s":
        state = {"item": item_ref, "visibility": visibility, "revision": revision, "reason": reason}
        content, name = {"type": type, "states": [state]}, f"{id}.{revision}"
    else:
        content, name = {"type": type, **json.loads(payload)}, str(id)
    return Event(
        id=name, position=Position(transaction=xid, kind=kind, id=id), at=at, content=content
    )
