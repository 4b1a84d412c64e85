"""Registration and takedown at once, from several processes: no order of them leaves a copy up."""

import multiprocessing
import os
from collections import defaultdict
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from heed.cases.models import Case, Restriction, Target
from heed.flows.sweep_late_copies import sweep_late_copies
from heed.media.models import Item, ItemFile
from heed.rules.visibility import Visibility, strictest
from tests.flows import rivals
from tests.flows.stage import HOUR, NOON, Stage, do, picture, take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
RIVALS = 4
SECONDS = float(os.environ.get("HEED_TEST_RIVALS_SECONDS", "10"))
SEED = int(os.environ.get("HEED_TEST_RIVALS_SEED", "1"))


def test_no_interleaving_of_registration_and_takedown_leaves_a_copy_up(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEED_DATABASE_URL", database_url)
    town = Stage()
    town.staff("Rae"), town.staff("Sam")
    reports = _let_them(town)
    assert [wrong for report in reports for wrong in report.wrongs] == []
    _calm_down()
    gone, left = _should_be_gone(), _visible()
    assert gone, "nobody was told of anything"
    assert sorted(gone & left) == []
    assert _strays() == []
    worlds, deeds = reports[0].rounds * rivals.WORLDS, sum(report.deeds for report in reports)
    print(f"{worlds} worlds, {deeds} deeds in them, {len(gone)} items gone")


def _let_them(town: Stage) -> list[rivals.Report]:
    context = multiprocessing.get_context("spawn")
    together = rivals.Together(context.Barrier(RIVALS), context.Value("b", False))
    reports: Any = context.Queue()
    told = [(n, SEED, SECONDS, town.platform_id, together, reports) for n in range(RIVALS)]
    started = [context.Process(target=rivals.rival, args=one) for one in told]
    started.append(context.Process(target=rivals.worker, args=(together, reports)))
    for process in started:
        process.start()
    found = [reports.get(timeout=SECONDS + 120) for _ in started]
    for process in started:
        process.join(30)
    return sorted(found, key=lambda report: -report.rounds)


def _calm_down() -> None:
    """What the worker would still have done."""
    while job := take(NOON + HOUR):
        do(*job, NOON)
    sweep_late_copies(now=NOON)


def _should_be_gone() -> set[str]:
    """Named items, all that carries one of their files, and reshares of these at any depth.

    In worlds where nobody decides, and where the last decision was to remove.
    """
    files, items = defaultdict(set), defaultdict(set)
    for ref, file in ItemFile.objects.exclude(file=None).values_list("item__ref", "file_id"):
        files[ref].add(file)
        items[file].add(ref)
    children = defaultdict(set)
    for ref, of in Item.objects.exclude(reshare_of_ref="").values_list("ref", "reshare_of_ref"):
        children[of].add(ref)
    named = set(Target.objects.exclude(item=None).values_list("item__ref", flat=True))
    gone: set[str] = set()
    todo = named | {other for ref in named for file in files[ref] for other in items[file]}
    while todo:
        gone |= todo
        todo = {child for ref in todo for child in children[ref]} - gone
    return {ref for ref in gone if not _may_stand(ref)}


def _may_stand(ref: str) -> bool:
    world = ref.rpartition("-")[0]
    if not world or not rivals.decided(world):
        return False
    case = Case.objects.filter(file__sha256=picture(world).sha256).first()
    return case is not None and case.decided_level != Visibility.REMOVED


def _strays() -> list[str]:
    """Items that are not what their live restrictions ask for, and restrictions of what stands."""
    wrong = []
    asked: dict[UUID, list[Visibility]] = defaultdict(list)
    for one in Restriction.objects.filter(lifted_at=None).select_related("case"):
        asked[one.item_id].append(Visibility(one.level))
        if one.case.stood_at and one.case.level == Visibility.VISIBLE:
            wrong.append(f"{one.case} asks for {one.level} and was let stand")
    for item in Item.objects.all():
        if item.desired != strictest(asked[item.id]):
            wrong.append(f"{item.ref} is {item.desired}, asked are {asked[item.id]}")
    return wrong


def _visible() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ref FROM media_item WHERE desired = 'visible'")
        return {row[0] for row in cursor.fetchall()}
