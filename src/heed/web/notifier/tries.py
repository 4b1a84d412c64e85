"""How often somebody may guess. Counted in this process, and forgotten with it."""

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

_MOST_KEPT = 20_000  # names; the oldest are forgotten first


class Tries:
    """At most `most` failures of one name `within` a span."""

    def __init__(self, *, most: int, within: timedelta) -> None:
        self.most = most
        self.within = within
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, deque[datetime]] = OrderedDict()

    def again_at(self, name: str, now: datetime) -> datetime | None:
        """When this name may try again; None: now."""
        with self._lock:
            failed = self._recent(name, now)
            return failed[0] + self.within if len(failed) >= self.most else None

    def failed(self, name: str, now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            failed = self._recent(name, now)
            failed.append(now)
            self._failed[name] = failed
            while len(self._failed) > _MOST_KEPT:
                self._failed.popitem(last=False)

    def _recent(self, name: str, now: datetime) -> deque[datetime]:
        failed = self._failed.get(name, deque())
        while failed and now - failed[0] >= self.within:
            failed.popleft()
        return failed
