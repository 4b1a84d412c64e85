"""Registration and takedown at once, from several processes: no order of them leaves a copy up."""

import multiprocessing
import os
from collections import defaultdict
from typing import Any

import pytest
from django.db import connection

from heed.cases.models import Target
from heed.flows.sweep_late_copies import sweep_late_copies
from heed.media.models import Item, ItemFile
from tests.flows import rivals
from tests.flows.stage import HOUR, NOON, Stage, do, take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
RIVALS = 4
SECONDS = float(os.environ.get("HEED_TEST_RIVALS_SECONDS", "25"))
SEED = int(os.environ.get("HEED_TEST_RIVALS_SEED", "1"))


def test_no_interleaving_of_registration_and_takedown_leaves_a_copy_up(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEED_DATABASE_URL", database_url)
    town = Stage()
    reports = _let_them(town)
    assert [wrong for report in reports for wrong in report.wrongs] == []
    _calm_down()
    named, left = _should_be_gone(), _visible()
    assert named, "nobody was told of anything"
    assert sorted(named & left) == []
    worlds = reports[0].rounds * rivals.WORLDS
    print(f"{worlds} worlds, {sum(r.deeds for r in reports)} calls, {len(named)} items gone")


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
    """Named items, all that carries one of their files, and reshares of these at any depth."""
    files, items = defaultdict(set), defaultdict(set)
    for ref, file in ItemFile.objects.values_list("item__ref", "file_id"):
        files[ref].add(file)
        items[file].add(ref)
    children = defaultdict(set)
    for ref, of in Item.objects.exclude(reshare_of_ref="").values_list("ref", "reshare_of_ref"):
        children[of].add(ref)
    named = set(Target.objects.exclude(item=None).values_list("item__ref", flat=True))
    gone: set[str] = set()
    todo = named | {other for ref in named for file in files[ref] if file for other in items[file]}
    while todo:
        gone |= todo
        todo = {child for ref in todo for child in children[ref]} - gone
    return gone


def _visible() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ref FROM media_item WHERE desired = 'visible'")
        return {row[0] for row in cursor.fetchall()}
