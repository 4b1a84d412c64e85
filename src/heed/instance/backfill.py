"""`heed backfill`: what a site has published already is read, hashed, registered, and compared.

Files are read by several hands and looked at in the locked-down children, one page ahead of what is
being registered. After each page a note under `var/backfill` says where to go on; what could not be
read stands beside it, a line each.
"""

import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from heed.flows.backfill import Filled, Seen, backfill, end_backfill
from heed.hashing.refusals import Reason
from heed.hashing.sandbox import MAX_FILE_BYTES, DecoderPool
from heed.hashing.signals import NOT_HASHABLE, FileSignals
from heed.instance.place import Place
from heed.instance.trouble import Trouble
from heed.ports import Listed, ListedFile, Listing, NotFetched, NotListed, Store

WITHIN_SECONDS = 120.0  # for one file: nobody waits at a door
FETCH_WITHIN_SECONDS = 30.0
TOLD = 20  # of what could not be read, the first so many are printed
Fetch = Callable[[str], bytes]


class Stopped(Trouble):
    """The listing could not be read on. What was done is kept; the same command goes on with it."""


@dataclass(slots=True)
class Journal:
    """How far it has come."""

    after: str = ""
    items: int = 0
    new: int = 0
    files: int = 0
    could_not: int = 0
    not_visible: int = 0
    matched: int = 0
    ended_at: str = ""


@dataclass(frozen=True, slots=True)
class Notes:
    """Where the journal of one source lies."""

    path: Path

    @property
    def could_not(self) -> Path:
        """What could not be read: address, tab, why."""
        return self.path.with_suffix(".could-not")

    def read(self) -> Journal:
        """As it was left."""
        try:
            return Journal(**json.loads(self.path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return Journal()

    def begin(self) -> None:
        """From the start."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self.could_not.unlink(missing_ok=True)

    def write(self, journal: Journal, failed: list[tuple[str, str]]) -> None:
        """Whole or not at all; after the database has the page."""
        with self.could_not.open("a", errors="backslashreplace") as out:
            out.writelines(f"{url}\t{why}\n" for url, why in failed)
        half = self.path.with_suffix(".half")
        half.write_text(json.dumps(asdict(journal)))
        half.replace(self.path)


def notes_of(place: Place, slug: str, *source: str) -> Notes:
    """The journal of this source for this platform."""
    name = hashlib.sha256("\0".join(source).encode(errors="surrogateescape")).hexdigest()[:12]
    return Notes(place.var / "backfill" / f"{slug}-{name}.json")


@dataclass
class Hands:
    """Reads and looks at files: at most so many a second, and `jobs` at a time."""

    read: Callable[[ListedFile], bytes]
    jobs: int
    per_second: float = 0.0  # 0: as fast as it goes
    _next: float = 0.0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def ready(self) -> Iterator[Callable[[ListedFile], "Future[Looked]"]]:
        """Hand a file over; the future says what it looks like."""
        pool = DecoderPool(size=self.jobs)
        hands = ThreadPoolExecutor(self.jobs, thread_name_prefix="backfill")
        try:
            yield lambda file: hands.submit(self._look, pool, file)
        finally:
            hands.shutdown(cancel_futures=True)
            pool.close()

    def _look(self, pool: DecoderPool, file: ListedFile) -> "Looked":
        self._wait()
        try:
            data = self.read(file)
        except (NotListed, NotFetched) as why:
            return Looked(file, None, str(why) or "it could not be fetched")
        if len(data) > MAX_FILE_BYTES:
            return Looked(file, None, f"larger than {MAX_FILE_BYTES >> 20} MiB")
        signals = pool.signals(data, WITHIN_SECONDS, exact_value=True)  # these may be shared
        unknown = signals.state == NOT_HASHABLE and signals.reason != Reason.NOT_A_PICTURE
        return Looked(file, signals, str(signals.reason) if unknown else "")

    def _wait(self) -> None:
        if not self.per_second:
            return
        with self._turn:
            at = max(time.monotonic(), self._next)
            self._next = at + 1 / self.per_second
        time.sleep(max(0.0, at - time.monotonic()))


@dataclass(frozen=True, slots=True)
class Looked:
    """A file and its signals; `why` it could not be read, or with signals, not be hashed."""

    file: ListedFile
    signals: FileSignals | None
    why: str = ""


_Page = tuple[tuple[Listed, ...], list[list["Future[Looked]"]], str, int | None]


def run(
    platform_id: UUID,
    listing: Listing,
    hands: Hands,
    notes: Notes,
    *,
    went_on: Callable[[Journal, int | None], None] = lambda *_: None,
) -> Journal:
    """Go through the listing to its end, from where the journal stands. Raises `Stopped`."""
    journal = notes.read()
    notes.path.parent.mkdir(parents=True, exist_ok=True)
    with hands.ready() as look:
        for items, looking, after, total in _pages(listing, journal.after, look):
            looked = [[one.result() for one in files] for files in looking]
            seen = [
                Seen(item, tuple(one.signals for one in files))
                for item, files in zip(items, looked, strict=True)
            ]
            done = backfill(platform_id=platform_id, page=seen, now=datetime.now(UTC))
            flat = [one for files in looked for one in files]
            failed = [(one.file.url, one.why) for one in flat if one.why]
            journal = _added(journal, done, len(flat), len(failed), after)
            notes.write(journal, failed)
            went_on(journal, total)
    _end(platform_id, journal, notes)
    return journal


def _pages(
    listing: Listing, after: str, look: Callable[[ListedFile], "Future[Looked]"]
) -> Iterator[_Page]:
    """Each page when the files of the next one are already being looked at."""
    ahead: _Page | None = None
    while True:
        try:
            page = listing.page(after)
        except NotListed as why:
            if ahead is not None:
                yield ahead
            raise Stopped(f"{why}. What was done is kept: the same command goes on.") from None
        looking = [[look(file) for file in item.files] for item in page.items]
        if ahead is not None:
            yield ahead
        ahead, after = (page.items, looking, page.after, page.total), page.after
        if not after:
            yield ahead
            return


def _added(journal: Journal, done: Filled, files: int, failed: int, after: str) -> Journal:
    return Journal(
        after=after,
        items=journal.items + done.items,
        new=journal.new + done.new,
        files=journal.files + files,
        could_not=journal.could_not + failed,
        not_visible=journal.not_visible + done.not_visible,
        matched=journal.matched + done.matched,
    )


def _end(platform_id: UUID, journal: Journal, notes: Notes) -> None:
    now = datetime.now(UTC)
    end_backfill(
        platform_id=platform_id, items=journal.items, files=journal.files,
        could_not=journal.could_not, matched=journal.matched, now=now,
    )  # fmt: skip
    journal.ended_at = now.isoformat()
    notes.write(journal, [])


def reader(listing: Listing | Store, fetch: Fetch) -> Callable[[ListedFile], bytes]:
    """From where the bytes lie; else by the file's address."""

    def read(file: ListedFile) -> bytes:
        if file.key:
            return listing.read(file.key, MAX_FILE_BYTES)  # type: ignore[union-attr]
        return fetch(file.url)

    return read


@contextmanager
def watched() -> Iterator[Callable[[Journal, int | None], None]]:
    """A line now and then on the error output: how many, how fast, what was found."""
    began, said = time.monotonic(), [0.0]

    def went_on(journal: Journal, total: int | None) -> None:
        now = time.monotonic()
        if now - said[0] < 2.0 and journal.after:
            return
        said[0] = now
        of = f" of {total:,}" if total else ""
        rate = journal.files / max(now - began, 0.001)
        print(
            f"{journal.items:,}{of} items, {journal.files:,} files ({rate:,.0f}/s), "
            f"{journal.could_not:,} could not be read, {journal.matched:,} met a bank",
            file=sys.stderr, flush=True,
        )  # fmt: skip

    yield went_on


def tell(journal: Journal, notes: Notes) -> int:
    """Says what there was. Status 2 when something could not be read."""
    print(f"{journal.items:,} items ({journal.new:,} new) with {journal.files:,} files.")
    print(f"{journal.matched:,} files met a bank, {journal.not_visible:,} items are restricted.")
    if not journal.could_not:
        return 0
    print(f"COULD NOT  {journal.could_not:,} files; the worker tries them again by their address:")
    with notes.could_not.open() as lines:
        for number, line in enumerate(lines):
            if number == TOLD:
                print(f"  and more, in {notes.could_not}")
                break
            print(f"  {line.rstrip()}")
    return 2
