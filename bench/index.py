"""How fast is a near match found among many, in how much memory? With the peers in the same run.

    PYTHONPATH=src python -m bench.index [--sizes 1000000,10000000] [--photographs] [--clustered]

Peers are faiss Flat and MultiHash with the parameters of Meta's Hasher-Matcher-Actioner, and
`threatexchange` PDQIndex, which is what that runs (`requirements/bench.txt`; without them they are
left out, and said). One thread, whose processor time is measured. 99 of 100 queries meet nothing.
All are built first and then asked in turn, round after round, so that a slow minute of a shared
machine is everybody's; a figure is the middle one of the rounds, and so is a ratio. Prints a table
for each size, and whether its budget holds: the ratio is that of throughput, in batches of 131,072,
as a bank is compared with all that is registered, or a site's pictures with all banks.
Every answer for the first queries is compared with brute force, asked alone and among all.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heed.instance.compiling import kept_in
from heed.instance.place import ROOT

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["NUMBA_CACHE_DIR"] = str(kept_in(ROOT / "var" / "bench" / "compiled"))

import numpy as np
import psutil  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray

from bench.machine import budget, machine
from heed.hashing.index import merging
from heed.hashing.index.book import NEAR, PUT, Book, Fresh
from heed.hashing.index.hits import Hits, compare_all

try:
    import faiss  # type: ignore[import-not-found, unused-ignore]
    from threatexchange.signal_type.pdq.pdq_index import (  # type: ignore[import-not-found, unused-ignore]
        PDQIndex,
    )
except ImportError:
    faiss = None

WITHIN = 31
BATCHES = (1, 64, 1_024, 8_192, 131_072)
ASKED = 200_000
ROUNDS = 8
LONGEST_US = 2e6  # for a batch
TIMES_PDQ_INDEX = {1_000_000: 120.0, 10_000_000: 800.0}  # what it is held to
BYTES, OPEN_MS, ADD_MS = 140.0, 100.0, 10.0
PART = 1 << 22
Values = NDArray[np.uint8]
Ask = Callable[[Values], int]  # how many were met


@dataclass
class Row:
    """One index's figures. Microseconds a query, but where it says otherwise."""

    name: str
    ask: Ask
    build_s: float
    bytes_each: float
    add_ms: float = 0.0
    open_ms: float = 0.0
    is_peer: bool = True
    single: list[float] = field(default_factory=list)
    rounds: dict[int, list[float]] = field(default_factory=dict)  # by size of batch

    def batch(self, size: int) -> float:
        return float(np.median(self.rounds[size]))

    def times(self, other: "Row", size: int) -> float:
        """How many times as fast as the other, in the middle one of the rounds."""
        return float(np.median(np.divide(other.rounds[size], self.rounds[size])))


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--sizes", default="100000,1000000,10000000")
    asked.add_argument("--photographs", action="store_true", help="hashes of views of photographs")
    asked.add_argument("--clustered", action="store_true", help="a thousand variants of each value")
    asked.add_argument("--peers", default="flat,multi,pdqindex", help="which; empty for none")
    asked.add_argument(
        "--seconds", type=float, default=4.0, help="for each figure, over all rounds"
    )
    said = asked.parse_args()
    held = True
    for size in (int(one) for one in said.sizes.split(",")):
        kind = "photographs" if said.photographs else "clustered" if said.clustered else "random"
        values, queries = hashes(kind, size)
        rows = measured(values, queries, said.seconds, said.peers)
        show(kind, size, rows)
        held &= judged(kind, size, rows)
    sys.exit(not held)


def hashes(kind: str, size: int) -> tuple[Values, Values]:
    """What is banked, and what is asked: one of a hundred is a banked one with some bits turned."""
    chance = np.random.default_rng(size)
    if kind == "photographs":
        from bench.photographs import views

        both = views(size + ASKED, 1)
        values, queries = both[:size], both[size:].copy()
    else:
        values = chance.integers(0, 256, (size, 32), dtype=np.uint8)
        queries = chance.integers(0, 256, (ASKED, 32), dtype=np.uint8)
    if kind == "clustered":
        values = values[np.arange(size) // 1_000 * 1_000]
        values = turned(values, chance.integers(0, 25, size), chance)
    near = np.arange(0, len(queries), 100)
    chosen = values[chance.integers(0, size, len(near))]
    queries[near] = turned(chosen, chance.integers(0, 28, len(near)), chance)
    return np.ascontiguousarray(values), queries


def turned(values: Values, bits: NDArray[np.int64], chance: np.random.Generator) -> Values:
    """Each value with so many of its bits turned."""
    done = []
    for start in range(0, len(values), 100_000):
        some = values[start : start + 100_000]
        ranks = np.argsort(chance.random((len(some), 256), np.float32), axis=1)
        flips = ranks < bits[start : start + 100_000, None]
        done.append(some ^ np.packbits(flips, axis=1))
    return np.concatenate(done)


# ---------------------------------------------------------------- what is measured


def measured(values: Values, queries: Values, seconds: float, peers: str) -> "list[Row]":
    directory = Path(tempfile.mkdtemp(prefix="heed-index-"))
    try:
        rows = [_heed(directory, values, queries)]
        if faiss is None or not peers:
            print("faiss and threatexchange are not here, or not asked for", file=sys.stderr)
        else:
            faiss.omp_set_num_threads(1)
            known = {"flat": _flat, "multi": _multi, "pdqindex": _pdq_index}
            rows += [known[peer](values) for peer in peers.split(",")]
        for _ in range(ROUNDS):
            for row in rows:
                _ask_once(row, queries, seconds / ROUNDS)
    finally:
        shutil.rmtree(directory)
    return rows


def _heed(directory: Path, values: Values, queries: Values) -> Row:
    began = time.perf_counter()
    book = Book(directory / "book", {"pdq": NEAR}, identity="bench", boot="bench")
    for start in range(0, len(values), PART):
        part = values[start : start + PART]
        last = start + len(part) == len(values)
        merging.merge(book, _fresh(part, start), watermark=2 if last else None)
    built = time.perf_counter() - began
    on_disk = sum(path.stat().st_size for path in (directory / "book").iterdir())
    began = time.perf_counter()
    book = Book(directory / "book", {"pdq": NEAR}, identity="bench", boot="bench")
    opened = (time.perf_counter() - began) * 1e3
    _must_agree(book, values, queries)
    row = Row(
        "heed",
        lambda some: len(book.near("pdq", some, WITHIN).ref),
        built,
        on_disk / len(values),
        open_ms=opened,
        is_peer=False,
    )
    row.add_ms = _added(
        book, Book(directory / "book", {"pdq": NEAR}, identity="bench", boot="bench")
    )
    return row


def _fresh(values: Values, first: int, xid: int = 1) -> Fresh:
    count, none = len(values), np.zeros(len(values), np.uint32)
    return Fresh(
        np.arange(first, first + count), np.full(count, xid, np.uint64), none + PUT, none, values
    )


def _added(writer: Book, reader: Book) -> float:
    """Milliseconds (p99) from banking one signal until another opening of the book finds it."""
    chance, took = np.random.default_rng(9), []
    for n in range(200):
        value = chance.integers(0, 256, (1, 32), dtype=np.uint8)
        began = time.perf_counter()
        writer.take(_fresh(value, 1 << 40 | n, xid=5 + n), watermark=2)
        assert (1 << 40 | n) in reader.near("pdq", value, 0).ref
        took.append(time.perf_counter() - began)
    return float(np.percentile(took, 99)) * 1e3


def _must_agree(book: Book, values: Values, queries: Values) -> None:
    some = queries[:200]
    true = compare_all(values.view(np.uint64), np.arange(len(values)), some.view(np.uint64), WITHIN)
    alone = book.near("pdq", some, WITHIN)
    among = book.near("pdq", queries[: BATCHES[-1]], WITHIN)
    ours = among.query < len(some)
    for hits in (alone, Hits(among.query[ours], among.ref[ours], among.bits[ours])):
        told = list(zip(*(row.tolist() for row in hits), strict=True))
        assert sorted(told) == sorted(zip(*(row.tolist() for row in true), strict=True)), (
            "the index does not agree with brute force"
        )


def _flat(values: Values) -> Row:
    return _of_faiss("faiss Flat", faiss.IndexBinaryFlat(256), values)


def _multi(values: Values) -> Row:
    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
    return _of_faiss("faiss MultiHash 16x16, 1 flip", index, values)


def _of_faiss(name: str, index: Any, values: Values) -> Row:
    before, began = _resident(), time.perf_counter()
    index.add(values)
    built, held = time.perf_counter() - began, _resident() - before
    return Row(
        name, lambda some: len(index.range_search(some, WITHIN + 1)[1]), built, held / len(values)
    )


def _pdq_index(values: Values) -> Row:
    before, began = _resident(), time.perf_counter()
    index = PDQIndex((value.tobytes().hex(), n) for n, value in enumerate(values))
    built, held = time.perf_counter() - began, _resident() - before
    return Row(
        "threatexchange PDQIndex",
        lambda some: sum(len(index.query(one.tobytes().hex())) for one in some),
        built,
        held / len(values),
    )


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


def _ask_once(row: Row, queries: Values, seconds: float) -> None:
    """A round. Processor time of this thread: what others do on the machine is not counted."""
    row.ask(queries[:64])
    for size in BATCHES:
        took: list[float] = []
        done, room = len(row.rounds.get(size, [])), len(queries) - size
        until, at = time.perf_counter() + seconds, done * size % room
        while time.perf_counter() < until or not took:
            some = queries[at : at + _of_a_batch(row, size)]
            began = time.thread_time()
            row.ask(some)
            took.append((time.thread_time() - began) / len(some) * 1e6)
            at = (at + size) % room
        row.rounds.setdefault(size, []).append(float(np.mean(took)))
        if size == 1:
            row.single += took


def _of_a_batch(row: Row, size: int) -> int:
    """All of it; of a peer as much as it answers in two seconds: it gains nothing by batches."""
    if row.is_peer:
        return max(1, min(size, int(LONGEST_US / np.median(row.single or [1.0]))))
    return size


def show(kind: str, size: int, rows: list[Row]) -> None:
    slow = next((row for row in rows if "PDQIndex" in row.name), None)
    print(f"\n{size:,} {kind} hashes, within {WITHIN} bits; one thread; {machine()}")
    print(
        "| | p50 / p99 us | batch 1 / 64 / 1,024 / 8,192 / 131,072 us | times PDQIndex"
        " | build s | add ms | open ms | B each |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        means = " / ".join(f"{row.batch(size):,.1f}" for size in BATCHES)
        times = " / ".join(f"{row.times(slow, size):,.0f}" for size in BATCHES) if slow else ""
        p50, p99 = np.percentile(row.single, (50, 99))
        added, opened = f"{row.add_ms:.2f}", f"{row.open_ms:.1f}"
        if row.is_peer:
            added = opened = ""
        print(
            f"| {row.name} | {p50:,.1f} / {p99:,.1f} | {means} | {times}"
            f" | {row.build_s:.1f}"
            f" | {added} | {opened} | {row.bytes_each:.0f} |"
        )


def judged(kind: str, size: int, rows: list[Row]) -> bool:
    """Whether the budgets hold that there are for this size; says so, one by one."""
    ours, slow = rows[0], next((row for row in rows if "PDQIndex" in row.name), None)
    budgets = [
        (f"opened in {ours.open_ms:.1f} ms", ours.open_ms < OPEN_MS, f"{OPEN_MS:.0f}"),
        (f"added in {ours.add_ms:.2f} ms", ours.add_ms < ADD_MS, f"{ADD_MS:.0f}"),
    ]
    if size == max(TIMES_PDQ_INDEX):
        each = ours.bytes_each
        budgets.append((f"{each:.0f} B a signal", each <= BYTES, f"{BYTES:.0f}"))
    if slow and kind == "random" and (least := TIMES_PDQ_INDEX.get(size)):
        times = ours.times(slow, BATCHES[-1])
        budgets.append((f"{times:,.0f} times PDQIndex", times >= least, f"{least:.0f}"))
    print("\n" + "; ".join(what + budget(than, kept=kept) for what, kept, than in budgets))
    return all(kept for _, kept, _ in budgets)


if __name__ == "__main__":
    main()
