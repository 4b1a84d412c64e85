"""Rows of desired states that are held locked, and written back together."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from heed import ids
from heed.outbox import sql
from heed.outbox.models import StateTelling


def locked(which: str, values: list[Any]) -> list[StateTelling]:
    """Always in order of item, so that no two writers wait for each other."""
    return list(StateTelling.objects.raw(sql.LOCKED.format(which=which), values))


def write(rows: Sequence[StateTelling]) -> None:
    """Write locked rows back in one statement: ten times as fast as the ORM's CASE ladder.

    Most rows of a batch end alike, so each ending is sent once, with the rows that have it.
    """
    if not rows:
        return
    ends: dict[tuple[Any, ...], int] = {}
    ended = [ends.setdefault(sql.written(row), len(ends) + 1) for row in rows]
    items = ids.array(row.item_id for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.WRITE_BACK, [items, ids.array(ended), *map(list, zip(*ends, strict=True))]
        )
