"""Whose request is next: whoever has sent many notices of late lets the others go first.

Nobody is turned away. Few notices are answered at a time, since each takes longer for the others.
Who sends several within a minute or two waits for others, and so does what names the same place or
says the same words as several before it, wherever it comes from: the place is protected by then.
The crowd of all these is answered one by one while nobody else is, with a breath between, and one
of it every two seconds whoever else is there, so that the others' answers take no longer for it. In
the crowd, too, those are first who sent least. Pages, answers and a platform's calls are as good as
a first notice.
"""

import asyncio
import heapq
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from heed.instance.lately import Lately
from heed.web.notifier.alike import marks
from heed.web.notifier.doors import source_from

Scope = MutableMapping[str, Any]
FORM = "/notice"
PAGE = -1  # the rank of all that is no notice
OFTEN = 2  # notices within a minute or two: who has sent so many is one of the crowd
LOOKED_AT_BYTES = 1 << 16  # of a form; a longer one may say anything, and is of the crowd
NOTICES = 3  # answered at a time: more would each take as much longer
BREATH_SECONDS = 0.5  # between two of the crowd, and nobody else is there
LONGEST_PAUSE_SECONDS = 2.0  # between two of the crowd, whoever else is there
_Given = tuple[int, int, "asyncio.Future[None]"]  # rank, arrival


class Turns:
    """So many places, given to whoever asked least of late, and then to whoever came first."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._places, self._clock = places, clock
        self._pages: deque[_Given] = deque()
        self._notices: list[_Given] = []
        self._arrivals = count()
        self._under_way: Counter[str] = Counter()
        self._sources, self._said = Lately(clock), Lately(clock)
        self._last_of_crowd = float("-inf")
        self._again: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, scope: Scope, body: bytes | None) -> AsyncIterator[None]:
        """Wait for a place, and give it back after the block. `body` if it was read before."""
        rank = self._rank(scope, body)
        await self._wait(rank)
        try:
            yield
        finally:
            self._give_back(rank)

    async def _wait(self, rank: int) -> None:
        given = asyncio.get_running_loop().create_future()
        if rank == PAGE:
            self._pages.append((rank, next(self._arrivals), given))
        else:
            heapq.heappush(self._notices, (rank, next(self._arrivals), given))
        self._let_in()
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(rank)  # it was given in the moment in which nobody wanted it
            raise

    def _let_in(self) -> None:
        while self._under_way.total() < self._places and (found := self._next()):
            rank, _, given = found
            if not given.done():
                self._take(rank)
                given.set_result(None)
        self._look_again()

    def _next(self) -> _Given | None:
        """The next notice that may go, unless a page comes before it."""
        if self._notices and self._may(self._notices[0][0]) and not self._page_is_first():
            return heapq.heappop(self._notices)
        return self._pages.popleft() if self._pages else None

    def _page_is_first(self) -> bool:
        """It came before a first notice; or one of the crowd came, and has not waited long."""
        rank, arrival, _ = self._notices[0]
        if not self._pages or (rank >= OFTEN and self._paused() >= LONGEST_PAUSE_SECONDS):
            return False
        return (0, self._pages[0][1]) < (rank, arrival)

    def _may(self, rank: int) -> bool:
        if rank < OFTEN:
            return self._under_way["notice"] < NOTICES
        if self._under_way["crowd"]:
            return False
        return self._paused() >= self._pause()

    def _pause(self) -> float:
        return LONGEST_PAUSE_SECONDS if self._under_way.total() else BREATH_SECONDS

    def _paused(self) -> float:
        return self._clock() - self._last_of_crowd

    def _take(self, rank: int) -> None:
        kind = _kind(rank)
        self._under_way[kind] += 1
        if kind == "crowd":
            self._last_of_crowd = self._clock()

    def _give_back(self, rank: int) -> None:
        self._under_way[_kind(rank)] -= 1
        self._let_in()

    def _look_again(self) -> None:
        """The others may stay long: a crowd that waits is thought of when the pause is over."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        waits = bool(self._notices) and self._notices[0][0] >= OFTEN
        if waits and not self._under_way["crowd"]:
            left = max(0.0, self._pause() - self._paused())
            self._again = asyncio.get_running_loop().call_later(left + 0.01, self._let_in)

    def _rank(self, scope: Scope, body: bytes | None) -> int:
        """Notices that this source sent lately, more for one of a crowd; `PAGE` for no notice."""
        if scope["method"] != "POST" or scope["path"] != FORM:
            return PAGE
        sent = self._sources.again(_source(scope))
        if body is None or len(body) > LOOKED_AT_BYTES:
            return sent + OFTEN
        said = marks(body, _header(scope, b"content-type"))
        return max(sent, OFTEN) if self._often(said) else sent

    def _often(self, said: frozenset[str]) -> bool:
        return max(map(self._said.again, said), default=0) >= OFTEN


def _kind(rank: int) -> str:
    if rank == PAGE:
        return "page"
    return "notice" if rank < OFTEN else "crowd"


def _source(scope: Scope) -> str:
    client = (scope.get("client") or ("", 0))[0]
    return source_from(_header(scope, b"x-forwarded-for"), client)


def _header(scope: Scope, wanted: bytes) -> str:
    said = [value for name, value in scope["headers"] if name == wanted]
    return b",".join(said).decode("latin-1")
