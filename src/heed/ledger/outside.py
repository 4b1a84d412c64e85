"""Checkpoints kept outside the database, so that a restored old backup can't pass for the log.

Two files: `history` only ever grows by one JSON line for each checkpoint; `newest` holds, for each
origin, the largest one, and is made again from `history` when it is missing.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from heed.ledger.keys import sync_directory
from heed.ledger.notes import Checkpoint, NoteUnreadable, checkpoint_in


def directory() -> Path:
    """Where they lie."""
    return Path(settings.HEED_VAR) / "checkpoints"


def newest() -> dict[str, Checkpoint]:
    """By origin, the largest checkpoint that was ever signed here."""
    return {origin: checkpoint_in(note) for origin, note in _newest_notes().items()}


def _newest_notes() -> dict[str, str]:
    try:
        notes = json.loads((directory() / "newest").read_text())
        return {checkpoint_in(note).origin: str(note) for note in notes}
    except (OSError, ValueError, TypeError, NoteUnreadable):
        return _largest({}, history())


def history() -> list[str]:
    """Every signed checkpoint, as they were kept. A line torn by a crash is passed over."""
    notes: list[str] = []
    path = directory() / "history"
    if not path.exists():
        return notes
    for line in path.read_text(errors="replace").splitlines():
        with suppress(ValueError, TypeError, NoteUnreadable):
            note = json.loads(line)
            checkpoint_in(note)
            notes.append(note)
    return notes


def _largest(known: dict[str, str], notes: Sequence[str]) -> dict[str, str]:
    largest = dict(known)
    for note in notes:
        made = checkpoint_in(note)
        if made.origin not in largest or checkpoint_in(largest[made.origin]).size < made.size:
            largest[made.origin] = note
    return largest


def keep(notes: Sequence[str]) -> None:
    """Keep those that are larger than what is here. Safe to repeat, and from several processes."""
    with _locked():
        known = _newest_notes()
        fresh = [note for note in notes if _grows(known, note)]
        if not fresh:
            return
        _append(fresh)
        _replace(list(_largest(known, fresh).values()))


def _grows(known: dict[str, str], note: str) -> bool:
    made = checkpoint_in(note)
    return made.origin not in known or checkpoint_in(known[made.origin]).size < made.size


def _append(notes: Sequence[str]) -> None:
    path = directory() / "history"
    torn = path.exists() and path.stat().st_size > 0 and not _ends_whole(path)
    with path.open("a") as out:
        out.write(("\n" if torn else "") + "".join(json.dumps(note) + "\n" for note in notes))
        out.flush()
        os.fsync(out.fileno())


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as history_file:
        history_file.seek(-1, os.SEEK_END)
        return history_file.read(1) == b"\n"


def _replace(notes: Sequence[str]) -> None:
    draft = directory() / ".newest"
    with draft.open("w") as out:
        json.dump(notes, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(directory() / "newest")
    sync_directory(directory())


@contextmanager
def _locked() -> Iterator[None]:
    directory().mkdir(parents=True, exist_ok=True)
    with (directory() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
