"""Questions that come in the same moment are one search, which waits for memory once for all."""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from heed.flows.shared.shapes import FileIn
from heed.hashing.index import Book
from heed.media import matching

logger = logging.getLogger(__name__)
FILES_AT_ONCE = 256  # so that nobody waits long for what others ask in the same moment


class _Waiting(NamedTuple):
    files: Sequence[FileIn]
    answer: "asyncio.Future[list[bool] | None]"


class Together:
    """One for an event loop. Searches as soon as all that has come by now has asked."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._book: Book | None = None

    async def strangers(self, files: Sequence[FileIn], book: Book) -> list[bool] | None:
        """Which of these files certainly meet no bank; None: ask the database."""
        loop = asyncio.get_running_loop()
        mine = _Waiting(files, loop.create_future())
        if not self._waiting:
            loop.call_soon(self._search)
        self._waiting.append(mine)
        self._book = book  # the newest knows most
        return await mine.answer

    def _search(self) -> None:
        now, self._waiting = _first(self._waiting)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._search)
        strange = self._found([file for one in now for file in one.files])
        at = 0
        for one in now:
            if not one.answer.done():  # else whoever asked has gone
                one.answer.set_result(strange and strange[at : at + len(one.files)])
            at += len(one.files)

    def _found(self, files: list[FileIn]) -> list[bool] | None:
        assert self._book is not None
        try:
            return matching.strangers(files, self._book)
        except Exception:  # all these wait: the database is asked about each
            logger.exception("the banks could not be searched")
            return None


def _first(waiting: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Those whose files are searched for now, and the rest."""
    many = 0
    for n, one in enumerate(waiting):
        many += len(one.files)
        if n and many > FILES_AT_ONCE:
            return waiting[:n], waiting[n:]
    return waiting, []
