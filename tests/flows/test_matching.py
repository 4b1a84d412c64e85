"""tend_index, and the index behind every search: always the answers that the database gives."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection, transaction

from heed.cases.models import Copy
from heed.cases.queries.search import CLAIMED
from heed.flows.meet_cases import meet_cases
from heed.flows.tend_index import tend_index
from heed.hashing.index import merging
from heed.media import banks, feeds, matching
from heed.media.banks import SignalIn
from heed.media.feeds import BANKED, REGISTERED
from heed.media.matching import BankHit, meet_banks
from heed.media.models import Bank, BankSignal, File, Signal
from heed.media.queries import banked, near_files
from heed.web.platform_api.gate.following import EVERY_SECONDS
from tests.flows.stage import NOON, Stage, picture
from tests.people import gil

ONE = picture("one")
assert ONE.pdq is not None
LOOK = ONE.pdq


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A place of its own, and segments from ten signals on."""
    monkeypatch.setattr(settings, "HEED_VAR", tmp_path)
    monkeypatch.setattr(merging, "MERGE_FROM", 10)
    for feed in (BANKED, REGISTERED, CLAIMED):
        matching._shelf.forget(feed)
    matching._shelf.said.clear()
    yield
    for feed in (BANKED, REGISTERED, CLAIMED):
        matching._shelf.forget(feed)


def like(value: bytes, bits: int) -> bytes:
    places = random.Random(bits).sample(range(256), bits)
    return (int.from_bytes(value) ^ sum(1 << place for place in places)).to_bytes(32)


def bank(town: Stage, name: str = "bank", **policy: object) -> Bank:
    policy = {"action": "hold", **policy}
    return banks.make(name, town.platform_id, made_by="test", now=NOON, **policy)


def put(into: Bank, *values: bytes, type: str = "pdq") -> None:
    found = [SignalIn(type, value, 100 if type == "pdq" else None) for value in values]
    banks.add(into, found, source="test", now=NOON)


def segments() -> int:
    return len(list(matching.place(BANKED).glob("*.segment")))


# ------------------------------------------------------------------ banks


def test_every_banked_signal_within_its_banks_threshold_is_met_and_no_other(town: Stage) -> None:
    strict, wide = bank(town, "strict", threshold_bits=8), bank(town, "wide", threshold_bits=40)
    off = bank(town, "off", enabled=False)
    for one in (strict, wide, off):
        put(one, *(like(LOOK, bits) for bits in (0, 8, 9, 31, 40, 41)))
    found = meet_banks([bytes(32), LOOK], type="pdq", platform_id=town.platform_id)
    bits = {(hit.bank_id, hit.distance_bits) for hit in found}
    assert bits == {(strict.id, 0), (strict.id, 8)} | {(wide.id, n) for n in (0, 8, 9, 31, 40)}
    assert {hit.query for hit in found} == {1}
    assert len(meet_banks([LOOK], type="pdq", bank_ids=[wide.id], within_bits=9)) == 3
    assert not meet_banks([LOOK], type="pdq", bank_ids=[off.id])
    assert not meet_banks([], type="pdq")


def test_equal_signals_are_met_whole_and_by_their_type(town: Stage) -> None:
    one = bank(town)
    put(one, b"a" * 32, b"b" * 32, type="sha256")
    put(one, b"a" * 16, type="md5")
    put(one, b"a" * 20, type="sha1")
    assert meet_banks([b"a" * 8 + b"x" * 24], type="sha256") == []
    for type, size in (("sha256", 32), ("md5", 16), ("sha1", 20)):
        (hit,) = meet_banks([b"x" * size, b"a" * size], type=type)
        assert (hit.query, hit.distance_bits, hit.bank_id) == (1, 0, one.id)


def test_what_is_withdrawn_deleted_or_brought_back_is_so_in_the_index(town: Stage) -> None:
    one = bank(town)
    put(one, *(like(LOOK, bits) for bits in range(20)))
    tend_index(now=NOON)
    assert segments() == 0 or connection.in_atomic_block
    put(one, *(like(LOOK, bits) for bits in range(20, 25)))
    rows = BankSignal.objects.order_by("id")
    gone, deleted = rows[3], rows[22]
    BankSignal.objects.filter(id=gone.id).update(withdrawn_at=NOON)
    deleted.delete()
    met = {hit.distance_bits for hit in meet_banks([LOOK], type="pdq")}
    assert met == set(range(25)) - {3, 22}
    put(one, bytes(gone.value))
    assert 3 in {hit.distance_bits for hit in meet_banks([LOOK], type="pdq")}


@pytest.mark.django_db(transaction=True)
def test_segments_tombstones_and_roll_backs_never_lose_a_signal() -> None:
    town = Stage()
    one = bank(town)
    put(one, *(like(LOOK, bits) for bits in range(20)))
    assert tend_index(now=NOON) == 1
    assert segments() == 1
    first = BankSignal.objects.order_by("id")[0]
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        BankSignal.objects.filter(id=first.id).update(withdrawn_at=NOON)
        assert len(meet_banks([LOOK], type="pdq")) == 19
        _ = 1 / 0
    assert len(meet_banks([LOOK], type="pdq")) == 20
    BankSignal.objects.filter(id=first.id).update(withdrawn_at=NOON)
    Signal.objects.all().delete()
    matching.catch_up()
    book = matching.current(BANKED)
    assert book is not None and first.id not in book.near("pdq", matching.rows([LOOK]), 31).ref
    put(one, *(like(LOOK, bits) for bits in range(25, 36)))
    put(one, bytes(first.value))
    tend_index(now=NOON)
    tend_index(now=NOON)
    met = {hit.distance_bits for hit in meet_banks([LOOK], type="pdq", within_bits=40)}
    assert met == {*range(20), *range(25, 36)}
    assert matching.current(BANKED) is not None


@pytest.mark.django_db(transaction=True)
def test_what_was_banked_is_met_at_once_without_a_statement_when_it_is_a_miss() -> None:
    town = Stage()
    put(bank(town), LOOK)
    matching.catch_up(BANKED)
    for value, statements, hits in ((LOOK, 1, 1), (bytes(32), 0, 0)):
        with connection.execute_wrapper(counter := Counter()):
            found = meet_banks([value] * 3, type="pdq", up_to_date=False)
        assert (counter.statements, len(found)) == (statements, 3 * hits)


ANOTHER_MACHINE = """
import sys, time
import django
django.setup()
from heed.media import matching
from heed.web.platform_api.gate.following import Following

value, following = matching.rows([bytes.fromhex(sys.argv[1])]), Following()
following.once()
print("follows", len(following.book().near("pdq", value, 31).ref), flush=True)
following.start()
for wanted in (1, 0):
    while following.book() is None or len(following.book().near("pdq", value, 31).ref) != wanted:
        time.sleep(0.01)
    print("sees", wanted, flush=True)
"""


@pytest.mark.django_db(transaction=True)
def test_what_one_machine_banks_or_withdraws_another_knows_by_itself_within_a_second(
    tmp_path: Path,
) -> None:
    one = bank(Stage())
    facts = connection.settings_dict
    url = f"postgresql://{facts['USER']}:{quote(facts['PASSWORD'])}@/{facts['NAME']}"
    where = f"?host={quote(facts['HOST'], safe='')}" + f"&port={facts['PORT']}" * bool(
        facts["PORT"]
    )
    env = {
        **os.environ, "HEED_DATABASE_URL": url + where, "HEED_VAR": str(tmp_path / "elsewhere"),
        "DJANGO_SETTINGS_MODULE": "heed.settings", "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    other = subprocess.Popen(
        [sys.executable, "-c", ANOTHER_MACHINE, LOOK.hex()], env=env, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == "follows 0\n"
        put(one, LOOK)  # and nobody tells the other one
        began = time.monotonic()
        assert other.stdout.readline() == "sees 1\n"
        BankSignal.objects.update(withdrawn_at=NOON)
        assert other.stdout.readline() == "sees 0\n"
        assert time.monotonic() - began < 30  # on a busy machine; it looks 2.5 times a second
        assert other.wait(30) == 0
    finally:
        other.kill()
        other.stdout.close()
    assert EVERY_SECONDS < 1 and (tmp_path / "elsewhere" / "index" / "banked").is_dir()


class Counter:
    """Counts statements."""

    def __init__(self) -> None:
        self.statements = 0

    def __call__(self, execute: Callable[..., object], *args: object) -> object:
        self.statements += 1
        return execute(*args)


@pytest.mark.django_db(transaction=True)
def test_millions_are_taken_in_parts_by_the_worker_and_the_database_answers_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matching, "SOON", 50)
    monkeypatch.setattr(matching, "PART", 40)
    town = Stage()
    one = bank(town)
    put(one, *(like(LOOK, bits) for bits in range(41)))
    put(one, *(random.Random(n).randbytes(32) for n in range(60)))
    put(one, *(random.Random(n).randbytes(32) for n in range(30)), type="sha256")
    assert matching.current(BANKED) is None
    assert len(meet_banks([LOOK], type="pdq", within_bits=40)) == 41
    assert tend_index(now=NOON) >= 1
    assert matching.current(BANKED) is not None
    assert len(meet_banks([LOOK], type="pdq", within_bits=40)) == 41
    assert len(meet_banks([random.Random(5).randbytes(32)], type="sha256")) == 1


# ------------------------------------------------------------------ everything registered


def test_near_files_cases_and_banks_agree_with_the_database(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("post", ONE)
    for n, bits in enumerate((0, 12, 31, 32)):
        town.post(f"like{n}", picture(f"like{n}", like=ONE, bits=bits))
    town.hear(gil(town.url("post")))
    file = File.objects.get(sha256=ONE.sha256)
    answers = []
    for usable in (True, False):
        if not usable:
            monkeypatch.setattr(matching, "current", lambda feed: None)
        near = {one.distance_bits for one in near_files(file, within_bits=31)}
        met = {one.distance_bits for one in banked(town.platform, file)}
        late = town.post(f"late{usable}", picture(f"late{usable}", like=ONE, bits=20))
        how = {(copy.how, copy.distance_bits) for copy in Copy.objects.filter(item=late)}
        answers.append((near - {20}, met, how))
    assert answers[0] == answers[1] == ({0, 12, 31}, {0}, {("near", 20)})
    assert meet_cases(item_ids=[], now=NOON) == 0


# ------------------------------------------------------------------ when it can't be used


def test_a_directory_that_cannot_be_written_is_said_and_the_database_answers(
    town: Stage, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "index").write_text("in the way")
    put(bank(town), LOOK)
    for _ in range(2):
        assert len(meet_banks([LOOK], type="pdq")) == 1
    said = [one.getMessage() for one in caplog.records if "slower" in one.getMessage()]
    assert len(said) == 1 and str(tmp_path / "index") in said[0]
    assert tend_index(now=NOON) == 0


@pytest.mark.django_db(transaction=True)
def test_a_torn_index_is_named_and_built_again_from_the_database(
    caplog: pytest.LogCaptureFixture,
) -> None:
    town = Stage()
    put(bank(town), *(like(LOOK, bits) for bits in range(20)))
    tend_index(now=NOON)
    path = next(matching.place(BANKED).glob("*.segment"))
    path.write_bytes(path.read_bytes()[:-100])
    matching._shelf.forget(BANKED)
    assert len(meet_banks([LOOK], type="pdq")) == 20
    assert path.name in caplog.text and "built again" in caplog.text


def test_a_database_that_is_older_than_the_index_empties_it(
    town: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    put(bank(town), LOOK)
    book = matching.current(BANKED)
    assert book is not None
    book.state[book.state.WATERMARK] = 1 << 60
    assert len(meet_banks([LOOK], type="pdq")) == 1
    assert "older than the match index" in caplog.text
    assert [type(hit) for hit in meet_banks([LOOK], type="pdq")] == [BankHit]
    assert isinstance(town.platform_id, UUID)


def test_news_that_another_process_took_in_first_are_no_older_database(
    town: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(bank(town), LOOK)
    book, ask = matching.current(BANKED), feeds.news
    assert book is not None

    def overtaken(*asked: Any, **most: Any) -> feeds.News | None:
        found = ask(*asked, **most)
        assert found is not None
        book.state[book.state.WATERMARK] = found.watermark + 5
        return found

    monkeypatch.setattr(feeds, "news", overtaken)
    assert matching.current(BANKED) is book
    assert book.watermark > 5 and not caplog.text
