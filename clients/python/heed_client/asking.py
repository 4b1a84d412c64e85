"""Each operation of the platform API as a value: what is sent, and how the answer is read.

Nothing here touches the network: `heed_client.Heed` and `heed_client.AsyncHeed` both send these.
"""

import json
import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

from .errors import Answered, NoAnswer, NotHeed, NotSetUp, Unconfirmed, named
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
    StatesAnswer,
    Surface,
    Upload,
)

T = TypeVar("T")
One = TypeVar("One")

JSON, NDJSON, BYTES = "application/json", "application/x-ndjson", "application/octet-stream"
PREFIX = "/api/v1/"
MOST_LINES = 1_000  # in one request; Heed takes 5,000, and a smaller one is answered sooner
MOST_BATCH_BYTES = 16 << 20  # Heed takes 64 MB
MOST_UPLOADS = 64  # asked about at once
MOST_RESULTS = 5_000
MOST_IN_PAGE = 1_000
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def base_of(url: str) -> str:
    """Where the calls go, of Heed's address with or without `/api/v1`. Raises `NotSetUp`."""
    plain = url.strip().rstrip("/").removesuffix(PREFIX.rstrip("/"))
    parts = urlsplit(plain)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise NotSetUp(f"Heed's address begins with https:// (or http://): {url!r} does not")
    return plain + PREFIX


def who(key: str) -> dict[str, str]:
    """The header that says whose line this is; a key read from a file may end with a line.

    Raises `NotSetUp`.
    """
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise NotSetUp("the key looks like heed_..._...: copy it whole")
    return {"Authorization": f"Bearer {key}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Generic[T]):
    """One request, and the reader of its answer's JSON."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: bytes = b""
    kind: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it, but for who asks."""
        said = {"Accept": JSON, "Content-Type": self.kind, "Idempotency-Key": self.idempotency_key}
        return {name: value for name, value in said.items() if value}


def _json(said: object) -> bytes:
    return json.dumps(said, default=_instant, separators=(",", ":")).encode("ascii")


def _instant(said: object) -> str:
    if isinstance(said, datetime):
        if said.tzinfo is None:
            raise ValueError(f"give an instant with its zone: {said.isoformat()} has none")
        return said.isoformat()
    raise TypeError(f"{type(said).__name__} can't be said in JSON")


def _params(**said: str | int) -> dict[str, str]:
    return {name: str(value) for name, value in said.items() if value != ""}


def _whole(shape: Any) -> Callable[[Any], Any]:
    """A reader of answers of this shape; what lacks a part of it is no answer."""

    def read(answer: Any) -> Any:
        if missing := shape.__required_keys__ - answer.keys():
            raise ValueError(f"the answer lacks {missing}")
        return answer

    return read


# ------------------------------------------------------------------ the operations


def register(item: Item, idempotency_key: str) -> Ask[ItemAnswer]:
    """`POST items`, one."""
    body = _json(item)
    return Ask(method="POST", path="items", body=body, kind=JSON, read=_whole(ItemAnswer),
               idempotency_key=idempotency_key)  # fmt: skip


def register_all(items: Iterable[Item], idempotency_key: str) -> Iterator[Ask[list[LineAnswer]]]:
    """`POST items`, in batches. The answers' lines are counted on over all of them."""
    done = 0
    for n, lines in enumerate(_batches(map(_json, items))):
        key = f"{idempotency_key}-{n}" if idempotency_key else ""
        read = _lines(len(lines), done)
        done += len(lines)
        yield Ask(method="POST", path="items", body=b"\n".join(lines), kind=NDJSON, read=read,
                  idempotency_key=key)  # fmt: skip


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == MOST_LINES or size + len(line) > MOST_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def _lines(sent: int, before: int) -> Callable[[Any], list[LineAnswer]]:
    def read(answer: Any) -> list[LineAnswer]:
        results: list[LineAnswer] = answer["results"]
        if len(results) != sent:
            raise ValueError("not every line was answered")
        for n, one in enumerate(results, before + 1):
            one["line"] = n
        return results

    return read


def change(ref: str, said: Change) -> Ask[ItemAnswer]:
    """`PATCH items/{ref}`."""
    path = f"items/{quote(ref, safe='')}"
    return Ask(method="PATCH", path=path, body=_json(said), kind=JSON, read=_whole(ItemAnswer))


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose upload it is, and who will see it."""

    account_ref: str = ""
    upload_ref: str = ""
    surface: Surface = "public"
    country: str = ""

    @property
    def params(self) -> dict[str, str]:
        """As the address has them; what is usual is left out."""
        surface = "" if self.surface == "public" else self.surface
        return _params(
            account_ref=self.account_ref,
            upload_ref=self.upload_ref,
            surface=surface,
            country=self.country,
        )


def check_bytes(data: bytes, asked: Asked) -> Ask[CheckAnswer]:
    """`POST uploads/check` with the file itself."""
    return _check(data, BYTES, asked, _whole(CheckAnswer))


def check_signals(signals: Signals, asked: Asked) -> Ask[CheckAnswer]:
    """`POST uploads/check` with its hashes."""
    return _check(_json({"signals": signals}), JSON, asked, _whole(CheckAnswer))


def check_url(url: str, asked: Asked) -> Ask[CheckAnswer]:
    """`POST uploads/check` with an address where it lies."""
    return _check(_json({"url": url}), JSON, asked, _whole(CheckAnswer))


def check_all(uploads: Sequence[Upload], asked: Asked) -> Iterator[Ask[list[CheckAnswer]]]:
    """`POST uploads/check` for several at once."""
    for some in _chunks(uploads, MOST_UPLOADS):
        yield _check(_json({"uploads": some}), JSON, asked, _counted("results", len(some)))


def _check(body: bytes, kind: str, asked: Asked, read: Callable[[Any], T]) -> Ask[T]:
    path, params = "uploads/check", asked.params
    return Ask(method="POST", path=path, body=body, kind=kind, params=params, read=read)


def _chunks(some: Sequence[One], most: int) -> Iterator[Sequence[One]]:
    for start in range(0, len(some), most):
        yield some[start : start + most]


def _named(name: str) -> Callable[[Any], Any]:
    return lambda answer: answer[name]


def _counted(name: str, sent: int) -> Callable[[Any], Any]:
    def read(answer: Any) -> Any:
        if len(answer[name]) != sent:
            raise ValueError("not everything was answered")
        return answer[name]

    return read


def give_notice(notice: Notice, idempotency_key: str) -> Ask[NoticeAnswer]:
    """`POST notices`. Without a key of the caller's it gets one, so that a retry is no second."""
    key = idempotency_key or secrets.token_urlsafe(18)
    body, read = _json(notice), _whole(NoticeAnswer)
    return Ask(method="POST", path="notices", body=body, kind=JSON, read=read, idempotency_key=key)


def case(ref: str, after: str, limit: int) -> Ask[CaseAnswer]:
    """`GET cases/{ref}`, a page."""
    path = f"cases/{quote(ref, safe='')}"
    read, params = _whole(CaseAnswer), _params(after=after, limit=limit)
    return Ask(method="GET", path=path, params=params, read=read)


def states(after: str, limit: int) -> Ask[StatesAnswer]:
    """`GET states`, a page."""
    read, params = _whole(StatesAnswer), _params(after=after, limit=limit)
    return Ask(method="GET", path="states", params=params, read=read)


def events(after: str, limit: int) -> Ask[EventsAnswer]:
    """`GET events`, a page."""
    read, params = _whole(EventsAnswer), _params(after=after, limit=limit)
    return Ask(method="GET", path="events", params=params, read=read)


def report_results(results: Sequence[ItemResult]) -> Iterator[Ask[int]]:
    """`POST states/results`, in batches."""
    for some in _chunks(results, MOST_RESULTS):
        body, path = _json({"results": some}), "states/results"
        yield Ask(method="POST", path=path, body=body, kind=JSON, read=_named("taken"))


def hand_over_evidence(data: bytes) -> Ask[list[str]]:
    """`POST evidence`."""
    return Ask(method="POST", path="evidence", body=data, kind=BYTES, read=_named("cases"))


# ------------------------------------------------------------------ reading what comes


def answered(ask: Ask[T], status: int, headers: Mapping[str, str], content: bytes) -> T:
    """The answer's value. Raises `Refused` or `Unconfirmed`, by what came."""
    if 200 <= status < 300:
        try:
            return ask.read(json.loads(content))
        except _UNREADABLE:
            raise NoAnswer(f"{ask.method} {ask.path}: what came can't be read") from None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/problem+json":
        try:
            raise named(json.loads(content), _retry_after(headers))
        except _UNREADABLE:
            pass
    what = f"{ask.method} {ask.path}: {status}"
    if status >= 500 or status == 429:
        raise NoAnswer(f"{what} from what stands before Heed")
    raise NotHeed(f"{what}, and not in Heed's words: is the address right?")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    said = headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdecimal() else None


# ------------------------------------------------------------------ asking again


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long to try. Every operation may be repeated, so each one is.

    Pauses double from the first to the longest, each shortened by chance so that many who failed
    together do not come back together.
    """

    tries: int = 4
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 8.0

    def pause(self, failed: int, why: Unconfirmed) -> float | None:
        """Seconds until the next try after so many; None when it is over."""
        if failed >= self.tries or isinstance(why, NotHeed):
            return None
        usual = min(self.first_pause_seconds * 2.0 ** (failed - 1), self.longest_pause_seconds)
        asked = why.retry_after_seconds if isinstance(why, Answered) else None
        if asked is not None and asked > self.longest_pause_seconds:
            return None
        return max(usual * random.uniform(0.5, 1.0), asked or 0.0)
