"""The statements that touch many rows at once."""

from operator import attrgetter

UPSERT = """
INSERT INTO outbox_statetelling AS old
    (enqueued_at, due_at, item_id, platform_id, item_ref, visibility, revision, reason,
     attempts, last_error, acknowledged_result)
SELECT %s, coalesce(new.due_at, %s), new.item_id, new.platform_id, new.item_ref,
    new.visibility, new.revision, new.reason, 0, '', ''
FROM unnest(%s::timestamptz[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bigint[],
    %s::text[]) AS new(due_at, item_id, platform_id, item_ref, visibility, revision, reason)
ORDER BY new.item_id
ON CONFLICT (item_id) DO UPDATE SET
    enqueued_at = excluded.enqueued_at, due_at = excluded.due_at,
    platform_id = excluded.platform_id, item_ref = excluded.item_ref,
    visibility = excluded.visibility, revision = excluded.revision, reason = excluded.reason,
    attempts = 0, first_failed_at = NULL, last_error = '', dead_at = NULL, told_at = NULL
WHERE excluded.revision > old.revision
"""

# Locked first and passing over rows that are just being changed; a row found changed when its lock
# is had is looked at again, so no row is claimed twice.
CLAIM = """
WITH free AS MATERIALIZED (
    SELECT item_id FROM outbox_statetelling
    WHERE platform_id = %s AND due_at <= %s AND (leased_until IS NULL OR leased_until <= %s)
    ORDER BY attempts, due_at, item_id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE outbox_statetelling AS row SET lease_id = %s, leased_until = %s
FROM free WHERE row.item_id = free.item_id
RETURNING row.item_id, row.item_ref, row.visibility, row.revision, row.reason
"""

# One array: to plan for a thousand values takes longer than to find their rows.
LOCKED = """
SELECT item_id, platform_id, item_ref, revision, due_at, lease_id, leased_until, attempts,
    first_failed_at, last_error, dead_at, told_at, acknowledged_revision, acknowledged_result,
    acknowledged_at
FROM outbox_statetelling WHERE {which} ORDER BY item_id FOR UPDATE
"""
ITEMS = "item_id = ANY(%s::uuid[])"
LEASED = "item_id = ANY(%s::uuid[]) AND lease_id = %s"
REFS = "platform_id = %s AND item_ref = ANY(%s)"

WRITTEN = {
    "due_at": "timestamptz",
    "lease_id": "uuid",
    "leased_until": "timestamptz",
    "attempts": "int",
    "first_failed_at": "timestamptz",
    "last_error": "text",
    "dead_at": "timestamptz",
    "told_at": "timestamptz",
    "acknowledged_revision": "bigint",
    "acknowledged_result": "text",
    "acknowledged_at": "timestamptz",
}
WRITE_BACK = f"""
UPDATE outbox_statetelling AS old SET {", ".join(f"{name} = new.{name}" for name in WRITTEN)}
FROM unnest(%s::uuid[], %s::int[]) AS mine(item_id, ended)
JOIN unnest({", ".join(f"%s::{kind}[]" for kind in WRITTEN.values())})
    WITH ORDINALITY AS new({", ".join(WRITTEN)}, ended) USING (ended)
WHERE old.item_id = mine.item_id
"""
written = attrgetter(*WRITTEN)
