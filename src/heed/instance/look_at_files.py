"""`heed hash` and `heed match`: files of this machine, looked at in the locked-down children.

What they found goes to the output, one line for each file in the order given; progress goes to the
error output, and only where somebody watches. "Could not" is a line of its own and a status.
"""

import json
import os
import stat
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from heed.hashing.refusals import Reason
from heed.hashing.sandbox import MAX_FILE_BYTES, DecoderPool
from heed.hashing.signals import HASHED, NOT_HASHABLE, FileSignals

WITHIN_SECONDS = 120.0  # for one file: nobody waits at a door
AHEAD = 4  # files read for each one that is looked at


class Status(IntEnum):
    """How the commands end."""

    FINE = 0  # hash: every file could be looked at. match: something matched
    NONE = 1  # match: every file could be looked at, and none matched
    COULD_NOT = 2  # some file could not be: whatever was found elsewhere


@dataclass(frozen=True, slots=True)
class Looked:
    """One file: its signals, or why it could not even be read."""

    path: Path
    signals: FileSignals | None
    trouble: str = ""

    @property
    def could_not(self) -> bool:
        """Whether its looks are unknown, also in part. What is no picture or video has none."""
        signals = self.signals
        if signals is None:
            return True
        if signals.state == NOT_HASHABLE:
            return signals.reason != Reason.NOT_A_PICTURE
        return signals.reason == Reason.TOO_LARGE  # its end was not seen

    @property
    def name(self) -> str:
        """The path on one line: a stranger's name for a file is no order to the terminal."""
        letters = (
            one if one.isprintable() else one.encode("unicode_escape").decode()
            for one in str(self.path)
        )
        return "".join(letters)


def files_under(paths: Iterable[Path]) -> list[Path]:
    """The files named, and all that lie in the directories named, sorted. Links are left out.

    A name that nothing has stays in, and so does a directory that may not be read: each gets its
    line as something that could not be read.
    """
    found: list[Path] = []
    for path in paths:
        found += _inside(path) if os.path.isdir(path) else [path]
    return found


def _inside(directory: Path) -> list[Path]:
    shut: list[Path] = []
    walk = os.walk(directory, onerror=lambda why: shut.append(Path(why.filename)))
    every = (Path(where) / name for where, _, names in walk for name in names)
    return sorted([*(one for one in every if _is_file(one)), *shut])


def _is_file(path: Path) -> bool:
    """No link, pipe or device; what can't even be told is kept, and its line says why."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return True


def looked_at(paths: list[Path], *, jobs: int, exact_value: bool) -> Iterator[Looked]:
    """Each file in its turn, with as many decoders as `jobs`."""
    pool = DecoderPool(size=jobs)

    def look(path: Path) -> Looked:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            return Looked(path, None, error.strerror or str(error))
        if len(data) > MAX_FILE_BYTES:
            return Looked(path, None, f"larger than {MAX_FILE_BYTES >> 20} MiB")
        return Looked(path, pool.signals(data, WITHIN_SECONDS, exact_value=exact_value))

    with ThreadPoolExecutor(jobs, thread_name_prefix="look") as hands:
        try:
            yield from _in_order(hands, look, paths, jobs * AHEAD)
        finally:
            pool.close()  # before the hands: after Ctrl-C nobody waits for what they still do


def _in_order(
    hands: ThreadPoolExecutor, look: Callable[[Path], Looked], paths: list[Path], ahead: int
) -> Iterator[Looked]:
    """Results in the order of the paths; never many files in memory."""
    waiting: deque[Future[Looked]] = deque()
    try:
        for path in paths:
            waiting.append(hands.submit(look, path))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for left in waiting:
            left.cancel()


@contextmanager
def progress(total: int, doing: str) -> Iterator[Callable[[], None]]:
    """A bar on the error output, where that is a terminal; call what comes back for each file."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TimeElapsedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task(doing, total=total)
        yield lambda: shown.advance(task)


def say(text: str) -> None:
    """One line of output, at once: whoever reads a pipe sees each file as it is done."""
    print(text, flush=True)


def none_there(paths: Iterable[Path]) -> Status:
    """Directories without any file: nothing was looked at, so nothing was found to be fine."""
    print(f"heed: no file in {', '.join(map(str, paths))}", file=sys.stderr)
    return Status.COULD_NOT


def hash_files(paths: list[Path], *, as_json: bool, exact_value: bool, jobs: int) -> int:
    """Print the signals of each file. Answers with the status."""
    status, found = Status.FINE, files_under(paths)
    if not found:
        return none_there(paths)
    with progress(len(found), "Hashing") as done:
        for looked in looked_at(found, jobs=jobs, exact_value=exact_value):
            say(json.dumps(told(looked)) if as_json else _line(looked))
            status = Status.COULD_NOT if looked.could_not else status
            done()
    return status


def told(looked: Looked) -> dict[str, Any]:
    """What is known of a file, for programs."""
    signals = looked.signals
    if signals is None:
        return {"file": str(looked.path), "state": "not_read", "reason": looked.trouble}
    return {
        "file": str(looked.path),
        "state": signals.state,
        "reason": signals.reason,
        "kind": signals.kind,
        "mime": signals.mime,
        "size_bytes": signals.size_bytes,
        "width_px": signals.width_px,
        "height_px": signals.height_px,
        "sha256": signals.sha256.hex(),
        "sha1": signals.sha1.hex(),
        "md5": signals.md5.hex(),
        "pdq": signals.pdq.hex() if signals.pdq else None,
        "pdq_quality": signals.pdq_quality if signals.pdq else None,
        "other_pdq": [{"pdq": v.pdq.hex(), "quality": v.quality} for v in signals.other_values],
        "vpdq": [
            {"at_ms": frame.timestamp_ms, "pdq": frame.pdq.hex(), "quality": frame.quality}
            for frame in signals.frames
        ],
    }


def _line(looked: Looked) -> str:
    signals = looked.signals
    if signals is None:
        return f"{looked.name}: COULD NOT BE READ: {looked.trouble}"
    parts = [f"{looked.name}: sha256 {signals.sha256.hex()}"]
    if signals.pdq:
        parts.append(f"pdq {signals.pdq.hex()} quality {signals.pdq_quality}")
    if signals.frames:
        good = sum(1 for frame in signals.frames if frame.good)
        parts.append(f"vpdq {len(signals.frames)} frames, {good} of good quality")
    if signals.state != HASHED:
        parts.append(f"{signals.state}: {signals.reason}")
    elif looked.could_not:
        parts.append("its end was NOT LOOKED AT: it is too long")
    return "  ".join(parts)
