"""Whose request is next: whoever has sent many notices of late lets the others go first.

Few notices are answered at a time, since each takes longer for the others. Who sends several within
a minute or two waits for others, and so does what names the same place or says the same words as
several that were taken before it, wherever it comes from. The crowd of all these is answered one by
one while nobody else is, with a breath between, and one of it every two seconds whoever else is
there, so that the others' answers take no longer for it. In the crowd, too, those are first who
sent least; only where hundreds of it wait is the next one told to come again. A form that is read
while it has its place keeps a place that nobody else needs. Pages, answers and a platform's calls
are as good as a first notice.
"""

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from heed.instance.bridge import Answered, TooMany, is_form
from heed.instance.lately import Lately
from heed.web.notifier.alike import marks
from heed.web.notifier.crowded import come_again
from heed.web.notifier.doors import source_from

Scope = MutableMapping[str, Any]
PAGE, NOTICE, CROWD, LONG = "page", "notice", "crowd", "long"
OFTEN = 2  # notices within a minute or two: who has sent so many is one of the crowd
LOOKED_AT_BYTES = 1 << 14  # of a form; a longer one may say anything, and is of the crowd
NOTICES = 3  # answered at a time: more would each take as much longer
BREATH_SECONDS = 0.5  # between two of the crowd, and nobody else is there
LONGEST_PAUSE_SECONDS = 2.0  # between two of the crowd, whoever else is there
MOST_OF_CROWD = 500  # that wait, each with a form in memory
_Given = tuple[int, int, "asyncio.Future[None]"]  # rank, arrival


class Turns:
    """So many places, given to whoever asked least of late, and then to whoever came first."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._places, self._clock = places, clock
        self._waiting: dict[str, list[_Given]] = {PAGE: [], NOTICE: [], CROWD: [], LONG: []}
        self._arrivals = count()
        self._under_way: Counter[str] = Counter()
        self._sources, self._said = Lately(clock), Lately(clock)
        self._last_of_crowd = self._crowd_since = float("-inf")
        self._again: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, scope: Scope, body: bytes | None) -> AsyncIterator[Answered]:
        """Wait for a place, and give it back after the block. `body` if it was read before.

        What it gives is told the answer's status. Raises `TooMany`.
        """
        kind, rank, said = self._ranked(scope, body)
        if kind == CROWD and len(self._waiting[CROWD]) >= MOST_OF_CROWD:
            self._take_back(said)
            raise TooMany(come_again())
        await self._wait(kind, rank)
        try:
            yield lambda status: None if status == 200 else self._take_back(said)
        finally:
            self._give_back(kind)

    async def _wait(self, kind: str, rank: int) -> None:
        given = asyncio.get_running_loop().create_future()
        if kind == CROWD and not self._waiting[CROWD]:
            self._crowd_since = self._clock()
        heapq.heappush(self._waiting[kind], (rank, next(self._arrivals), given))
        self._let_in()
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(kind)  # it was given in the moment in which nobody wanted it
            raise

    def _let_in(self) -> None:
        while self._under_way.total() < self._places and (kind := self._next()):
            _, _, given = heapq.heappop(self._waiting[kind])
            if not given.done():
                self._take(kind)
                given.set_result(None)
        self._look_again()

    def _next(self) -> str | None:
        """Of which kind the next one is, if one may go."""
        crowd = bool(self._waiting[CROWD]) and not self._under_way[CROWD]
        if crowd and self._left_to_wait(others=True) <= 0:
            return CROWD
        if self._waiting[LONG] and not self._under_way[LONG]:
            return LONG
        if self._waiting[NOTICE] and self._under_way[NOTICE] < NOTICES and not self._page_first():
            return NOTICE
        if self._waiting[PAGE]:
            return PAGE
        return CROWD if crowd and self._left_to_wait(others=self._others()) <= 0 else None

    def _page_first(self) -> bool:
        """A page came before this notice."""
        pages = self._waiting[PAGE]
        return bool(pages) and pages[0][1] < self._waiting[NOTICE][0][1]

    def _others(self) -> bool:
        return self._under_way.total() > self._under_way[LONG]

    def _left_to_wait(self, *, others: bool) -> float:
        """Seconds until one of the crowd may go."""
        since = self._last_of_crowd
        if others:
            since, pause = max(since, self._crowd_since), LONGEST_PAUSE_SECONDS
        else:
            pause = BREATH_SECONDS
        return since + pause - self._clock()

    def _take(self, kind: str) -> None:
        self._under_way[kind] += 1
        if kind == CROWD:
            self._last_of_crowd = self._clock()

    def _give_back(self, kind: str) -> None:
        self._under_way[kind] -= 1
        self._let_in()

    def _look_again(self) -> None:
        """The others may stay long: a crowd that waits is thought of when the pause is over."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        room = self._under_way.total() < self._places  # else whoever goes looks
        if room and self._waiting[CROWD] and not self._under_way[CROWD]:
            left = max(0.0, self._left_to_wait(others=self._others()))
            self._again = asyncio.get_running_loop().call_later(left + 0.01, self._let_in)

    def _ranked(self, scope: Scope, body: bytes | None) -> tuple[str, int, frozenset[str]]:
        """The kind of a request, how often its source sent notices lately, and what marks it has.

        Who is of the crowd by its source needs no marks: they take time to be read.
        """
        if not is_form(scope):
            return PAGE, 0, frozenset()
        sent = self._sources.again(_source(scope))
        if body is None:
            return LONG, sent, frozenset()
        if sent >= OFTEN or len(body) > LOOKED_AT_BYTES:
            return CROWD, sent, frozenset()
        said = marks(body, _header(scope, b"content-type"))
        often = max(map(self._said.again, said), default=0) >= OFTEN
        return CROWD if often else NOTICE, sent, said

    def _take_back(self, said: frozenset[str]) -> None:
        """It was no notice: whoever names that place next waits for nobody because of it."""
        for mark in said:
            self._said.take_back(mark)


def _source(scope: Scope) -> str:
    client = (scope.get("client") or ("", 0))[0]
    return source_from(_header(scope, b"x-forwarded-for"), client)


def _header(scope: Scope, wanted: bytes) -> str:
    said = [value for name, value in scope["headers"] if name == wanted]
    return b",".join(said).decode("latin-1")
