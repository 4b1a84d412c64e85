"""`heed bank`, `heed exchange` and `heed rollback`: what an operator types, and what is said."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from heed import cli
from heed.flows.manage_platforms import add_platform
from heed.instance import boot
from heed.instance.trouble import Trouble
from heed.media.models import Bank, Exchange, Platform
from heed.people.models import Role
from tests.people import staff

NOW = datetime.now(UTC)
VALUE = "0f" * 32


@pytest.fixture(autouse=True)
def here(db: None, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The test's own database is the instance's."""

    @contextmanager
    def booted(*_: object, **__: object) -> Iterator[None]:
        yield

    monkeypatch.setattr(boot, "booted", booted)
    add_platform(slug="town", name="Town", url_prefixes=["https://t.example"], now=NOW)
    return Platform.objects.get()


def heed(*words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(cli.app, list(words))
    if isinstance(done.exception, Trouble):
        assert status == 1, done.exception
        return done
    assert done.exit_code == status, (done.output, done.exception)
    return done


def test_a_bank_is_made_filled_tried_and_switched_on_from_the_command_line(tmp_path: Path) -> None:
    heed("bank", "add", "LIST", "--platform", "town", "--on-upload", "hold", "--category",
         "minor_sexual")  # fmt: skip
    rows = tmp_path / "list.csv"
    rows.write_text(f"type,value\npdq,{VALUE}\npdq,1\n")
    left = tmp_path / "left.json"
    done = heed("bank", "import", "LIST", str(rows), "--refused", str(left), status=1)
    assert "1 added, 0 known before, 1 refused" in done.output
    assert json.loads(left.read_text())[0]["row"] == 2
    refused = heed("bank", "enable", "LIST", status=1)
    assert "dry-run" in str(refused.exception)
    assert "nothing that is registered" in heed("bank", "dry-run", "LIST").output
    heed("bank", "enable", "LIST")
    assert Bank.objects.get().enabled
    assert "on   LIST (town)  1 signals  uploads: hold" in heed("bank", "list").output
    assert VALUE in heed("bank", "export", "LIST").output
    other = heed("bank", "export", "LIST", "--format", "xml", status=1)
    assert "csv or json" in str(other.exception)
    heed("bank", "set", "LIST", "--threshold", "99", status=1)
    heed("bank", "remove-signal", "LIST", VALUE)
    none = heed("bank", "remove-signal", "LIST", VALUE, status=1)
    assert "nothing was taken out" in str(none.exception)
    gone = heed("bank", "import", "LIST", str(tmp_path / "no.csv"), status=1)
    assert "No such file" in str(gone.exception)
    rows.write_bytes(b"type,value\n\xff")
    wrong = heed("bank", "import", "LIST", str(rows), status=1)
    assert "not UTF-8" in str(wrong.exception)
    heed("bank", "disable", "LIST")
    assert "there is no bank" in str(heed("bank", "enable", "OTHER", status=1).exception)


def test_a_rollback_from_the_command_line_needs_two_people(here: Platform, tmp_path: Path) -> None:
    heed("bank", "add", "LIST", "--platform", "town")
    rows = tmp_path / "list.csv"
    rows.write_text(f"type,value\npdq,{VALUE}\n")
    heed("bank", "import", "LIST", str(rows))
    for name in ("Rae", "Sam"):
        staff(name, here.id, Role.SENIOR, now=NOW)
    counted = heed("rollback", "--bank", "LIST", "--dry-run", "--json")
    assert json.loads(counted.output)["signals"] == 1
    heed("rollback", "--bank", "LIST", status=1)
    heed("rollback", status=1)
    rae, sam = "rae@heed.example", "sam@heed.example"
    made = json.loads(heed("rollback", "--bank", "LIST", "--by", rae, "--json").output)
    again = heed("rollback", "--confirm", made["proposed"], "--by", rae, status=1)
    assert "another senior reviewer" in str(again.exception)
    undone = heed("rollback", "--confirm", made["proposed"], "--by", sam, "--json")
    assert json.loads(undone.output)["items"] == 0


def test_an_exchange_is_added_asked_and_its_trouble_said(tmp_path: Path) -> None:
    assert "ncmec_hashes" in heed("exchange", "list").output
    assert "None was added yet" in heed("exchange", "status").output
    folder = tmp_path / "lists"
    folder.mkdir()
    heed("exchange", "add", "lists", "folder", "--set", f"path={folder}")
    (folder / "a.csv").write_text(f"type,value\npdq,{VALUE}\n")
    assert "1 came" in heed("exchange", "sync", "lists").output
    moved = folder.rename(tmp_path / "moved")
    heed("exchange", "set", "lists", "--set", f"path={folder}", status=1)
    heed("exchange", "set", "lists", "--set", f"path={moved}", "--feedback")
    assert Exchange.objects.get().said == {"path": str(moved), "feedback": True}
    other = heed("exchange", "set", "lists", "--set", "members=1", status=1)
    assert "another list" in str(other.exception)
    moved.rename(folder)
    heed("exchange", "set", "lists", "--set", f"path={folder}", "--no-feedback")
    assert Exchange.objects.get().said == {"path": str(folder)}
    (folder / "a.csv").write_text("type")
    assert "TROUBLE" in heed("exchange", "sync", "lists", status=1).output
    heed("exchange", "status", status=1)
    late = NOW - timedelta(hours=1)
    Exchange.objects.update(trouble="", due_at=late, started_at=None)
    assert "NOBODY ASKS IT" in heed("exchange", "status", status=1).output
    now = datetime.now(UTC)  # not as the file was read, long before its turn
    Exchange.objects.update(due_at=now + timedelta(hours=1), started_at=now)
    assert "on  (under way) lists" in heed("exchange", "status").output
    assert "at this moment" in str(heed("exchange", "sync", "lists", status=1).exception)
    assert "does not hear any more" in heed("exchange", "disable", "lists").output
    heed("exchange", "remove", "lists")
    assert Bank.objects.get().name == "lists"
    assert "no kind" in str(heed("exchange", "add", "x", "nothing", status=1).exception)
