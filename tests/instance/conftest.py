import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from heed.instance.place import ROOT, Place


@pytest.fixture
def place() -> Iterator[Place]:
    """An empty instance where the database's user can reach it."""
    directory = Path(tempfile.mkdtemp(dir=os.environ["HEED_TEST_RUN"]))
    directory.chmod(0o755)
    yield Place(directory / "var")
    shutil.rmtree(directory)


@pytest.fixture
def sheltered(tmp_path: Path) -> Iterator[Place]:
    """An empty instance in a 0700 directory, as in root's home."""
    tmp_path.chmod(0o700)
    place = Place(tmp_path / "var")
    yield place
    shutil.rmtree(place.shelter, ignore_errors=True)


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def python() -> Iterator[Start]:
    """Starts `python ARGUMENT...` with Heed to import; all are killed when the test is over."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **env: str) -> subprocess.Popen[str]:
        path = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": path, **env},
            cwd=ROOT,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Waits until a condition holds."""

    def wait(holds: Callable[[], object], *, within_seconds: float = 60.0) -> None:
        until = time.monotonic() + within_seconds
        while not holds():
            assert time.monotonic() < until, f"not so within {within_seconds} s"
            time.sleep(0.03)

    return wait
