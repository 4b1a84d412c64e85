"""A site's line to its Heed: one method for each thing that a site says or asks.

Every method raises `Refused` (the same words will be refused again: see `errors`) or, after all
tries, `Unconfirmed` (nothing is known: keep what you told, hold what you asked about).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from . import asking, gate
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
TIMEOUT_SECONDS = 20.0


class Heed:
    """One platform's line. Safe to share between threads. `key` is a secret: `heed_...`.

    Raises `NotSetUp` for an address or a key that can't be one.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience: Patience | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        http: httpx2.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base, self._who = asking.base_of(url), asking.who(key)
        self._patience = patience or Patience()
        self._timeout, self._sleep = timeout_seconds, sleep
        # Plain http is for one machine: there are no certificates to load.
        self._http = http or httpx2.Client(verify=url.startswith("https:"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End idle connections."""
        self._http.close()

    # -------------------------------------------------------------- items

    def register(self, item: Item, *, idempotency_key: str = "") -> ItemAnswer:
        """Tell of one item. Telling the same again changes nothing. Apply what is answered."""
        return self._do(asking.register(item, idempotency_key))

    def register_all(self, items: Iterable[Item], *, idempotency_key: str = "") -> list[LineAnswer]:
        """Tell of any number of items; one answer for each, in order, and bad ones are `refused`.

        When it raises, some may have been taken: tell all of them again.
        """
        done = map(self._do, asking.register_all(items, idempotency_key))
        return [line for lines in done for line in lines]

    def change(self, ref: str, change: Change) -> ItemAnswer:
        """Say what changed of an item: views, a deletion, its text, its files."""
        return self._do(asking.change(ref, change))

    # -------------------------------------------------------------- uploads

    def check_bytes(
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
        return self._do(asking.check_bytes(data, asked))

    def may_publish(
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
            return gate.word(self._do(asking.check_bytes(data, asked)))
        except HeedError as why:
            return gate.unanswered(why)

    def check_signals(
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
        return self._do(asking.check_signals(signals, asked))

    def check_url(
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
        return self._do(asking.check_url(url, asked))

    def check_all(
        self, uploads: Sequence[Upload], *, surface: Surface = "public", country: str = ""
    ) -> list[CheckAnswer]:
        """The same of several, by signals or addresses; answered in their order."""
        asked = Asked(surface=surface, country=country)
        return [one for some in map(self._do, asking.check_all(uploads, asked)) for one in some]

    # -------------------------------------------------------------- notices and cases

    def give_notice(self, notice: Notice, *, idempotency_key: str = "") -> NoticeAnswer:
        """Pass on what a person tells. With a key that you keep, asking again is no second one."""
        return self._do(asking.give_notice(notice, idempotency_key))

    def case(self, ref: str, *, after: str = "", limit: int = MOST_IN_PAGE) -> CaseAnswer:
        """Where a case or a notice stands, by its number; a page of its items."""
        return self._do(asking.case(ref, after, limit))

    def whole_case(self, ref: str) -> CaseAnswer:
        """The same with all of its items."""
        whole = page = self.case(ref)
        while page["next"]:
            page = self.case(ref, after=page["next"])
            whole["items"] += page["items"]
        whole["next"] = None
        return whole

    # -------------------------------------------------------------- states and events

    def states(self, *, after: str = "", limit: int = MOST_IN_PAGE) -> StatesAnswer:
        """Items that should not be visible, a page."""
        return self._do(asking.states(after, limit))

    def all_states(self) -> Iterator[State]:
        """All of them: apply each by the rule of revisions, at start and after a restore."""
        page = self.states()
        yield from page["states"]
        while page["next"]:
            page = self.states(after=page["next"])
            yield from page["states"]

    def report_results(self, results: Sequence[ItemResult]) -> int:
        """Say what became of states that you took by yourself, or answered 202 to. How many were
        news."""
        return sum(map(self._do, asking.report_results(results)))

    def events(self, *, after: str = "", limit: int = 100) -> EventsAnswer:
        """What the callbacks say, for who fetches it, oldest first. Keep `next` with your work."""
        return self._do(asking.events(after, limit))

    def hand_over_evidence(self, data: bytes) -> list[str]:
        """Hand over the original bytes of what is hidden. The cases that asked for them.

        Raises `NotFitting` when no case asks for this file.
        """
        return self._do(asking.hand_over_evidence(data))

    # -------------------------------------------------------------- the wire

    def _do(self, ask: Ask[T]) -> T:
        failed = 0
        while True:
            try:
                return self._once(ask)
            except Unconfirmed as why:
                failed += 1
                pause = self._patience.pause(failed, why)
                if pause is None:
                    raise
            self._sleep(pause)

    def _once(self, ask: Ask[T]) -> T:
        try:
            answer = self._http.request(
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
