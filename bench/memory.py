"""How soon is Heed ready, and in how much memory? One line.

    PYTHONPATH=src python -m bench.memory

Starts an instance that was made before (a first start makes the database, which is told apart), and
adds up the proportional set size (PSS) of database, web, worker and viewer. Linux only.
"""

import os
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.live import PORT, Figure, directory, told
from heed.instance import processes
from heed.instance.place import Place
from heed.instance.processes import Running

READY_SECONDS = 5.0
MEMORY_MB = 500.0
SETTLE_SECONDS = 5.0  # lazily imported modules of the worker come in after the start


def main() -> int:
    with directory(first_start=True) as path:
        first, _ = started(Place(path))
        ready, used = started(Place(path))
    total = sum(used.values())
    figures = [
        Figure("ready", ready, "s", READY_SECONDS),
        Figure("from nothing", first, "s"),
        Figure("memory", total, "MB PSS", MEMORY_MB),
        *(Figure(name, megabytes, "MB") for name, megabytes in used.items()),
    ]
    return told("memory", figures)


def started(place: Place) -> tuple[float, dict[str, float]]:
    """Seconds until it answered, and the memory of each part a little later."""
    began = time.monotonic()
    with processes.running(place, port=PORT, say=lambda *_: None) as heed:
        ready = time.monotonic() - began
        time.sleep(SETTLE_SECONDS)
        return ready, {
            name: megabytes(heed, name) for name in ("database", "web", "worker", "viewer")
        }


def megabytes(heed: Running, name: str) -> float:
    """Proportional set size of a part with everything that it started."""
    process = psutil.Process(heed.crew.pid(name))
    pids = [process.pid, *(child.pid for child in process.children(recursive=True))]
    return sum(_pss_kb(pid) for pid in pids) / 1024


def _pss_kb(pid: int) -> int:
    rollup = Path("/proc", str(pid), "smaps_rollup")
    try:
        lines = rollup.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.pathsep.join(sys.path))
    sys.exit(main())
