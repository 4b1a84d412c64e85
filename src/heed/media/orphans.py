"""Reshares that were registered while what they reshare was being registered too."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

_ADOPT = """
WITH pairs AS MATERIALIZED (
    SELECT child.id, parent.id AS parent_id FROM media_item child JOIN media_item parent
      ON parent.platform_id = child.platform_id AND parent.ref = child.reshare_of_ref
    WHERE child.reshare_of_id IS NULL AND child.reshare_of_ref <> '' AND parent.id <> child.id
      AND {which}.id = ANY(%s)
    ORDER BY child.id FOR NO KEY UPDATE OF child
)
UPDATE media_item child
SET reshare_of_id = pairs.parent_id, committed = pg_current_xact_id()::text::bigint
FROM pairs WHERE child.id = pairs.id AND child.reshare_of_id IS NULL RETURNING child.id
"""


def adopt(item_ids: Sequence[UUID]) -> list[UUID]:
    """Among these items, reshares find their parents and parents their reshares.

    Two transactions that run at once see nothing of each other, so each calls this after it has
    committed: one of them then sees both. Call it outside a transaction: each of the two statements
    locks in the order of ids. Returns the reshares, also those of other batches.
    """
    found: list[UUID] = []  # two statements, for one with OR would walk the whole table
    with connection.cursor() as cursor:
        for which in ("child", "parent"):
            cursor.execute(_ADOPT.format(which=which), [list(item_ids)])
            found += [row[0] for row in cursor.fetchall()]
    return found
