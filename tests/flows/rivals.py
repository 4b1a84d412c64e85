"""Processes that register and take down at the same time, each by chance of its own.

In each round every rival does a few things to the same few worlds of posts, started together. One
more process does the worker's jobs and sweeps all the while.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from traceback import extract_tb
from typing import Any
from uuid import UUID

WORLDS = 20  # in one round; nothing of one touches another
REFS = 5  # posts of one world; few, so that rivals meet at them


@dataclass
class Report:
    """What one process did (`deeds`: a thing done to one world), and what went wrong."""

    rounds: int = 0
    deeds: int = 0
    wrongs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Together:
    """What the rivals of one run share."""

    barrier: Any
    over: Any  # a shared flag: there is no other round

    def go_on(self, ends: float) -> bool:
        """Start the next round together; one says for all whether there is another."""
        if self.barrier.wait(120) == 0 and time.monotonic() > ends:
            self.over.value = True
        self.barrier.wait(120)
        return not self.over.value


def rival(
    number: int, seed: int, seconds: float, platform: UUID, together: Together, reports: Any
) -> None:
    """Take part until the time is over; all rivals play the same number of rounds."""
    _begin()
    report, chance = Report(), random.Random(f"{seed} {number}")
    together.barrier.wait(120)  # starting a process may take long
    ends = time.monotonic() + seconds
    while together.go_on(ends):
        for _ in range(chance.randint(1, 3)):
            world = partial(_deed, chance, platform, f"s{seed}r{report.rounds}")
            report.deeds += _try(report, world) or 0
        report.rounds += 1
    reports.put(report)


def worker(together: Together, reports: Any) -> None:
    """Do jobs as they come, and sweep in between, until the rivals are done."""
    _begin()
    from heed.flows.sweep_late_copies import sweep_late_copies
    from tests.flows.stage import HOUR, NOON, do, take

    report = Report()
    while not together.over.value:
        if job := take(NOON + HOUR):
            _try(report, partial(do, *job, NOON))
        else:
            _try(report, partial(sweep_late_copies, now=NOON))
            time.sleep(0.05)
    reports.put(report)


def _begin() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "heed.settings"
    django.setup()


def _try(report: Report, deed: Callable[[], Any]) -> Any:
    try:
        return deed()
    except Exception as error:
        where = [f"{one.name}:{one.lineno}" for one in extract_tb(error.__traceback__)
                 if "/heed/" in one.filename]  # fmt: skip
        report.wrongs.append(f"{type(error).__name__}: {error} {where}")


# ------------------------------------------------------------------ what they do


def _deed(chance: random.Random, platform: UUID, round_: str) -> int:
    """One call of Heed; in it, each of some worlds gets a thing of its own. Returns how many."""
    worlds = [f"{round_}w{n}" for n in range(WORLDS) if chance.random() < 0.7]
    deeds = [_register, _register, _register, _reshare, _reshare, _reshare, _edit, _hear, _hear]
    chance.choice([*deeds, _decide])(chance, platform, worlds)
    return len(worlds)


def _ref(chance: random.Random, world: str) -> str:
    return f"{world}-{chance.randrange(REFS)}"


def _rows(platform: UUID, rows: list[Any]) -> None:
    from heed.flows.register_items import register_items
    from tests.flows.stage import NOON

    register_items(platform_id=platform, rows=rows, now=NOON)


def _row(ref: str, **more: Any) -> Any:
    from heed.media.services import ItemIn
    from tests.flows.stage import TOWN

    return ItemIn(ref=ref, url=f"{TOWN}/{ref}", **more)


def _register(chance: random.Random, platform: UUID, worlds: list[str]) -> None:
    from tests.flows.stage import picture

    named = {_ref(chance, world): world for world in worlds for _ in range(chance.randint(1, 3))}
    _rows(platform, [_row(ref, files=(picture(world),)) for ref, world in named.items()])


def _reshare(chance: random.Random, platform: UUID, worlds: list[str]) -> None:
    """Reshares at up to three depths, said in any order; the parent may not be known yet."""
    said = [(world, n) for world in worlds for n in chance.sample(range(9), chance.randint(1, 3))]
    chance.shuffle(said)
    _rows(platform, [_reshared(world, n) for world, n in said])


def _reshared(world: str, n: int) -> Any:
    parent = f"{world}-x{n - 3}" if n >= 3 else f"{world}-{n}"
    return _row(f"{world}-x{n}", kind="reshare", reshare_of=parent)


def _edit(chance: random.Random, platform: UUID, worlds: list[str]) -> None:
    """A post gets the picture after it was registered without."""
    from heed.flows.change_item import change_item
    from tests.flows.stage import NOON, picture

    _rows(platform, [_row(f"{world}-e") for world in worlds])
    for world in worlds[:2]:
        change_item(platform_id=platform, ref=f"{world}-e", files=(picture(world),), now=NOON)


def _hear(chance: random.Random, platform: UUID, worlds: list[str]) -> None:
    from heed.flows.receive_notice import receive_notice
    from tests.flows.stage import NOON, TOWN
    from tests.people import gil

    urls = [f"{TOWN}/{_ref(chance, world)}" for world in worlds[:3]]
    if urls:
        receive_notice(platform_id=platform, notice=gil(*urls), door="api", verbatim={}, now=NOON)


def decided(world: str) -> bool:
    """Every other world is one where people decide as well."""
    return int(world.rpartition("w")[2]) % 2 == 1


def _decide(chance: random.Random, platform: UUID, worlds: list[str]) -> None:
    """Remove, or let stand by two people; who comes second to a case is told so."""
    from heed.cases.models import Case
    from tests.flows.stage import picture

    files = [picture(world).sha256 for world in worlds if decided(world)]
    for case in Case.objects.filter(file__sha256__in=files[:3], platform_id=platform):
        _judge(case.id, remove=chance.random() < 0.5)


def _judge(case_id: UUID, *, remove: bool) -> None:
    from heed.cases.services.cases import CaseChanged
    from heed.cases.services.decisions import AlreadyDecided
    from heed.flows.decide_case import decide
    from heed.flows.second_decision import second
    from heed.people.models import Staff
    from heed.people.services import note_viewing
    from heed.rules.decisions import Ruling, Scope
    from tests.flows.stage import CHILD_CLAUSE, NOON

    rae, sam = Staff.objects.order_by("email").values_list("id", flat=True)
    for person in (rae, sam):
        note_viewing(staff_id=person, file_id=case_id, case_id=case_id, variant="full", now=NOON)
    try:
        made = decide(
            case_id=case_id, ruling=Ruling.REMOVE if remove else Ruling.KEEP, scope=Scope.FILE,
            clause=CHILD_CLAUSE, reasons="Seen.", by=rae, now=NOON,
        )  # fmt: skip
        if not remove:
            second(decision_id=made.id, agrees=True, by=sam, now=NOON)
    except (AlreadyDecided, CaseChanged):
        return
