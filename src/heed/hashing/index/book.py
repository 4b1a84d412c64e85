"""A book: one directory of signals that all processes of a machine search and add to.

`state` holds the counters, `manifest` names the immutable segments, `delta-N` takes what is new.
A database stays the truth: a book only ever needs to be told what it does not have yet
(`watermark`), and may be thrown away at any time. What it holds too much is for its user to see.
"""

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heed.hashing.index import order
from heed.hashing.index.counters import Counters, locked
from heed.hashing.index.delta import DROP, PUT, RECORD, Delta, Last
from heed.hashing.index.files import Abandoned, Mapped, TornFile, write, writing
from heed.hashing.index.hits import I64, U8, U64, Hits, nothing, rows, together
from heed.hashing.index.segments import NEAR, SAME, NearSegment, Segment, opened, ordered, portions

FORMAT = 2  # of all files here; another one is foreign


class Fresh(NamedTuple):
    """News for a book: one row for each signal that was put in or dropped, in any order."""

    ref: I64
    xid: U64  # the transaction that did it
    op: NDArray[np.uint32]  # PUT or DROP
    kind: NDArray[np.uint32]  # its place among the book's kinds
    value: U8  # 32 bytes a row; of an equal kind, the first 8 are the key


@dataclass(frozen=True, slots=True)
class View:
    """What one generation consists of."""

    generation: int
    manifest: dict[str, Any]
    segments: tuple[Segment, ...]
    gone_refs: I64
    gone_seqs: I64
    delta: Delta

    def live(self, hits: Hits, seq: int) -> Hits:
        """Without what was dropped after the segment `seq` was made."""
        if not hits.ref.size or not (self.gone_refs.size or self.delta.gone):
            return hits
        later = self.delta.gone
        dead = np.array([later.get(ref, -1) >= seq for ref in hits.ref.tolist()], bool)
        if self.gone_refs.size:
            at = np.searchsorted(self.gone_refs, hits.ref).clip(max=self.gone_refs.size - 1)
            dead |= (self.gone_refs[at] == hits.ref) & (self.gone_seqs[at] >= seq)
        return Hits(hits.query[~dead], hits.ref[~dead], hits.bits[~dead])


class Book:
    """Signals of several kinds in one directory. Safe for threads and processes."""

    def __init__(
        self, directory: Path, kinds: Mapping[str, str], *, identity: str, boot: str
    ) -> None:
        """Open the book, or begin it.

        `kinds` says of each whether it is searched by nearness (`NEAR`) or equality (`SAME`);
        `identity` names the database that is the truth, `boot` this run of the machine: what was
        not forced to the disk is not believed after a crash of it.
        Raises `TornFile`, `ForeignFile` (then `begin_anew`), `NotWritable`.
        """
        self.directory, self.kinds = directory, dict(kinds)
        self.made = f"{FORMAT}:{order.name()}:{sorted(kinds.items())}:{identity}"
        self._number = _number(self.made)
        self._boot = _number(boot)
        self._lock, self._depth, self._seen = threading.RLock(), 0, 0
        self._warm = -1  # the generation for which all is loaded
        with writing(directory.parent):
            directory.mkdir(parents=True, exist_ok=True)
        with self.alone():
            first = not (directory / "manifest").exists()
            self.state = Counters(directory / "state", made=self._number, begin=first)
            if first:
                self.install([], 0, np.empty(0, np.int64), np.empty(0, np.int64), None)
            elif self.state[Counters.BOOT] != self._boot:
                self._forget_unforced()
        self._view = self._opened()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The lock under which the counters are written; a thread may take it again."""
        with self._lock, contextlib.ExitStack() as held:
            if not self._depth:
                held.enter_context(locked(self.directory / "lock"))
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    # -------------------------------------------------------------- searching

    def near(self, kind: str, queries: U8, within_bits: int) -> Hits:
        """Every signal of the kind within so many bits of each query (32 bytes a row)."""
        view = self.view()
        rings = [one for one in view.segments if one.kind == kind and isinstance(one, NearSegment)]
        raw = np.ascontiguousarray(queries).view(np.uint64)
        found = []
        for portion in portions(len(raw), within_bits):
            some = raw[portion]
            hits = [view.delta.near(kind, some, within_bits, compiled=bool(rings))]
            if rings:
                turned = ordered(queries[portion])
                hits += [view.live(one.near(turned, within_bits), one.seq) for one in rings]
            found += [
                Hits(one.query + portion.start, one.ref, one.bits) for one in hits if one.ref.size
            ]
        return together(found) if found else nothing()

    def warm(self) -> None:
        """Have loaded what `near` loads at its first use, in this process."""
        if self._warm == self._view.generation:
            return
        nothing_there, view = rows([bytes(32)]), self.view()  # as whoever asks has it
        ordered(nothing_there)
        for kind in (kind for kind, how in self.kinds.items() if how == NEAR):
            view.delta.near(kind, nothing_there.view(np.uint64), 0, compiled=True)
            self.near(kind, nothing_there, 0)
        self._warm = view.generation

    def same(self, kind: str, keys: U64) -> Hits:
        """Every signal of the kind whose key is equal; keys are the first 8 bytes of values."""
        view = self.view()
        found = [view.delta.same(kind, keys)]
        found += [
            view.live(one.same(keys), one.seq)
            for one in view.segments
            if one.kind == kind and not isinstance(one, NearSegment)
        ]
        return together(found) if any(one.ref.size for one in found) else nothing()

    def view(self) -> View:
        """Everything as of now: a look at two mapped numbers, and more only when they changed."""
        view = self._view
        if (
            self.state[Counters.GENERATION] == view.generation
            and view.delta.count == view.delta.known
        ):
            return view
        with self._lock:
            generation = self.state[Counters.GENERATION]
            if generation == Counters.ABANDONED:
                raise Abandoned(f"{self.directory} was begun anew")
            if generation != self._view.generation:
                self._view = self._opened()
            self._view.delta.catch_up()
            return self._view

    def _opened(self) -> View:
        while True:
            try:
                return self._read()
            except (FileNotFoundError, TornFile):
                if not self._moved_on():
                    raise

    def _moved_on(self) -> bool:
        """Whether what is missing was merged away while we read: then there is a newer manifest."""
        try:
            facts = Mapped(self.directory / "manifest", made=self.made).facts
        except FileNotFoundError:
            raise TornFile(f"{self.directory} has lost its manifest") from None
        missing = [name for name in facts["segments"] if not (self.directory / name).exists()]
        if missing:
            raise TornFile(f"{self.directory} has lost {missing[0]}")
        return int(facts["generation"]) != self._seen

    def _read(self) -> View:
        manifest = Mapped(self.directory / "manifest", made=self.made)
        facts = manifest.facts
        self._seen = int(facts["generation"])
        if facts["generation"] > self.state[Counters.GENERATION]:
            with self.alone():  # else its writer has ended between the two: the rest was in place
                behind = facts["generation"] > self.state[Counters.GENERATION]
                if behind:
                    self.state[Counters.GENERATION] = facts["generation"]
        segments = tuple(
            opened(self.directory / name, made=self.made) for name in facts["segments"]
        )
        path = self._delta_path(facts["generation"])
        delta = Delta(path, self.kinds, made=self._number, begin=False)
        delta.catch_up()
        gone = manifest.arrays
        return View(
            facts["generation"], facts, segments, gone["gone_refs"], gone["gone_seqs"], delta
        )

    def _delta_path(self, generation: int) -> Path:
        return self.directory / f"delta-{generation}"

    # -------------------------------------------------------------- adding

    @property
    def watermark(self) -> int:
        """Everything that transactions below this one did has been taken in."""
        return self.state[Counters.WATERMARK]

    @property
    def setting(self) -> int:
        """A number that the user of the book shares among processes."""
        return self.state[Counters.SETTING]

    @setting.setter
    def setting(self, number: int) -> None:
        self.state[Counters.SETTING] = number

    def take(self, news: Fresh, *, watermark: int) -> int:
        """Take in what a reading of the database showed; returns how many were news.

        `watermark` was asked for before the rows were read. Repeating changes nothing. For more
        than some thousands use `merging.merge`.
        """
        with self.alone():
            view = self.view()
            mark, last = self.watermark, view.delta.last
            told = zip(news.ref.tolist(), news.xid.tolist(), news.op.tolist(), strict=True)
            fresh = [
                n
                for n, (ref, xid, op) in enumerate(told)
                if xid >= mark and (ref not in last or _is_newer(last[ref], xid, op))
            ]
            if fresh:
                ranked = np.array(fresh)[np.argsort(news.xid[fresh], kind="stable")]
                view.delta.append(records(news, ranked))
            self.state[Counters.WATERMARK] = max(mark, watermark)
        return len(fresh)

    # -------------------------------------------------------------- generations

    def install(
        self,
        segments: list[str],
        watermark: int,
        gone_refs: I64,
        gone_seqs: I64,
        before: View | None,
    ) -> None:
        """Begin a generation of these segments; the lock is held.

        Of the delta `before`, only what transactions from `watermark` on did is carried over.
        """  # fmt: skip
        generation = self.state[Counters.GENERATION] + 1
        path = self._delta_path(generation)
        with writing(self.directory):
            path.unlink(missing_ok=True)
        delta = Delta(path, self.kinds, made=self._number, begin=True)
        delta.base = max([0, *(_seq_of(name) for name in segments)])
        if before is not None:
            delta.base = before.delta.base + before.delta.count + 1
            kept = before.delta.read(0, before.delta.count)
            kept = kept[kept["xid"] >= watermark].copy()
            if len(kept):
                delta.append(kept)
        facts = {
            "made": self.made, "generation": generation, "watermark": watermark,
            "segments": segments,
        }  # fmt: skip
        sections = {"gone_refs": ("i8", len(gone_refs)), "gone_seqs": ("i8", len(gone_seqs))}

        def fill(arrays: dict[str, NDArray[Any]]) -> None:
            arrays["gone_refs"][:], arrays["gone_seqs"][:] = gone_refs, gone_seqs

        write(self.directory / "manifest", facts, sections, fill)
        self.state[Counters.WATERMARK] = max(self.watermark if before else 0, watermark)
        self.state[Counters.BOOT] = self._boot
        self.state[Counters.GENERATION] = generation

    def sweep(self) -> None:
        """Remove files that no manifest names any more; whoever has them open keeps them."""
        with self.alone():
            view = self.view()
            kept = {"state", "lock", "merging", "manifest", view.delta.path.name}
            kept |= set(view.manifest["segments"])
            for path in self.directory.iterdir():
                if path.name not in kept:
                    path.unlink(missing_ok=True)

    def _forget_unforced(self) -> None:
        """The machine was off: what only the page cache held may be torn or older than the rest."""
        manifest = Mapped(self.directory / "manifest", made=self.made)
        facts, gone = manifest.facts, manifest.arrays
        generation = max(self.state[Counters.GENERATION], facts["generation"])
        self.state[Counters.GENERATION] = generation
        self.install(
            facts["segments"], facts["watermark"], gone["gone_refs"], gone["gone_seqs"], None
        )

    def check(self) -> None:
        """Read every file whole. Raises `TornFile`."""
        for segment in self.view().segments:
            segment.mapped.check()


def _is_newer(last: Last, xid: int, op: int) -> bool:
    """A later word counts; of one transaction's two, that which keeps the signal in."""
    return xid > last.xid or (xid == last.xid and op == PUT and last.op == DROP)


def _seq_of(name: str) -> int:
    """When a segment was made, by its name: kind-generation-seq-count.segment."""
    return int(name.rsplit("-", 2)[1])


def begin_anew(directory: Path) -> None:
    """Throw a book away that can't be used: the next opening begins it, empty.

    Raises `NotWritable`.
    """
    with writing(directory), contextlib.suppress(FileNotFoundError):
        with (directory / "state").open("r+b") as state:
            state.seek(8 * Counters.GENERATION)
            state.write(Counters.ABANDONED.to_bytes(8, "little"))
        (directory / "state").unlink()
    with writing(directory), contextlib.suppress(FileNotFoundError):
        for path in directory.iterdir():
            if path.name not in ("lock", "merging"):
                path.unlink(missing_ok=True)


def records(news: Fresh, rows: NDArray[Any]) -> NDArray[Any]:
    """Rows of news as a delta keeps them."""
    made = np.zeros(len(rows), RECORD)
    for name in ("ref", "xid", "op", "kind", "value"):
        made[name] = getattr(news, name)[rows]
    return made


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "little") | 1


__all__ = ["DROP", "NEAR", "PUT", "SAME", "Book", "Fresh", "View", "begin_anew", "records"]
