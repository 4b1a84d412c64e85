"""Several deliverers, some of them killed, and a platform that misbehaves."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection

from heed.outbox import services
from heed.outbox.models import StateTelling
from heed.outbox.services import Telling
from tests.integrations.site import Visit, open_site, until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


class StandIn:
    """A platform that notes what it hears, and is slow, half-deaf, broken or curt by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.in_flight: Counter[str] = Counter()
        self.heard: dict[str, list[int]] = {}
        self.wrongs: list[str] = []
        self.calls = 0

    def hook(self, visit: Visit) -> None:
        states = json.loads(visit.body)["states"]
        with self.lock:
            self.calls += 1
            mood, pause = self.chance.random(), self.chance.random() / 30
            self.hear(states)
        visit.server.closing.wait(pause)
        with self.lock:
            self.in_flight.subtract(state["item"] for state in states)
        self.reply(visit, states, mood)

    def hear(self, states: list[dict[str, object]]) -> None:
        for state in states:
            item, revision = str(state["item"]), int(str(state["revision"]))
            self.in_flight[item] += 1
            if self.in_flight[item] > 1:
                self.wrongs.append(f"{item} twice in flight")
            if revision < max(self.heard.setdefault(item, []), default=0):
                self.wrongs.append(f"{item} went back to {revision}")
            self.heard[item].append(revision)

    def reply(self, visit: Visit, states: list[dict[str, object]], mood: float) -> None:
        if mood < 0.1:
            visit.close_connection = True  # heard, but the answer is lost
        elif mood < 0.2:
            visit.say(503)
        else:
            results = [
                {"item": s["item"], "revision": s["revision"], "result": self.word()}
                for s in states
            ]
            visit.say(200, json.dumps({"results": results}).encode())

    def word(self) -> str:
        with self.lock:
            return "failed" if self.chance.random() < 0.1 else "applied"


@contextmanager
def deliverer(platform: UUID, place: str) -> Iterator[subprocess.Popen[bytes]]:
    database = {
        key: connection.settings_dict[key]
        for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    }
    told = {"database": database, "place": place, "secret": SECRET, "platform": str(platform)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.outbox.deliverer", json.dumps(told)],
        stdin=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def telling(platform: UUID, item: UUID, revision: int) -> Telling:
    return Telling(
        item_id=item,
        platform_id=platform,
        item_ref=str(item),
        visibility="hidden",
        revision=revision,
        reason="none",
    )


def test_killed_and_rival_deliverers_lose_nothing_and_never_go_back() -> None:
    platform, items, stand_in = uuid4(), [uuid4() for _ in range(40)], StandIn(seed=1)
    chance, revision = random.Random(2), dict.fromkeys(items, 1)

    def change(some: list[UUID]) -> None:
        for item in some:
            revision[item] += 1
        rows = [telling(platform, item, revision[item]) for item in some]
        services.tell_states(rows, now=datetime.now(UTC))

    with open_site() as site:
        site.pages["/hook"] = stand_in.hook
        with (
            deliverer(platform, site.place) as first,
            deliverer(platform, site.place),
            deliverer(platform, site.place),
        ):
            change(items)
            assert until(lambda: stand_in.calls > 5, 90)
            begins, killed = time.monotonic(), False
            while (lasted := time.monotonic() - begins) < 1.5 or (not killed and lasted < 60):
                change(chance.sample(items, 5))
                time.sleep(0.02)
                if not killed and stand_in.in_flight.total() > 0:
                    first.kill()  # kill -9, mostly in the middle of a delivery
                    killed = True
            assert killed
            assert until(lambda: all_settled(platform), 90)
    assert stand_in.wrongs == []
    assert {item: stand_in.heard[str(item)][-1] for item in items} == revision


def all_settled(platform: UUID) -> bool:
    rows = StateTelling.objects.filter(platform_id=platform)
    return all(row.acknowledged_revision == row.revision for row in rows)


def test_a_deliverer_killed_before_the_answer_gives_its_states_back() -> None:
    platform, item = uuid4(), uuid4()
    calls: list[bytes] = []
    answer = threading.Event()

    def hook(visit: Visit) -> None:
        calls.append(visit.body)
        if len(calls) == 1:
            answer.wait(60)  # hold the first delivery open until its deliverer is dead
        state = json.loads(visit.body)["states"][0]
        result = {"item": state["item"], "revision": state["revision"], "result": "applied"}
        visit.say(200, json.dumps({"results": [result]}).encode())

    services.tell_states([telling(platform, item, 3)], now=datetime.now(UTC))
    with open_site() as site:
        site.pages["/hook"] = hook
        with deliverer(platform, site.place) as first:
            assert until(lambda: len(calls) == 1, 90)
            first.kill()
            first.wait()
        answer.set()
        assert not all_settled(platform)
        with deliverer(platform, site.place):
            assert until(lambda: all_settled(platform), 90)
    assert calls[0] == calls[1]
