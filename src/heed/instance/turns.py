"""Whose request is next: whoever has sent many notices of late lets the others go first.

Nobody is turned away. Only who sends notices by the dozen waits for others: the crowd of such
senders is answered while nobody else is, so that the others' answers take no longer for it, and one
of it every half second whoever else is there. Pages, answers and a platform's calls are as good as
a first notice.
"""

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from heed.web.notifier.doors import source_from

Scope = MutableMapping[str, Any]
FORM = "/notice"
REMEMBERED_SECONDS = 60.0  # and as long again
OFTEN = 10  # notices in that time; a family, a school in trouble send fewer
OF_THE_CROWD = 2  # places, for all who send so often, while nobody else is there
LONGEST_PAUSE_SECONDS = 0.5  # then one of them has its turn all the same
_Place = tuple[int, int, "asyncio.Future[None]"]


class Turns:
    """So many places, given to whoever asked least of late, and then to whoever came first."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._free, self._others, self._crowd, self._clock = places, 0, 0, clock
        self._waiting: list[_Place] = []
        self._arrivals = count()
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        self._since = self._last_of_crowd = clock()
        self._again: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, scope: Scope) -> AsyncIterator[None]:
        """Wait for a place, and give it back after the block."""
        rank = self._asked_before(scope)
        await self._wait(rank)
        try:
            yield
        finally:
            self._give_back(rank)

    async def _wait(self, rank: int) -> None:
        given = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._arrivals), given))
        self._let_in()
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(rank)  # it was given in the moment in which nobody wanted it
            raise

    def _let_in(self) -> None:
        while self._free and self._waiting and self._may(self._waiting[0][0]):
            rank, _, given = heapq.heappop(self._waiting)
            if not given.done():
                self._take(rank)
                given.set_result(None)
        self._look_again()

    def _take(self, rank: int) -> None:
        self._free -= 1
        if rank > OFTEN:
            self._crowd += 1
            self._last_of_crowd = self._clock()
        else:
            self._others += 1

    def _give_back(self, rank: int) -> None:
        self._free += 1
        self._crowd -= rank > OFTEN
        self._others -= rank <= OFTEN
        self._let_in()

    def _may(self, rank: int) -> bool:
        if rank <= OFTEN:
            return True
        if not self._others:
            return self._crowd < OF_THE_CROWD
        return not self._crowd and self._paused() >= LONGEST_PAUSE_SECONDS

    def _paused(self) -> float:
        return self._clock() - self._last_of_crowd

    def _look_again(self) -> None:
        """The others may stay long: whoever waits is thought of when the pause is over."""
        if self._again is None and self._waiting and self._free and not self._crowd:
            left = max(0.0, LONGEST_PAUSE_SECONDS - self._paused())
            self._again = asyncio.get_running_loop().call_later(left + 0.01, self._once_more)

    def _once_more(self) -> None:
        self._again = None
        self._let_in()

    def _asked_before(self, scope: Scope) -> int:
        """Notices that this source sent within a minute or two; 0 for all that is no notice."""
        if scope["method"] != "POST" or scope["path"] != FORM:
            return 0
        if self._clock() - self._since > REMEMBERED_SECONDS:
            self._before, self._now, self._since = self._now, Counter(), self._clock()
        source = _source(scope)
        sent = self._now[source] + self._before[source]
        self._now[source] += 1
        return sent


def _source(scope: Scope) -> str:
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    client = (scope.get("client") or ("", 0))[0]
    return source_from(b",".join(forwarded).decode("latin-1"), client)
