"""A stage for benches: Heed and Townsquare in a directory of their own, and figures in one line."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import budget, machine
from examples.story.play import Stage
from heed.instance import compiling, demo
from heed.instance.place import ROOT, SHELTER, Place
from heed.instance.processes import Running

PORT, SITE_PORT = 9_410, 9_411  # beside a demonstration that runs


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, and the budget that it should stay within; without one, a mere fact."""

    name: str
    measured: float
    unit: str
    budget: float | None = None

    @property
    def kept(self) -> bool:
        return self.budget is None or self.measured <= self.budget

    def __str__(self) -> str:
        figure = f"{self.name} {self.measured:,.2f}".rstrip("0").rstrip(".") + f" {self.unit}"
        if self.budget is None:
            return figure
        return figure + budget(f"{self.budget:g}", kept=self.kept)


def told(name: str, figures: Sequence[Figure]) -> int:
    """Print them in one line with the state of the machine; returns the exit status."""
    print(f"{name}: {'; '.join(map(str, figures))} ({machine()})", flush=True)
    return 0 if all(figure.kept for figure in figures) else 1


@contextmanager
def stage(port: int = PORT, site_port: int = SITE_PORT) -> Iterator[tuple[Stage, Running]]:
    """A stage that is removed with everything on it."""
    with directory(), demo.stage(port, site_port) as (set_up, heed):
        yield set_up, heed


@contextmanager
def directory(*, first_start: bool = False) -> Iterator[Path]:
    """An empty `HEED_VAR` that the database's user can reach, for the block.

    What a machine compiles once, at its first start, is compiled before, unless that is measured.
    """
    path = Path(tempfile.mkdtemp(prefix="heed-bench-"))
    path.chmod(0o755)
    os.environ["HEED_VAR"] = str(path)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as ./heed does: starts are measured here
    if not first_start:
        os.environ["NUMBA_CACHE_DIR"] = str(compiling.kept_in(ROOT / "var" / "bench" / "compiled"))
        subprocess.run([sys.executable, "-m", "heed.hashing.index.compiling"], check=True)
    try:
        yield path
    finally:
        for var in (path, path / "demo"):
            shutil.rmtree(SHELTER / Place(var).name, ignore_errors=True)
        shutil.rmtree(path, ignore_errors=True)
