"""Restrictions, and what each item should be because of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from heed.cases.models import Case
from heed.ids import array, mint
from heed.media.services import lock, next_revision
from heed.rules.visibility import Visibility

_ORDER = "ARRAY['visible','limited','hidden','removed']"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An item whose desired visibility changed, with its new revision."""

    item_id: UUID
    item_ref: str
    was: str
    desired: str
    revision: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What one case asks for one item, and the name of the reason.

    `kept`: it stays as it is at least, until a second person has agreed to let it be seen.
    """

    level: Visibility
    basis: str
    kept: bool = False


def restrict(
    case: Case, wishes: Mapping[UUID, Wish], *, now: datetime, lower: bool = False
) -> list[Changed]:
    """This case asks for these levels. Only a decision may `lower` what the case asked before.

    Repeating changes nothing. Must run in a transaction; items are locked in the order of ids.
    """
    wanted = {item: wish for item, wish in wishes.items() if wish.level > Visibility.VISIBLE}
    lock(list(wanted))
    _replace(case, wanted, now=now, lower=lower)
    return restate(list(wanted), now=now)


def lift(case: Case, item_ids: Sequence[UUID] | None, *, now: datetime) -> list[Changed]:
    """This case asks nothing more for these items (None: all of its items).

    What another case still asks for stays so.
    """
    wanted = None if item_ids is None else array(item_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id FROM cases_restriction WHERE case_id = %s AND lifted_at IS NULL"
            " AND (%s::uuid[] IS NULL OR item_id = ANY(%s::uuid[])) ORDER BY item_id",
            [case.id, wanted, wanted],
        )
        items = [row[0] for row in cursor.fetchall()]
        lock(items)
        cursor.execute(
            "UPDATE cases_restriction SET lifted_at = %s"
            " WHERE case_id = %s AND lifted_at IS NULL AND item_id = ANY(%s::uuid[])",
            [now, case.id, array(items)],
        )
    return restate(items, now=now)


def restate(item_ids: Sequence[UUID], *, now: datetime) -> list[Changed]:
    """Recompute what each item should be; a change bumps its revision.

    The caller holds the locks of the items: a second statement then sees every restriction that
    was committed before we got them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH wanted AS (
                SELECT i.id, i.desired AS was, coalesce(
                    (SELECT r.level FROM cases_restriction r
                     WHERE r.item_id = i.id AND r.lifted_at IS NULL
                     ORDER BY array_position({_ORDER}, r.level::text) DESC LIMIT 1),
                    'visible') AS desired
                FROM media_item i WHERE i.id = ANY(%s::uuid[])
            )
            UPDATE media_item i
            SET desired = w.desired, revision = {next_revision("i.revision")}, desired_at = %s,
                observed = '', observe_due_at = NULL, observe_tries = 0
            FROM wanted w WHERE i.id = w.id AND i.desired <> w.desired
            RETURNING i.id, i.ref, w.was, i.desired, i.revision
            """,
            [array(item_ids), now],
        )
        return [
            Changed(item_id=row[0], item_ref=row[1], was=row[2], desired=row[3], revision=row[4])
            for row in cursor.fetchall()
        ]


def _replace(case: Case, wishes: Mapping[UUID, Wish], *, now: datetime, lower: bool) -> None:
    """Lift this case's live restrictions that differ, then put the new ones in their place."""
    items, wanted = array(wishes), [wish.level.value for wish in wishes.values()]
    stricter = f"array_position({_ORDER}, w.level) > array_position({_ORDER}, r.level::text)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE cases_restriction r SET lifted_at = %s
            FROM unnest(%s::uuid[], %s::text[]) AS w(item_id, level)
            WHERE r.case_id = %s AND r.item_id = w.item_id AND r.lifted_at IS NULL
              AND r.level <> w.level AND (%s OR {stricter})
            """,
            [now, items, wanted, case.id, lower],
        )
        cursor.execute(
            """
            INSERT INTO cases_restriction (case_id, since_at, id, item_id, level, basis)
            SELECT %s, %s, new.*
            FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[]) AS new
            ON CONFLICT (item_id, case_id) WHERE lifted_at IS NULL DO NOTHING
            """,
            [
                case.id, now, array(mint() for _ in wishes), items, wanted,
                [wish.basis for wish in wishes.values()],
            ],
        )  # fmt: skip
