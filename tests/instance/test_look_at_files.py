"""`heed hash`: one line for each file, and a status that never says fine of what could not be."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from examples.pictures import picture, video
from heed.hashing.signals import signals_of
from heed.instance.look_at_files import hash_files
from tests.hashing.patterns import drawn, encoded


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_each_file_has_its_line_in_the_order_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.mp4").write_bytes(video(3, seconds=2))
    (tmp_path / "seen.jpg").write_bytes(picture(1))
    (tmp_path / "words.txt").write_text("hello")
    status = hash_files([tmp_path], as_json=True, exact_value=True, jobs=2)
    film, seen, words = (json.loads(line) for line in _lines(capsys))
    expected = signals_of(picture(1), exact_value=True)
    assert status == 0
    assert (seen["sha256"], seen["pdq"]) == (expected.sha256.hex(), (expected.pdq or b"").hex())
    assert [frame["at_ms"] for frame in film["vpdq"]] == [0, 1000]
    assert (words["state"], words["reason"]) == ("not_hashable", "not_a_picture")


def test_no_directory_is_passed_over_in_silence_and_no_name_writes_lines_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, shut = tmp_path / "empty", tmp_path / "all" / "shut"
    empty.mkdir()
    shut.mkdir(parents=True)
    assert hash_files([empty], as_json=False, exact_value=False, jobs=1) == 2
    assert "no file in" in capsys.readouterr().err
    hostile = os.fsencode(tmp_path / "all" / "b") + b"\xff\nc.jpg: sha256 00"
    Path(os.fsdecode(hostile)).write_text("hello")
    os.mkfifo(tmp_path / "all" / "pipe")
    real = os.scandir

    def refusing(path: str) -> Any:
        if Path(path) == shut:  # root may read everything
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert hash_files([tmp_path / "all"], as_json=False, exact_value=False, jobs=1) == 2
    first, second = _lines(capsys)
    assert "b\\udcff\\nc.jpg: sha256 00: sha256" in first
    assert second.startswith(f"{shut}: COULD NOT BE READ")


def test_what_could_not_be_looked_at_is_said_and_is_a_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut, gone = tmp_path / "cut.png", tmp_path / "gone.png"
    cut.write_bytes(encoded(drawn(), "PNG")[:9000])
    status = hash_files([gone, cut], as_json=False, exact_value=False, jobs=1)
    first, second = _lines(capsys)
    assert status == 2
    assert first == f"{gone}: COULD NOT BE READ: No such file or directory"
    assert "sha256" in second and second.endswith("not_hashable: truncated")
