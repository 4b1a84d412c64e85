"""The match index is compiled for each machine, once, beside everything else and aloud."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from heed.instance import leash
from heed.instance.crew import Say
from heed.instance.place import ROOT, here

UNUSED_FOR = timedelta(weeks=4)  # whoever goes back to the version before finds its code until then
_NAME = "index"
_USED = "used"  # in each version's directory: locked while a process uses it, and when it last was
_GOING = ".going"
_OURS = re.compile(rf"[0-9a-f]{{16}}({re.escape(_GOING)})?")


@contextmanager
def beside(say: Say) -> Iterator[None]:
    """Compile what is not compiled yet while the block runs, without its waiting, and say so."""
    place = _place()
    forget_older(place)
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


# ------------------------------------------------------------------ older versions


@contextmanager
def in_use(directory: Path) -> Iterator[None]:
    """Nobody removes this version's directory during the block, whatever version they are of."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # of a directory that is read alone nothing is removed
            held.enter_context(_taken(directory))
        yield


def _taken(directory: Path) -> IO[bytes]:
    while True:
        with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as held:
            _begin(directory)
            file = held.enter_context((directory / _USED).open("ab"))
            fcntl.flock(file, fcntl.LOCK_SH)
            os.utime(file.fileno())
            if os.path.samestat(os.fstat(file.fileno()), (directory / _USED).stat()):
                held.pop_all()
                return file
            # else it was being removed: begin a new one


def _begin(directory: Path) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):  # exist_ok looks again, where it may be gone
        directory.mkdir()


def forget_older(place: Path) -> None:
    """Remove what other versions compiled beside this place and nobody has used for weeks.

    What a version left that noted no use counts as used now, once. Repeating is safe.
    """
    for one in place.parent.glob("[0-9a-f]*"):
        if one != place and one.is_dir() and _OURS.fullmatch(one.name):
            with contextlib.suppress(OSError):  # somebody else's, or busy: the next start sees it
                _forget(one)


def _forget(directory: Path) -> None:
    if directory.name.endswith(_GOING):
        shutil.rmtree(directory)
        return
    fresh = not (directory / _USED).exists()
    with (directory / _USED).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while a process uses it
        unused = time.time() - os.fstat(file.fileno()).st_mtime
        if fresh or unused < UNUSED_FOR.total_seconds():
            return
        going = directory.with_name(directory.name + _GOING)
        directory.rename(going)  # whole or not at all
        shutil.rmtree(going)
