"""`heed hash` and `heed match`: files of this machine, looked at in the locked-down children.

What they found goes to the output, one line for each file in the order given; progress goes to the
error output, and only where somebody watches. "Could not" is a line of its own and a status.
"""

import json
import os
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
        """Whether its looks are unknown. A file that is no picture or video has none to know."""
        signals = self.signals
        if signals is None:
            return True
        return signals.state == NOT_HASHABLE and signals.reason != Reason.NOT_A_PICTURE


def files_under(paths: Iterable[Path]) -> list[Path]:
    """The files named, and all that lie in the directories named, sorted. Links are left out.

    A name that nothing has stays in: it gets its line as a file that could not be read.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = (Path(where) / name for where, _, names in os.walk(path) for name in names)
        found += sorted(one for one in inside if one.is_file() and not one.is_symlink())
    return found


def looked_at(paths: list[Path], *, jobs: int, exact_value: bool) -> Iterator[Looked]:
    """Each file in its turn, with as many decoders as `jobs`."""
    pool = DecoderPool(size=jobs)

    def look(path: Path) -> Looked:
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                return Looked(path, None, f"larger than {MAX_FILE_BYTES >> 20} MiB")
            data = path.read_bytes()
        except OSError as error:
            return Looked(path, None, error.strerror or str(error))
        return Looked(path, pool.signals(data, WITHIN_SECONDS, exact_value=exact_value))

    try:
        with ThreadPoolExecutor(jobs, thread_name_prefix="look") as hands:
            yield from _in_order(hands, look, paths, jobs * AHEAD)
    finally:
        pool.close()


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


def hash_files(paths: list[Path], *, as_json: bool, exact_value: bool, jobs: int) -> int:
    """Print the signals of each file. Answers with the status."""
    status, found = Status.FINE, files_under(paths)
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
        return f"{looked.path}: COULD NOT BE READ: {looked.trouble}"
    parts = [f"{looked.path}: sha256 {signals.sha256.hex()}"]
    if signals.pdq:
        parts.append(f"pdq {signals.pdq.hex()} quality {signals.pdq_quality}")
    if signals.frames:
        good = sum(1 for frame in signals.frames if frame.good)
        parts.append(f"vpdq {len(signals.frames)} frames, {good} of good quality")
    if signals.state != HASHED:
        parts.append(f"{signals.state}: {signals.reason}")
    return "  ".join(parts)
