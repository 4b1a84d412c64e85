"""Uploads that this process held unseen: counted, and written down once the database answers."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from heed.flows import check_again
from heed.media.keys import caller_with

logger = logging.getLogger(__name__)
TELL_EVERY_SECONDS = 30.0
MOST_KEYS = 1_000  # keys that were never valid are counted with the rest, and forgotten


@dataclass(slots=True)
class _Count:
    since: datetime
    uploads: int = 0


@dataclass(slots=True)
class Missed:
    """One for a process. `note` never waits and never fails; `tell` asks the database."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counts: dict[tuple[str, str], _Count] = field(default_factory=dict)
    _told_at: float = float("-inf")
    _said_at: float = float("-inf")
    clock: Callable[[], float] = time.monotonic

    def note(self, token: str, reason: str, uploads: int) -> None:
        """So many uploads of whoever has this key were held unseen."""
        with self._lock:
            if (token, reason) in self._counts or len(self._counts) < MOST_KEYS:
                count = self._counts.setdefault((token, reason), _Count(timezone.now()))
                count.uploads += uploads
            if first := self.clock() - self._said_at > TELL_EVERY_SECONDS:
                self._said_at = self.clock()
        if first:
            logger.error("the gate holds uploads that it can't check", extra={"why": reason})

    def tell(self) -> None:
        """Write down what was held since the last time; what fails is told the next time."""
        with self._lock:
            if not self._counts or self.clock() - self._told_at < TELL_EVERY_SECONDS:
                return
            counts, self._counts = self._counts, {}
            self._told_at = self.clock()
        for (token, reason), count in counts.items():
            try:
                _tell(token, reason, count)
            except Exception:
                logger.exception("what the gate held could not be written down")
                self._put_back(token, reason, count)

    def _put_back(self, token: str, reason: str, count: _Count) -> None:
        with self._lock:
            now = self._counts.setdefault((token, reason), count)
            if now is not count:
                now.uploads, now.since = now.uploads + count.uploads, count.since


def _tell(token: str, reason: str, count: _Count) -> None:
    now = timezone.now()
    caller = caller_with(token, now=now)
    if caller is not None:
        check_again.note_outage(
            platform_id=caller.platform_id, reason=reason, uploads=count.uploads,
            since=count.since, now=now,
        )  # fmt: skip
