"""What looks like what, among everything registered and all banks. Exactly, and without SQL.

The index under `var/index` says which signals are near or equal; the database says which of them
still stand, and in which bank: so the index may hold too much, never too little. Before a search in
a flow it is brought up to date (`catch_up`, one statement); a search at the gate uses what this
machine has, which is what every process here has committed (each calls `catch_up` after it
banked), and what others did within a second (the worker's poll).

Where the index can't be used, everything is compared in PostgreSQL as before, and the log says so.

    meet_banks([value, ...], type="pdq", platform_id=...)        -> [BankHit, ...]
    meet_banks([value, ...], type="md5", bank_ids=[...])         the same for equal values
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psutil  # type: ignore[import-untyped]
from django.conf import settings
from django.db import connection

from heed.hashing.distance import GOOD_QUALITY
from heed.hashing.index import (
    Abandoned,
    Book,
    ForeignFile,
    Hits,
    IndexUnusable,
    NotWritable,
    TornFile,
    merging,
)
from heed.hashing.index.book import begin_anew
from heed.hashing.index.counters import locked
from heed.hashing.index.hits import rows
from heed.media import feeds
from heed.media.feeds import BANKED, REGISTERED, Feed
from heed.media.registering import FileIn

logger = logging.getLogger(__name__)
SOON = 4_096  # rows that a request takes in itself; more are for the worker
PART = 1 << 22  # rows that are built in at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class BankHit:
    """A banked signal that one of the values asked about meets."""

    query: int  # the value's place among those asked about
    signal_id: int
    bank_id: UUID
    distance_bits: int


class _Shelf:
    """This process's books, one for each feed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.books: dict[tuple[str, str], Book] = {}
        self.said: set[str] = set()

    def book(self, feed: Feed) -> Book:
        """Open it once. Raises `IndexUnusable`."""
        key = (feed.name, str(connection.settings_dict["NAME"]))
        with self.lock:
            if key not in self.books:
                self.books[key] = _opened(feed)
            return self.books[key]

    def forget(self, feed: Feed) -> None:
        """Open it anew next time."""
        with self.lock:
            self.books = {key: book for key, book in self.books.items() if key[0] != feed.name}

    def say_once(self, text: str) -> None:
        """To the log, the first time."""
        if text not in self.said:
            self.said.add(text)
            logger.error(text)


_shelf = _Shelf()


def place(feed: Feed) -> Path:
    """The directory of a feed's book."""
    return Path(settings.HEED_VAR) / "index" / feed.name


@cache
def _boot() -> str:
    """This run of the machine."""
    known = Path("/proc/sys/kernel/random/boot_id")
    return known.read_text() if known.exists() else f"{psutil.boot_time():.0f}"


def _opened(feed: Feed) -> Book:
    try:
        return Book(place(feed), feed.kinds, identity=feeds.identity(), boot=_boot())
    except (TornFile, ForeignFile, Abandoned) as refused:
        logger.error("The match index is built again from the database: %s", refused)
        begin_anew(place(feed))
        return Book(place(feed), feed.kinds, identity=feeds.identity(), boot=_boot())


def book_of(feed: Feed) -> Book | None:
    """The book as this machine has it; None when it can't be used, which the log says once."""
    for _ in range(2):
        try:
            book = _shelf.book(feed)
            book.view()
            return book
        except NotWritable as refused:
            _shelf.say_once(
                f"The match index can't be used, and every search is slower now: {refused}"
            )
            return None
        except IndexUnusable as refused:
            logger.error("The match index is opened again: %s", refused)
            _shelf.forget(feed)
    return None


def catch_up(*wanted: Feed) -> None:
    """Bring the index of this machine up to what is committed now.

    Call it after a transaction that banked or registered something: every process here then
    matches it at its next request. Repeating changes nothing; what is not called is caught up with
    by the worker within a second.
    """
    for feed in wanted or (BANKED, REGISTERED):
        current(feed)


def current(feed: Feed) -> Book | None:
    """The book with everything that is committed now; None when the database must be asked."""
    book = book_of(feed)
    if book is None:
        return None
    try:
        mark = book.watermark  # asked before: meanwhile another process may take in newer news
        found = feeds.news(feed, mark, most=SOON)
        if found is None:
            return None
        if mark > found.watermark:  # an older database than it was: from the start
            _begin_anew(feed)
            return None
        book.take(found.fresh, watermark=found.watermark)
        book.setting = found.setting
    except IndexUnusable as refused:
        _shelf.say_once(f"The match index can't be brought up to date: {refused}")
        _shelf.forget(feed)
        return None
    return book


def warm(feed: Feed) -> None:
    """Load what a search in large numbers needs, before one does; small books need nothing."""
    book = book_of(feed)
    if book is None:
        return
    if book.view().segments or book.view().delta.count > merging.MERGE_FROM // 2:
        book.warm()


def _begin_anew(feed: Feed) -> None:
    logger.error("The database is older than the match index, which is built again.")
    begin_anew(place(feed))
    _shelf.forget(feed)


def tend(feed: Feed) -> bool:
    """Take in what is new, however much, and merge when that is due. Returns whether it merged.

    For the worker: it may take minutes, and searches go on meanwhile. Raises `IndexUnusable`.
    """
    book = book_of(feed)
    if book is None:
        return False
    if current(feed) is not None:
        merged = merging.due(book) and merging.merge(book)
        if merged:
            feeds.forget_gone(book.watermark)
        return merged
    book = book_of(feed)
    return book is not None and _take_all(feed, book)


def _take_all(feed: Feed, book: Book) -> bool:
    with locked(book.directory / "taking", wait=False) as ours:
        if not ours:
            return False
        for fresh, watermark in feeds.everything(feed, book.watermark, part=PART):
            merging.merge(book, fresh, watermark=watermark)
    return True


# ------------------------------------------------------------------ searching


def near(kind: str, values: Sequence[bytes], within_bits: int, *, book: Book) -> Hits:
    """Candidates within so many bits of each value, from `book` (see `current`, `book_of`)."""
    return book.near(kind, rows(values), within_bits)


def same(kind: str, values: Sequence[bytes], *, book: Book) -> Hits:
    """Candidates that begin as each value does: the database has the last word."""
    keys = np.frombuffer(b"".join([value[:8].ljust(8, b"\0") for value in values]), np.uint64)
    return book.same(kind, keys)


def strangers(files: Sequence[FileIn], book: Book) -> list[bool] | None:
    """Which of these files certainly meet no bank that this machine knows of. No statement.

    False means: ask. None: the book (see `current`) can't tell any more.
    """
    try:
        return _strangers(files, book)
    except IndexUnusable:
        return None


def _strangers(files: Sequence[FileIn], book: Book) -> list[bool]:
    strange = [True] * len(files)
    for type in ("sha256", "md5", "sha1"):
        asked = [(n, value) for n, one in enumerate(files) if (value := getattr(one, type))]
        if asked:
            _strike(strange, asked, same(type, [value for _, value in asked], book=book))
    looks = [
        (n, one.pdq)
        for n, one in enumerate(files)
        if one.pdq is not None and one.pdq_quality >= GOOD_QUALITY
    ]
    if looks:
        within = min(book.setting, 40)
        _strike(strange, looks, near("pdq", [value for _, value in looks], within, book=book))
    return strange


def _strike(strange: list[bool], asked: Sequence[tuple[int, bytes]], hits: Hits) -> None:
    for query in hits.query.tolist():
        strange[asked[query][0]] = False


_STANDING = """
SELECT h.query, s.id, s.bank_id, h.bits
FROM ({hits}) AS h(query, ref, bits)
JOIN media_banksignal s ON s.id = h.ref AND s.type = %(type)s
JOIN media_bank k ON k.id = s.bank_id
WHERE s.withdrawn_at IS NULL AND s.off_until IS NULL AND k.enabled
  AND h.bits <= coalesce(%(within)s, k.threshold_bits)
  AND (%(value)s::bytea[] IS NULL OR s.value = (%(value)s::bytea[])[h.query + 1])
  AND (%(banks)s::uuid[] IS NULL OR s.bank_id = ANY(%(banks)s))
  AND (%(platform)s::uuid IS NULL OR k.platform_id = %(platform)s OR k.platform_id IS NULL)
ORDER BY h.query, h.bits, s.id
"""
_FROM_INDEX = "SELECT * FROM unnest(%(query)s::int[], %(ref)s::bigint[], %(bits)s::int[])"
_COMPARED = """
SELECT q.n - 1, b.id, bit_count(b.bits # ('x' || encode(q.value, 'hex'))::bit(256))::int
FROM unnest(%(values)s::bytea[]) WITH ORDINALITY AS q(value, n)
JOIN media_banksignal b ON b.type = %(type)s
 AND bit_count(b.bits # ('x' || encode(q.value, 'hex'))::bit(256)) <= 40
"""
_EQUAL = """
SELECT q.n - 1, b.id, 0 FROM unnest(%(values)s::bytea[]) WITH ORDINALITY AS q(value, n)
JOIN media_banksignal b ON b.type = %(type)s AND b.value = q.value
"""
EXACT = frozenset({"sha256", "md5", "sha1"})


def meet_banks(
    values: Sequence[bytes],
    *,
    type: str,
    within_bits: int | None = None,
    bank_ids: Sequence[UUID] | None = None,
    platform_id: UUID | None = None,
    up_to_date: bool = True,
) -> list[BankHit]:
    """Live signals of enabled banks that the values meet, nearest first for each value.

    `type`: pdq or vpdq for near ones, sha256, md5 or sha1 for equal ones. `within_bits` (0 to 40)
    goes before each bank's own threshold. With `platform_id`, that platform's banks and shared
    ones; with `bank_ids`, those alone. `up_to_date=False` searches what this machine has, which
    costs no statement unless something was met. Raises `ValueError` for a near value that is not
    of 32 bytes.
    """
    if not values:
        return []
    book = current(BANKED) if up_to_date else book_of(BANKED)
    facts: dict[str, Any] = {
        "type": type, "within": within_bits, "banks": bank_ids and list(bank_ids),
        "platform": platform_id, "values": list(values),
        "value": list(values) if type in EXACT else None,
    }  # fmt: skip
    if book is None:
        source = _EQUAL if type in EXACT else _COMPARED
    else:
        source = _FROM_INDEX
        hits = _candidates(book, values, type, within_bits)
        if not hits.ref.size:
            return []
        facts |= {
            "query": hits.query.tolist(), "ref": hits.ref.tolist(), "bits": hits.bits.tolist(),
        }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_STANDING.format(hits=source), facts)
        return [
            BankHit(query=query, signal_id=signal, bank_id=bank, distance_bits=bits)
            for query, signal, bank, bits in cursor.fetchall()
        ]


def _candidates(book: Book, values: Sequence[bytes], type: str, within_bits: int | None) -> Hits:
    if type in EXACT:
        return same(type, values, book=book)
    within = book.setting if within_bits is None else within_bits
    return near(type, values, min(within, 40), book=book)
