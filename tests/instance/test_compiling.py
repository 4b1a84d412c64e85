"""What was compiled for one version of the index is never taken for another."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from heed.instance import compiling
from heed.instance.boot import environment
from heed.instance.place import ROOT, Place

LONG_AGO = compiling.UNUSED_FOR.total_seconds() + 60
HOLDS = """
import sys
from pathlib import Path
from heed.instance.compiling import in_use
with in_use(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def kept(var: Path) -> Path:
    return Path(environment(Place(var), database_url="postgresql:///none")["NUMBA_CACHE_DIR"])


@pytest.mark.parametrize("named", ["", "elsewhere"])
def test_each_version_has_a_directory_of_its_own_wherever_that_is(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var, directory = tmp_path / "var", tmp_path / (named or "var/compiled")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(directory) if named else "")
    now = kept(var)
    assert now.parent == directory
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(now))  # as a process of ours is told
    assert kept(var) == now
    monkeypatch.setattr(compiling, "_digest", lambda: "another")
    assert kept(var) != now


def compiled(parent: Path, name: str, *, unused_seconds: float | None) -> Path:
    """A directory as another version left it; `None`: one that noted no use yet."""
    made = parent / name
    made.mkdir(parents=True)
    (made / "whole").touch()
    if unused_seconds is not None:
        (made / "used").touch()
        then = time.time() - unused_seconds
        os.utime(made / "used", (then, then))
    return made


def test_what_another_version_compiled_goes_when_nobody_used_it_for_weeks(tmp_path: Path) -> None:
    ours = compiled(tmp_path, "0" * 16, unused_seconds=LONG_AGO)
    old = compiled(tmp_path, "a" * 16, unused_seconds=LONG_AGO)
    late = compiled(tmp_path, "b" * 16, unused_seconds=LONG_AGO - 3600)
    halfway = compiled(tmp_path, "c" * 16 + ".going", unused_seconds=None)
    foreign = compiled(tmp_path, "cafe-photos", unused_seconds=LONG_AGO)
    compiling.forget_older(ours)
    compiling.forget_older(ours)
    assert {one for one in tmp_path.iterdir()} == {ours, late, foreign}
    assert not old.exists() and not halfway.exists()


def test_what_a_version_left_that_noted_no_use_has_its_weeks_from_now_on(tmp_path: Path) -> None:
    ours, before = tmp_path / ("0" * 16), compiled(tmp_path, "a" * 16, unused_seconds=None)
    then = time.time() - LONG_AGO
    os.utime(before / "whole", (then, then))
    compiling.forget_older(ours)
    assert (before / "whole").exists()
    os.utime(before / "used", (then, then))
    compiling.forget_older(ours)
    assert not before.exists()


@contextmanager
def used_by_a_process(directory: Path) -> Iterator[None]:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(directory)],
        env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.communicate()


def test_what_a_running_process_of_an_older_version_uses_stays_however_old(tmp_path: Path) -> None:
    ours, old = tmp_path / ("0" * 16), compiled(tmp_path, "a" * 16, unused_seconds=None)
    then = time.time() - LONG_AGO
    with used_by_a_process(old):
        os.utime(old / "used", (then, then))
        compiling.forget_older(ours)
        assert (old / "whole").exists()
    compiling.forget_older(ours)
    assert not old.exists()


def taken_while_it_goes(directory: Path) -> bool:
    """Use a directory that is removed at the very moment, and say whether its use was noted."""
    noted: list[bool] = []

    def use() -> None:
        with compiling.in_use(directory):
            noted.append((directory / "used").exists() and not (directory / "whole").exists())

    with (directory / "used").open("ab") as removing:
        fcntl.flock(removing, fcntl.LOCK_EX)
        starts = threading.Thread(target=use)
        starts.start()
        directory.rename(directory.with_name(directory.name + ".going"))
    starts.join(60)
    return noted == [True]


def test_who_starts_while_its_directory_is_being_removed_begins_a_new_one(tmp_path: Path) -> None:
    for turn in range(300):  # the two meet at another step each time
        old = compiled(tmp_path, f"{turn:016x}", unused_seconds=LONG_AGO)
        assert taken_while_it_goes(old)


def test_a_process_of_ours_notes_that_it_uses_its_version(tmp_path: Path) -> None:
    told = {**os.environ, "HEED_VAR": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "code")}
    told |= {"HEED_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    asks = "from heed.instance.boot import prepared\nwith prepared(): pass"
    subprocess.run([sys.executable, "-c", asks], env=told, check=True)
    (directory,) = (tmp_path / "code").iterdir()
    assert (directory / "used").exists()
