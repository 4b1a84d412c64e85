"""Callers whose key was looked up within the last second."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from heed.media.keys import Caller

AGAIN_AFTER_SECONDS = 0.4  # looked up again in the background while it is in use
BELIEVED_SECONDS = 0.8  # a key that was withdrawn is refused within a second
MOST = 1_024

Look = Callable[[str], Caller | None]


@dataclass(slots=True)
class _Known:
    caller: Caller
    at: float  # when we began to look it up
    looking: "asyncio.Future[Caller | None] | None" = None


class KnownKeys:
    """Looks keys up in a thread, each once at a time. Keys that are not valid are not kept."""

    def __init__(self, look: Look, executor: Executor) -> None:
        self._look, self._executor = look, executor
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._first: dict[str, asyncio.Future[Caller | None]] = {}

    def fresh(self, token: str) -> Caller | None:
        """Whose key it is, if that was looked up within the time; never waits."""
        known = self._known.get(token)
        if known is None:
            return None
        age = time.monotonic() - known.at
        if age > AGAIN_AFTER_SECONDS and known.looking is None:
            known.looking = asyncio.ensure_future(self._looked_up(token))
        return known.caller if age < BELIEVED_SECONDS else None

    def was_good(self, token: str) -> bool:
        """Whether it was, when it was last looked up; by now it may have been withdrawn."""
        return token in self._known

    async def caller(self, token: str) -> Caller | None:
        """Whose key it is, asking the database when it was not asked just now."""
        caller = self.fresh(token)
        if caller is not None:
            return caller
        looking = self._first.get(token)
        if looking is None:
            looking = self._first[token] = asyncio.ensure_future(self._looked_up(token))
            looking.add_done_callback(lambda _: self._first.pop(token, None))
        return await asyncio.shield(looking)

    async def _looked_up(self, token: str) -> Caller | None:
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        try:
            caller = await loop.run_in_executor(self._executor, self._look, token)
        except Exception:  # the database is away: what is known grows old, and nobody else comes in
            if (known := self._known.get(token)) is not None:
                known.looking = None
            return None
        if caller is None:
            self._known.pop(token, None)
            return None
        self._known[token] = _Known(caller, began)
        self._known.move_to_end(token)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return caller
