"""How often something was seen in the last minute or two. Nothing is kept but numbers."""

import time
from collections import Counter
from collections.abc import Callable

REMEMBERED_SECONDS = 60.0  # and as long again


class Lately:
    """Counts by whatever one likes. What it counts by is kept as a hash of this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._since = clock, clock()
        self._now: Counter[int] = Counter()
        self._before: Counter[int] = Counter()

    def again(self, what: str) -> int:
        """How often it was seen before, within one or two minutes; this time counts from now on."""
        self._turn_over()
        key = hash(what)
        seen = self._now[key] + self._before[key]
        self._now[key] += 1
        return seen

    def take_back(self, what: str) -> None:
        """It was not seen after all, the last time."""
        counts = self._now if self._now[hash(what)] else self._before
        counts[hash(what)] = max(0, counts[hash(what)] - 1)

    def _turn_over(self) -> None:
        passed = self._clock() - self._since
        if passed > REMEMBERED_SECONDS:
            self._before = self._now if passed <= 2 * REMEMBERED_SECONDS else Counter()
            self._now, self._since = Counter(), self._clock()
