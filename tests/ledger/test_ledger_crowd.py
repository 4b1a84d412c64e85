"""Many processes at one log, one of them shot: nothing lost, no gap, no two in one place."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from heed.ledger import queries, services
from heed.ledger.audit import verify_log
from heed.ledger.models import Place

ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    db = connection.settings_dict
    who = f"{quote(db['USER'])}:{quote(db['PASSWORD'])}"
    url = f"postgresql://{who}@/{db['NAME']}?host={quote(db['HOST'], safe='')}&port={db['PORT']}"
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *sys.path]),
        "HEED_DATABASE_URL": url.removesuffix("&port="),
        "HEED_VAR": str(settings.HEED_VAR),
        "HEED_SIGNING_KEY_FILE": str(settings.HEED_SIGNING_KEY_FILE),
        "HEED_LOG_ORIGIN": settings.HEED_LOG_ORIGIN,
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
    }


@contextmanager
def crowd(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(Path(__file__).with_name("crowd.py")), *arguments]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as one:
        try:
            yield one
        finally:
            one.kill()


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_when_many_enter_and_a_sequencer_is_shot(now: datetime) -> None:
    with crowd("enter", "a", "40") as a, crowd("enter", "b", "40") as b, crowd("sequence") as shot:
        assert shot.stdout is not None
        shot.stdout.readline()
        shots = 0
        while a.poll() is None or b.poll() is None:
            services.sequence(now=now)
            if queries.size() > 20 and not shots:
                time.sleep(random.random() / 20)
                shot.kill()
                shots = shot.wait()
        told = [line for one in (a, b) if one.stdout for line in one.stdout.read().split()]
        assert (a.returncode, b.returncode, shots) == (0, 0, -9)
    services.sequence(now=now)
    places = list(Place.objects.order_by("index").values_list("index", "entry_id"))
    assert [index for index, _ in places] == list(range(len(places)))
    assert sorted(str(entry_id) for _, entry_id in places) == sorted(told)
    assert verify_log(queries.DatabaseLog()).findings == []


@pytest.mark.django_db(transaction=True)
def test_entries_of_one_story_keep_their_order(now: datetime) -> None:
    told = [services.enter("case.opened", subject=str(n), body={"n": n}, at=now) for n in range(30)]
    services.sequence(now=now)
    assert [queries.place_of(entry_id) for entry_id in told] == list(range(30))
