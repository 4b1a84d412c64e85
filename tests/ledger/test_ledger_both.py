"""A receipt and a log, held against each other: two versions of a log are found by two files."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from heed.ledger import outside, queries, receipts, services
from heed.ledger.export import export_log
from heed.ledger.verify_cli import CANNOT_TELL, GOOD, WRONG, verify_command
from tests.ledger.test_ledger_receipts import give

pytestmark = pytest.mark.django_db

Verify = Callable[[dict[str, Any], Path], tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """`heed verify RECEIPT --export FOLDER --key KEY`: its status, and what it says."""

    def run(receipt: dict[str, Any], folder: Path) -> tuple[int, str]:
        file = tmp_path / "receipt.json"
        file.write_text(json.dumps(receipt))
        status = verify_command(file, queries.vkeys()[0], log=False, export=folder)
        return status, capsys.readouterr().out

    return run


def grow(now: datetime, count: int, seconds: int) -> None:
    """So many entries more, sealed so much later."""
    for number in range(count):
        services.enter("case.opened", subject="case:1", body={"n": number}, at=now)
    services.sequence(now=now + timedelta(seconds=seconds))


def test_a_receipt_is_of_the_log_that_was_exported(
    now: datetime, tmp_path: Path, check: Verify
) -> None:
    promised = give(now)
    grow(now, 3, 2)
    proven = receipts.upgraded(promised)
    grow(now, 300, 5)
    export_log(tmp_path / "log")
    status, said = check(proven, tmp_path / "log")
    assert status == GOOD and "is the one that the receipt speaks of, up to 4 entries" in said
    status, said = check(promised, tmp_path / "log")
    assert status == GOOD and "the notice is entry 0 of this log" in said


def test_another_version_of_the_log_is_found_by_a_receipt_of_the_first(
    now: datetime, tmp_path: Path, check: Verify
) -> None:
    before = transaction.savepoint()
    promised = give(now)
    grow(now, 3, 2)
    proven = receipts.upgraded(promised)
    transaction.savepoint_rollback(before)
    shutil.rmtree(outside.directory())  # whoever shows two logs takes this away as well
    grow(now, 9, 60)
    export_log(tmp_path / "other")
    status, said = check(proven, tmp_path / "other")
    assert status == WRONG and "FALSE (LogDiffers)" in said and "two versions" in said
    status, said = check(promised, tmp_path / "other")
    assert status == WRONG and "FALSE (PromiseBroken)" in said and "12:01:00" in said


def test_a_copy_from_before_the_receipt_tells_nothing_and_calls_nothing_false(
    now: datetime, tmp_path: Path, check: Verify
) -> None:
    grow(now, 3, 1)
    export_log(tmp_path / "old")
    promised = give(now)
    services.sequence(now=now + timedelta(seconds=3))
    for receipt in (promised, receipts.upgraded(promised)):
        status, said = check(receipt, tmp_path / "old")
        assert status == CANNOT_TELL and "Get a newer copy" in said and "FALSE" not in said


def test_what_is_no_json_or_no_key_could_not_be_told(
    now: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    give(now)
    file = tmp_path / "receipt.json"
    for rubbish in (b"[" * 200_000, b"\xff\xfe\x00"):
        file.write_bytes(rubbish)
        assert verify_command(file, queries.vkeys()[0], log=False) == CANNOT_TELL
        assert "is not JSON as a site gives it" in capsys.readouterr().out
    file.write_text("{}")
    assert verify_command(file, "rubbish", log=False) == CANNOT_TELL
    assert "neither a key" in capsys.readouterr().out
