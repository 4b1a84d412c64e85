"""An exchange: a place where banks are shared with others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSignal:
    """A signal as an exchange has it."""

    type: str  # sha256 | md5 | sha1 | pdq
    value: bytes
    quality: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPage:
    """Some of what an exchange has, and where to go on.

    An entry is told whole: what it does not hold (any more) is no part of it, and an empty one was
    withdrawn. `cursor` is kept together with the page; with `more` there is another one at once.
    """

    entries: Mapping[str, Sequence[SharedSignal]]
    cursor: Mapping[str, Any]
    more: bool
    passed_over: Mapping[str, int]  # by type: signals that Heed can't compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What people here say of a signal that an exchange gave us."""

    ref: str
    type: str
    value: bytes
    right: bool


class ExchangeRefused(Exception):
    """The exchange said no, or is not set up: an operator must act. The message says how."""


class ExchangeBusy(Exception):
    """Nothing was learnt this time (429, 5xx, half an answer). `retry_in` is in seconds, if told.

    The cursor stays where it was.
    """

    def __init__(self, why: str, retry_in: float | None = None) -> None:
        super().__init__(why)
        self.retry_in = retry_in


class Exchange(Protocol):
    """A place where banks are shared with others. One for each kind; it keeps no state."""

    def settings(self) -> Mapping[str, str]:
        """Names of its settings, and what each is for. The required ones end in "(required)"."""

    def check(self, name: str, said: Mapping[str, Any]) -> None:
        """Raises `ExchangeRefused` when settings or credentials of this exchange do not do."""

    def page(
        self, name: str, said: Mapping[str, Any], cursor: Mapping[str, Any], *, now: datetime
    ) -> SharedPage:
        """The page after `cursor` (empty: from the beginning). Repeating it is harmless.

        Raises `ExchangeRefused`, `ExchangeBusy`.
        """

    def ask(self, name: str, said: Mapping[str, Any], values: Sequence[bytes]) -> SharedPage:
        """For an exchange that gives no lists: which of these PDQ values does it know?

        Raises `ExchangeRefused`, `ExchangeBusy`, `NotImplementedError` where there are lists.
        """

    def tell(self, name: str, said: Mapping[str, Any], words: Sequence[Word]) -> int:
        """What people say of its signals. Returns how many of them, from the first, it took.

        Raises `ExchangeRefused`, `ExchangeBusy`.
        """

    def submit(self, name: str, said: Mapping[str, Any], signals: Sequence[SharedSignal]) -> int:
        """Signals of our own. Returns how many it took. Raises as `tell`."""
