"""The match index is compiled for each machine, once, beside everything else and aloud."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heed.instance import leash
from heed.instance.crew import Say
from heed.instance.place import ROOT, here

_NAME = "index"


@contextmanager
def beside(say: Say) -> Iterator[None]:
    """Compile what is not compiled yet while the block runs, without its waiting, and say so."""
    place = _place()
    note = place / "whole"  # there once all of it is compiled
    if note.exists():
        yield
        return
    say(_NAME, "is being compiled for this machine, once; searches are exact meanwhile, and slower")
    process = subprocess.Popen(
        [*leash.command(signal.SIGKILL), sys.executable, "-m", "heed.hashing.index.compiling"],
        env={**os.environ, "NUMBA_CACHE_DIR": str(place), "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    thread = threading.Thread(
        target=_tell, args=(process, note, say), name="compiling", daemon=True
    )
    try:
        thread.start()
        yield
    finally:
        process.kill()
        process.wait()


def _tell(process: subprocess.Popen[bytes], note: Path, say: Say) -> None:
    _, said = process.communicate()
    if process.returncode == 0:
        note.touch()
        say(_NAME, "is compiled")
    elif process.returncode > 0:  # else we were stopped first: the next start goes on
        last = (said.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        say(_NAME, f"could not be compiled, and is tried at its first use: {last}")


def _place() -> Path:
    return kept_in(Path(os.environ.get("NUMBA_CACHE_DIR") or here().var / "compiled"))


def kept_in(directory: Path) -> Path:
    """Where in this directory this very code is kept once it is compiled. Repeating adds nothing.

    Numba looks whether a function's own file has changed, and not at the others that it calls.
    """
    return directory if directory.name == _digest() else directory / _digest()


def _digest() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted((ROOT / "src" / "heed" / "hashing" / "index").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
