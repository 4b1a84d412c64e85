"""Whose request is next: whoever has sent many notices of late lets the others go first.

Nobody is turned away. Only who sends notices by the dozen waits for others, and a crowd of such
senders has a few of the places, so that the others' answers take no longer for it; pages, answers
and a platform's calls are as good as a first notice.
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
OF_THE_CROWD = 2  # places, for all who send so often
_Place = tuple[int, int, "asyncio.Future[None]"]


class Turns:
    """So many places, given to whoever asked least of late, and then to whoever came first."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._free, self._crowd, self._clock = places, 0, clock
        self._waiting: list[_Place] = []
        self._arrivals = count()
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        self._since = clock()

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
        if self._free and self._may(rank):
            self._free -= 1
            self._crowd += rank > OFTEN
            return
        place = (rank, next(self._arrivals), asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, place)
        try:
            await place[2]
        except asyncio.CancelledError:
            if place[2].done() and not place[2].cancelled():
                self._give_back(rank)  # it was given in the moment in which nobody wanted it
            raise

    def _may(self, rank: int) -> bool:
        return rank <= OFTEN or self._crowd < OF_THE_CROWD

    def _give_back(self, rank: int) -> None:
        self._crowd -= rank > OFTEN
        while self._waiting and self._may(self._waiting[0][0]):
            next_rank, _, given = heapq.heappop(self._waiting)
            if not given.done():
                self._crowd += next_rank > OFTEN
                given.set_result(None)
                return
        self._free += 1

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
