"""What was destroyed, remembered outside the database: so that no backup brings it back.

A backup holds keys that were destroyed after it was made. Whoever restores it destroys them again,
by this list. It names sealed copies by their ids, and forgets them when no backup is left that
could hold their keys.
"""

import fcntl
import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

logger = logging.getLogger(__name__)


def path() -> Path:
    """Beside the checkpoints, which are kept outside the database for the same reason."""
    return Path(settings.HEED_VAR) / "checkpoints" / "destroyed"


def note(sealed_ids: Iterable[UUID], *, at: datetime) -> None:
    """Remember these. Call it after the commit; what can't be written is logged, and no error."""
    lines = "".join(f"{at.isoformat()} {sealed_id}\n" for sealed_id in sealed_ids)
    if not lines:
        return
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        with path().open("a") as out:
            fcntl.flock(out, fcntl.LOCK_EX)
            out.write(lines)
            out.flush()
            os.fsync(out.fileno())
    except OSError as why:
        logger.error("what was destroyed was not noted", extra={"why": why.strerror})


def known(text: str | None = None) -> dict[UUID, datetime]:
    """What was destroyed, and when. A line torn by a crash is passed over."""
    found: dict[UUID, datetime] = {}
    for line in (_text() if text is None else text).splitlines():
        at, _, sealed_id = line.partition(" ")
        with suppress(ValueError):
            found[UUID(sealed_id)] = datetime.fromisoformat(at)
    return found


def _text() -> str:
    return path().read_text(errors="replace") if path().exists() else ""


def forget(*, before: datetime) -> int:
    """Drop what no backup can bring back any more; returns how many lines went."""
    if not path().exists():
        return 0
    with path().open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        all_known = known(held.read())
        kept = {sealed_id: at for sealed_id, at in all_known.items() if at >= before}
        if len(kept) < len(all_known):
            held.seek(0)
            held.write("".join(f"{at.isoformat()} {one}\n" for one, at in kept.items()))
            held.truncate()
            held.flush()
            os.fsync(held.fileno())
    return len(all_known) - len(kept)
