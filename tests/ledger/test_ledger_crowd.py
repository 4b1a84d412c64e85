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

import psycopg
import pytest
from django.apps import apps
from django.conf import settings

from heed.ledger import queries, services
from heed.ledger.audit import verify_log
from heed.ledger.models import Place

ROOT = Path(__file__).parents[2]


@contextmanager
def crowd(database_url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "heed.settings",
        "HEED_DATABASE_URL": database_url,
        "HEED_VAR": str(settings.HEED_VAR),
        "HEED_SIGNING_KEY_FILE": str(settings.HEED_SIGNING_KEY_FILE),
        "HEED_LOG_ORIGIN": settings.HEED_LOG_ORIGIN,
    }
    command = [sys.executable, str(Path(__file__).with_name("crowd.py")), *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as one:
        try:
            yield one
        finally:
            one.kill()


@contextmanager
def sequencer(database_url: str) -> Iterator[subprocess.Popen[str]]:
    """One that is at work."""
    with crowd(database_url, "sequence") as one:
        assert one.stdout is not None
        assert one.stdout.readline()
        yield one


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_when_many_enter_and_a_sequencer_is_shot(
    app_database_url: str, now: datetime
) -> None:
    with (
        sequencer(app_database_url) as shot,
        crowd(app_database_url, "enter", "a", "25") as a,
        crowd(app_database_url, "enter", "b", "25") as b,
    ):
        shots = 0
        while a.poll() is None or b.poll() is None or not shots:
            services.sequence(now=now)
            if queries.size() > 10 and not shots:
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


@pytest.mark.django_db
def test_entries_of_one_story_keep_their_order(now: datetime) -> None:
    told = [services.enter("case.opened", subject=str(n), body={"n": n}, at=now) for n in range(30)]
    services.sequence(now=now)
    assert [queries.place_of(entry_id) for entry_id in told] == list(range(30))


@pytest.mark.django_db(transaction=True)
def test_the_application_can_not_change_or_remove_what_is_in_the_log(
    app_database_url: str, now: datetime
) -> None:
    services.enter("case.opened", subject="c", body={}, at=now)
    services.sequence(now=now)
    tables = [
        (model._meta.db_table, model._meta.concrete_fields[-1].column)
        for model in apps.get_app_config("ledger").get_models()
        if getattr(model, "append_only", False)
    ]
    assert len(tables) == 5
    with psycopg.connect(app_database_url, autocommit=True) as application:
        for table, column in tables:
            for change in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    application.execute(change.encode())
