"""The supervisor: what dies is started again, and nothing is left behind."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from heed.instance.crew import Child, Crew
from tests.keeper import is_running

pytestmark = pytest.mark.processes
Eventually = Callable[..., None]

# A child with a child of its own, as a web server has; both pids are said aloud.
WITH_CHILD = """
import os, subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), inner.pid, flush=True)
time.sleep(600)
"""
SUPERVISOR = """
import sys, time
from pathlib import Path
from heed.instance.crew import Child, Crew
child = Child(name="child", command=[sys.executable, "-c", sys.argv[2]])
crew = Crew([child], logs=Path(sys.argv[1]), say=lambda name, line: print(line, flush=True))
with crew.running():
    time.sleep(600)
"""


def child(code: str, **env: str) -> Child:
    return Child(name="child", command=[sys.executable, "-c", code], env=env)


def test_a_child_that_dies_is_started_again_and_what_it_started_goes_with_it(
    tmp_path: Path, eventually: Eventually
) -> None:
    said: list[str] = []
    crew = Crew([child(WITH_CHILD)], logs=tmp_path, say=lambda _, line: said.append(line))
    with crew.running():
        eventually(lambda: said)
        first, inner = map(int, said[0].split())
        os.kill(first, 9)
        eventually(lambda: len(said) >= 3)
        assert said[1] == "ended (SIGKILL); starts again in 0.2 s"
        eventually(lambda: not is_running(inner))
        assert crew.deaths("child") == 1
        second, last = map(int, said[2].split())
        assert crew.pid("child") == second != first
    assert not is_running(second)
    eventually(lambda: not is_running(last))
    assert said[2] in (tmp_path / "child.log").read_text()


def test_a_child_that_ignores_being_asked_is_ended_all_the_same(
    tmp_path: Path, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heed.instance.crew.STOP_WITHIN_SECONDS", 0.2)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); "
    said: list[str] = []
    crew = Crew(
        [child(deaf + "time.sleep(600)")], logs=tmp_path, say=lambda _, line: said.append(line)
    )
    with crew.running():
        eventually(lambda: said)
        pid = crew.pid("child")
    assert pid is not None
    assert not is_running(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's leash is Linux's")
def test_nothing_outlives_a_supervisor_that_was_killed(
    tmp_path: Path, python: Callable[..., subprocess.Popen[str]], eventually: Eventually
) -> None:
    alone = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    supervisor = python("-c", SUPERVISOR, str(tmp_path), alone)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    supervisor.kill()
    eventually(lambda: not is_running(pid))
