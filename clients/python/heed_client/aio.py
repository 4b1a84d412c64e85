"""The same as `api`, for sites that are written with `async`.

Every method raises `Refused` (the same words will be refused again: see `errors`) or, after all
tries, `Unconfirmed` (nothing is known: keep what you told, hold what you asked about).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from . import asking, gate
from .api import TIMEOUT_SECONDS
from .asking import MOST_IN_PAGE, Ask, Asked, Patience
from .errors import HeedError, NoAnswer, Unconfirmed
from .gate import Word
from .shapes import (
    CaseAnswer,
    Change,
    CheckAnswer,
    EventsAnswer,
    Item,
    ItemAnswer,
    ItemResult,
    LineAnswer,
    Notice,
    NoticeAnswer,
    Signals,
    State,
    StatesAnswer,
    Surface,
    Upload,
)

T = TypeVar("T")


class AsyncHeed:
    """One platform's line, in one event loop. `key` is a secret: `heed_...`.

    Raises `NotSetUp` for an address or a key that can't be one.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience: Patience | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        http: httpx2.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._base, self._who = asking.base_of(url), asking.who(key)
        self._patience = patience or Patience()
        self._timeout, self._sleep = timeout_seconds, sleep
        # Plain http is for one machine: there are no certificates to load.
        self._http = http or httpx2.AsyncClient(verify=url.startswith("https:"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End idle connections."""
        await self._http.aclose()

    # -------------------------------------------------------------- items

    async def register(self, item: Item, *, idempotency_key: str = "") -> ItemAnswer:
        """Tell of one item. Telling the same again changes nothing. Apply what is answered."""
        return await self._do(asking.register(item, idempotency_key))

    async def register_all(
        self, items: Iterable[Item], *, idempotency_key: str = ""
    ) -> list[LineAnswer]:
        """Tell of any number of items; one answer for each, in order, and bad ones are `refused`.

        When it raises, some may have been taken: tell all of them again.
        """
        asks = asking.register_all(items, idempotency_key)
        return [line for ask in asks for line in await self._do(ask)]

    async def change(self, ref: str, change: Change) -> ItemAnswer:
        """Say what changed of an item: views, a deletion, its text, its files."""
        return await self._do(asking.change(ref, change))

    # -------------------------------------------------------------- uploads

    async def check_bytes(
        self,
        data: bytes,
        *,
        account_ref: str = "",
        upload_ref: str = "",
        surface: Surface = "public",
        country: str = "",
    ) -> CheckAnswer:
        """Ask before publishing a file, by its bytes. `may_publish` is the same without raising."""
        asked = Asked(account_ref, upload_ref, surface, country)
        return await self._do(asking.check_bytes(data, asked))

    async def may_publish(
        self,
        data: bytes,
        *,
        account_ref: str = "",
        upload_ref: str = "",
        surface: Surface = "public",
        country: str = "",
    ) -> Word:
        """The same, for the place where a site takes uploads: it never raises, and where there is
        no answer it is `hold`, with `ask_again`."""
        asked = Asked(account_ref, upload_ref, surface, country)
        try:
            return gate.word(await self._do(asking.check_bytes(data, asked)))
        except HeedError as why:
            return gate.unanswered(why)

    async def check_signals(
        self,
        signals: Signals,
        *,
        account_ref: str = "",
        upload_ref: str = "",
        surface: Surface = "public",
        country: str = "",
    ) -> CheckAnswer:
        """The same by hashes: the bytes stay with you."""
        asked = Asked(account_ref, upload_ref, surface, country)
        return await self._do(asking.check_signals(signals, asked))

    async def check_url(
        self,
        url: str,
        *,
        account_ref: str = "",
        upload_ref: str = "",
        surface: Surface = "public",
        country: str = "",
    ) -> CheckAnswer:
        """The same by an address on the open web, which Heed fetches."""
        asked = Asked(account_ref, upload_ref, surface, country)
        return await self._do(asking.check_url(url, asked))

    async def check_all(
        self, uploads: Sequence[Upload], *, surface: Surface = "public", country: str = ""
    ) -> list[CheckAnswer]:
        """The same of several, by signals or addresses; answered in their order."""
        asked = Asked(surface=surface, country=country)
        asks = asking.check_all(uploads, asked)
        return [one for ask in asks for one in await self._do(ask)]

    # -------------------------------------------------------------- notices and cases

    async def give_notice(self, notice: Notice, *, idempotency_key: str = "") -> NoticeAnswer:
        """Pass on what a person tells. With a key that you keep, asking again is no second one."""
        return await self._do(asking.give_notice(notice, idempotency_key))

    async def case(self, ref: str, *, after: str = "", limit: int = MOST_IN_PAGE) -> CaseAnswer:
        """Where a case or a notice stands, by its number; a page of its items."""
        return await self._do(asking.case(ref, after, limit))

    async def whole_case(self, ref: str) -> CaseAnswer:
        """The same with all of its items."""
        whole = page = await self.case(ref)
        while page["next"]:
            page = await self.case(ref, after=page["next"])
            whole["items"] += page["items"]
        whole["next"] = None
        return whole

    # -------------------------------------------------------------- states and events

    async def states(self, *, after: str = "", limit: int = MOST_IN_PAGE) -> StatesAnswer:
        """Items that should not be visible, a page."""
        return await self._do(asking.states(after, limit))

    async def all_states(self) -> AsyncIterator[State]:
        """All of them: apply each by the rule of revisions, at start and after a restore."""
        page = await self.states()
        for state in page["states"]:
            yield state
        while page["next"]:
            page = await self.states(after=page["next"])
            for state in page["states"]:
                yield state

    async def report_results(self, results: Sequence[ItemResult]) -> int:
        """Say what became of states that you took by yourself, or answered 202 to. How many were
        news."""
        return sum([await self._do(ask) for ask in asking.report_results(results)])

    async def events(self, *, after: str = "", limit: int = 100) -> EventsAnswer:
        """What the callbacks say, for who fetches it, oldest first. Keep `next` with your work."""
        return await self._do(asking.events(after, limit))

    async def hand_over_evidence(self, data: bytes) -> list[str]:
        """Hand over the original bytes of what is hidden. The cases that asked for them.

        Raises `NotFitting` when no case asks for this file.
        """
        return await self._do(asking.hand_over_evidence(data))

    # -------------------------------------------------------------- the wire

    async def _do(self, ask: Ask[T]) -> T:
        failed = 0
        while True:
            try:
                return await self._once(ask)
            except Unconfirmed as why:
                failed += 1
                pause = self._patience.pause(failed, why)
                if pause is None:
                    raise
            await self._sleep(pause)

    async def _once(self, ask: Ask[T]) -> T:
        try:
            answer = await self._http.request(
                ask.method,
                self._base + ask.path,
                params=dict(ask.params) or None,
                content=ask.body or None,
                headers=self._who | ask.headers,
                timeout=self._timeout,
            )
        except httpx2.RequestError as error:
            raise NoAnswer(f"{ask.method} {ask.path}: {error!r}") from error
        return asking.answered(ask, answer.status_code, answer.headers, answer.content)
