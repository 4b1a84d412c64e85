"""Taking copies out of one case and into another, with all that belongs to them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from heed.cases.models import Case, Copy, Deadline, Join, Notice, Split
from heed.cases.services import deadlines
from heed.rules.claims import Category
from heed.rules.order import gravest
from heed.rules.version import VERSION
from heed.rules.visibility import Visibility

_WEIGHT = ("category", "about_child", "danger", "crowd", "because")


def record(
    case: Case, into: Case, items: Sequence[UUID], *, why: str, by: UUID, now: datetime
) -> Split:
    """These copies are the other case's matter from now on."""
    split = Split.objects.create(case=case, into=into, why=why, made_by=by, made_at=now)
    moved = Copy.objects.filter(case=case, item_id__in=items, split=None)
    Copy.objects.bulk_create(
        [
            Copy(case=into, item_id=one.item_id, how=Copy.How.NAMED, found_at=one.found_at,
                 views_then=one.views_then)
            for one in moved
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    moved.update(split=split)
    return split


def weigh_as(into: Case, case: Case, level: Visibility) -> None:
    """The new case is as grave as the one that it comes from; never less than it was already."""
    row = Case.objects.select_for_update(no_key=True).get(id=into.id)
    row.category = gravest([Category(case.category), Category(row.category)]).value
    row.about_child = row.about_child or case.about_child
    row.danger = row.danger or case.danger
    row.crowd = case.crowd and (row.crowd or not row.because)
    row.because = sorted({*row.because, *case.because})
    row.rung = min(row.rung, case.rung)
    row.level = max(Visibility(row.level), level).value
    row.save(update_fields=[*_WEIGHT, "rung", "level"])
    into.refresh_from_db()


def share_notices(case: Case, into: Case, items: Sequence[UUID], *, now: datetime) -> int:
    """The notices that name one of these items belong to the new case too; if none does, all do.

    They stay joined to the old one as well: what they asked there is still to be answered.
    """
    told = Notice.objects.filter(joins__case=case, joins__undone_at=None)
    naming = told.filter(targets__item_id__in=items).distinct()
    rows = [
        Join(notice=one, case=into, joined_at=now, round=into.round, rules_version=VERSION)
        for one in naming or told.distinct()
    ]
    return len(Join.objects.bulk_create(rows, ignore_conflicts=True))


def copy_clocks(case: Case, into: Case, *, now: datetime) -> None:
    """What is still owed in the old case is owed in the new one, by the same times."""
    owed = Deadline.objects.filter(case=case, met_at=None)
    rows = [
        Deadline(
            case=into, cause=f"split:{one.id.hex}:{into.number}", citation=one.citation,
            clock=one.clock, stops=one.stops, kind=one.kind, status=one.status, set_at=one.set_at,
            due_at=one.due_at, held_at=one.held_at,
        )
        for one in owed
    ]  # fmt: skip
    Deadline.objects.bulk_create(rows, ignore_conflicts=True)
    deadlines.note_due(into.id)
