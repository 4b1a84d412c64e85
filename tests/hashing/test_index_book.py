"""The match index against looking at everything: any order of what happens to it."""

import contextlib
import multiprocessing
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from heed.hashing.index import book as books
from heed.hashing.index import merging, segments
from heed.hashing.index.book import DROP, NEAR, PUT, SAME, Book, Fresh
from heed.hashing.index.files import Abandoned, ForeignFile, NotWritable, TornFile
from heed.hashing.index.hits import compare_all, rows
from heed.hashing.index.segments import MANY, VERY_MANY, VERY_MANY_OF_ONE_PROBE

KINDS = {"pdq": NEAR, "sha256": SAME}
MOST = 40


def open_book(path: Path, *, identity: str = "db", boot: str = "b") -> Book:
    return Book(path, KINDS, identity=identity, boot=boot)


def news(*rows: tuple[int, int, int, int, bytes]) -> Fresh:
    """(ref, xid, op, kind, value) each."""
    refs, xids, ops, kinds, values = zip(*rows, strict=True) if rows else ((),) * 5
    return Fresh(
        np.array(refs, np.int64), np.array(xids, np.uint64), np.array(ops, np.uint32),
        np.array(kinds, np.uint32), np.frombuffer(b"".join(values), np.uint8).reshape(-1, 32),
    )  # fmt: skip


def asked(book: Book, value: bytes, within: int) -> dict[int, int]:
    hits = book.near("pdq", np.frombuffer(value, np.uint8).reshape(1, 32), within)
    assert len(set(hits.ref.tolist())) == len(hits.ref)
    return dict(zip(hits.ref.tolist(), hits.bits.tolist(), strict=True))


def same(book: Book, value: bytes) -> set[int]:
    return set(book.same("sha256", np.frombuffer(value[:8], np.uint64)).ref.tolist())


def truth(rows: dict[int, bytes], value: bytes, within: int) -> dict[int, int]:
    whole = int.from_bytes(value)
    apart = {ref: (int.from_bytes(one) ^ whole).bit_count() for ref, one in rows.items()}
    return {ref: bits for ref, bits in apart.items() if bits <= within}


def altered(value: bytes, bits: int, chance: random.Random) -> bytes:
    whole = int.from_bytes(value)
    for place in chance.sample(range(256), bits):
        whole ^= 1 << place
    return whole.to_bytes(32)


# ------------------------------------------------------------------ every threshold


def test_every_threshold_finds_exactly_what_looking_at_each_would(tmp_path: Path) -> None:
    chance = random.Random(1)
    book = open_book(tmp_path / "book")
    centre = [chance.randbytes(32) for _ in range(4)]
    rows = {n: altered(centre[n % 4], n % 46, chance) for n in range(600)}
    rows |= {n: chance.randbytes(32) for n in range(600, 2_000)}
    told = news(*((n, 10, PUT, 0, value) for n, value in rows.items()))
    assert merging.merge(book, told, watermark=11)
    late = {n: altered(centre[0], n % 41, chance) for n in range(2_000, 2_100)}
    book.take(news(*((n, 12, PUT, 0, value) for n, value in late.items())), watermark=12)
    rows |= late
    for within in range(MOST + 1):
        for value in (centre[within % 4], altered(centre[0], within, chance), bytes(32)):
            assert asked(book, value, within) == truth(rows, value, within)
    many = [altered(centre[n % 4], n % 20, chance) for n in range(150)]
    hits = book.near("pdq", np.frombuffer(b"".join(many), np.uint8).reshape(-1, 32), 31)
    told_apart = {(q, r): b for q, r, b in zip(*(row.tolist() for row in hits), strict=True)}
    assert told_apart == {
        (n, ref): bits
        for n, value in enumerate(many)
        for ref, bits in truth(rows, value, 31).items()
    }
    with pytest.raises(ValueError, match="between 0 and 40"):
        asked(book, bytes(32), 41)


def test_a_crowd_of_variants_and_a_crowd_of_questions_lose_nothing(tmp_path: Path) -> None:
    chance = random.Random(2)
    centre = chance.randbytes(32)
    values = [altered(centre, n % 7, chance) for n in range(6_000)]  # a few buckets hold them all
    book = open_book(tmp_path / "book")
    told = news(*((n, 10, PUT, 0, value) for n, value in enumerate(values)))
    assert merging.merge(book, told, watermark=11)
    questions = [chance.randbytes(32) for _ in range(2_000)]
    for place in (0, 63, 64, 1_023, 1_024, 1_999):
        questions[place] = altered(centre, 26, chance)
    raw = np.frombuffer(b"".join(questions), np.uint8).reshape(-1, 32)
    true = compare_all(
        np.frombuffer(b"".join(values), np.uint64).reshape(-1, 4), np.arange(len(values)),
        raw.view(np.uint64), 31,
    )  # fmt: skip
    found = book.near("pdq", raw, 31)
    assert len(found.ref) == len(true.ref) > 6_000
    for ours, theirs in zip(found, true, strict=True):
        assert (ours == theirs).all()


def test_however_many_ask_together_everybody_is_answered_the_same(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    centre = chance.integers(0, 256, (1, 32), dtype=np.uint8)
    crowd = turned(centre, chance.integers(0, 9, 1_000), chance)  # a few buckets hold them all
    values = np.concatenate([chance.integers(0, 256, (2_000, 32), dtype=np.uint8), crowd])
    book = open_book(tmp_path / "book")
    none = np.zeros(len(values), np.uint32)
    told = Fresh(np.arange(len(values)), none.astype(np.uint64) + 10, none + PUT, none, values)
    assert merging.merge(book, told, watermark=11)
    asking = chance.integers(0, 256, (VERY_MANY_OF_ONE_PROBE, 32), dtype=np.uint8)
    asking[500:900] = centre ^ (asking[500:900] & 3)  # many of whom go to the same buckets
    near = np.concatenate([np.arange(0, len(asking), 40), np.arange(400)])
    planted = values[chance.integers(0, len(values), len(near))]
    asking[near] = turned(planted, chance.integers(0, 42, len(near)), chance)
    for within, size in ((15, VERY_MANY_OF_ONE_PROBE), (31, VERY_MANY + 300), (40, VERY_MANY)):
        assert segments.very_many(within) <= size
        together = book.near("pdq", asking[:size], within)
        starts = range(0, size, MANY)
        each = [
            book.near("pdq", asking[start : min(start + MANY, size)], within) for start in starts
        ]
        parts = [
            np.concatenate([part.query + start for part, start in zip(each, starts, strict=True)]),
            np.concatenate([part.ref for part in each]),
            np.concatenate([part.bits for part in each]),
        ]
        assert len(together.ref) == len(parts[0]) > 0
        for ours, theirs in zip(answers(*together), answers(*parts), strict=True):
            assert (ours == theirs).all()
    some = np.flatnonzero(together.query < 50)
    few = np.ascontiguousarray(asking[:50]).view(np.uint64)
    true = compare_all(values.view(np.uint64), np.arange(len(values)), few, 40)
    assert set(zip(*(row[some].tolist() for row in together), strict=True)) == set(
        zip(*(row.tolist() for row in true), strict=True)
    )


def test_after_warming_nothing_is_compiled_for_a_question(tmp_path: Path) -> None:
    book = open_book(tmp_path / "book")
    assert merging.merge(book, news((1, 10, PUT, 0, bytes(32))), watermark=11)
    book.take(news((2, 12, PUT, 0, bytes(32))), watermark=12)
    context = multiprocessing.get_context("spawn")  # where no other test has asked before
    with context.Pool(1) as pool:
        assert pool.apply(_compiled_by_a_question, (tmp_path / "book",)) == 0


def _compiled_by_a_question(place: Path) -> int:
    from heed.hashing.index import ring

    loaded = (ring.permute, ring.find, ring.compare)
    book = open_book(place)
    book.warm()
    before = sum(len(one.signatures) for one in loaded)
    assert book.near("pdq", rows([bytes(32)]), 31).ref.size == 2
    return sum(len(one.signatures) for one in loaded) - before


def turned(
    values: NDArray[np.uint8], bits: NDArray[np.int64], chance: np.random.Generator
) -> NDArray[np.uint8]:
    """Each value with so many of its bits turned."""
    ranks = np.argsort(chance.random((len(bits), 256)), axis=1)
    made: NDArray[np.uint8] = values ^ np.packbits(ranks < bits[:, None], axis=1)
    return made


def answers(*rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Query, entry and bits, in one order."""
    ranked = np.lexsort(rows)
    return [row[ranked] for row in rows]


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, 255), max_size=42))
@settings(max_examples=30, deadline=None)
def test_no_way_of_spreading_the_bits_hides_a_value(
    ring: Book, value: bytes, flipped: set[int]
) -> None:
    other = int.from_bytes(value)
    for place in flipped:
        other ^= 1 << place
    planted = truth(_PLANTED, other.to_bytes(32), MOST)
    assert asked(ring, other.to_bytes(32), MOST) == planted
    near = next(iter(_PLANTED.values()))
    for within in (15, 16, 31, 32, 40):
        turned = int.from_bytes(near)
        for place in sorted(flipped)[:within]:
            turned ^= 1 << place
        query = turned.to_bytes(32)
        assert asked(ring, query, within) == truth(_PLANTED, query, within)


_PLANTED = {n: random.Random(n).randbytes(32) for n in range(50)}


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = open_book(tmp_path_factory.mktemp("ring") / "book")
    told = news(*((n, 1, PUT, 0, value) for n, value in _PLANTED.items()))
    merging.merge(book, told, watermark=2)
    return book


# ------------------------------------------------------------------ any order of events


class Life(RuleBasedStateMachine):
    """Puts, drops, merges, crashes and openings in any order, seen from two openings."""

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        import tempfile

        self.place = tempfile.TemporaryDirectory()
        self.path = Path(self.place.name) / "book"
        self.books = [open_book(self.path), open_book(self.path)]
        self.chance, self.boot = random.Random(seed), "b"
        self.xid, self.next = 100, 1
        self.database: dict[int, tuple[int, int, int, bytes]] = {}  # ref -> xid, op, kind, value

    def teardown(self) -> None:
        if hasattr(self, "place"):
            self.place.cleanup()

    @rule(who=st.integers(0, 1), kind=st.integers(0, 1), many=st.integers(1, 5))
    def put(self, who: int, kind: int, many: int) -> None:
        for _ in range(many):
            self.xid += 1
            like = [one for _, _, k, one in self.database.values() if k == kind]
            value = self.chance.choice(like) if like else self.chance.randbytes(32)
            if self.chance.random() < 0.5:
                value = altered(value, self.chance.randrange(45), self.chance)
            self.database[self.next] = (self.xid, PUT, kind, value)
            self.next += 1
        self.read(who)

    @rule(who=st.integers(0, 1))
    def drop(self, who: int) -> None:
        if self.database:
            ref = self.chance.choice(list(self.database))
            self.xid += 1
            _, op, kind, value = self.database[ref]
            self.database[ref] = (self.xid, DROP if op == PUT else PUT, kind, value)
            self.read(who)

    @rule(who=st.integers(0, 1), open_since=st.integers(0, 6))
    def read(self, who: int, open_since: int = 0) -> None:
        """A reading while a transaction that began some while ago is still open."""
        book = self.books[who]
        rows = [(ref, *one) for ref, one in self.database.items() if one[0] >= book.watermark]
        book.take(news(*rows), watermark=self.xid + 1 - open_since)

    @rule(who=st.integers(0, 1))
    def merge(self, who: int) -> None:
        merging.merge(self.books[who])

    @rule(who=st.integers(0, 1))
    def bulk(self, who: int) -> None:
        self.xid += 1
        rows = [(ref, *one) for ref, one in self.database.items()]
        merging.merge(self.books[who], news(*rows), watermark=self.xid)

    @rule(who=st.integers(0, 1))
    def open_again(self, who: int) -> None:
        self.books[who] = open_book(self.path, boot=self.boot)

    @rule()
    def power_cut(self) -> None:
        """The page cache is gone: the deltas hold rubbish, the counters are of some while ago."""
        self.boot += "b"
        for path in self.path.glob("delta-*"):
            path.write_bytes(self.chance.randbytes(9_000))
        self.books = [open_book(self.path, boot=self.boot) for _ in range(2)]
        self.read(0)

    @invariant()
    def both_find_what_is_there(self) -> None:
        if not hasattr(self, "books"):
            return
        live = {r: v for r, (_, op, kind, v) in self.database.items() if op == PUT and kind == 0}
        exact = {r: v for r, (_, op, kind, v) in self.database.items() if op == PUT and kind == 1}
        for book in self.books:
            for value in [*live.values()][-2:]:
                for within in (0, 31, 40):
                    assert asked(book, value, within) == truth(live, value, within)
            for value in [*exact.values()][-2:]:
                assert same(book, value) == {r for r, v in exact.items() if v[:8] == value[:8]}


Life.TestCase.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
TestLife = Life.TestCase


# ------------------------------------------------------------------ files that can't be believed


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    book = open_book(tmp_path / "book")
    told = news(*((n, 1, PUT, n % 2, value) for n, value in _PLANTED.items()))
    merging.merge(book, told, watermark=2)
    book.take(news((99, 3, PUT, 0, bytes(32))), watermark=4)
    yield tmp_path / "book"


@pytest.mark.parametrize("name", ["state", "manifest", "delta-*", "pdq*", "sha256*"])
def test_a_torn_file_is_refused_by_name_and_begun_anew(full: Path, name: str) -> None:
    path = next(full.glob(name))
    whole = path.read_bytes()
    for torn in (whole[: len(whole) // 2], whole[:-8], bytes(len(whole)), b""):
        path.write_bytes(torn)
        with pytest.raises((TornFile, ForeignFile), match=str(full)):
            open_book(full)
    books.begin_anew(full)
    assert open_book(full).watermark == 0


def test_one_turned_bit_is_noticed(full: Path) -> None:
    path = next(full.glob("pdq*"))
    whole = bytearray(path.read_bytes())
    whole[5_000] ^= 1
    path.write_bytes(whole)
    with pytest.raises(TornFile, match="offsets is damaged"):
        open_book(full)


def test_the_book_of_another_database_is_refused(full: Path) -> None:
    with pytest.raises(ForeignFile, match="another database"):
        open_book(full, identity="other")


def test_who_has_a_book_open_learns_that_it_was_thrown_away(full: Path) -> None:
    old = open_book(full)
    books.begin_anew(full)
    new = open_book(full)
    new.take(news((5, 9, PUT, 0, _PLANTED[0])), watermark=9)
    with pytest.raises(Abandoned):
        asked(old, _PLANTED[0], 0)
    assert asked(new, _PLANTED[0], 0) == {5: 0}


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotWritable, match="file"):
        open_book(tmp_path / "file" / "book")


# ------------------------------------------------------------------ processes


def _bank(path: str, begin: int, barrier: Any) -> None:
    """Put in a hundred, one by one, while others do; sometimes merge."""
    book = open_book(Path(path))
    barrier.wait(120)
    for ref in range(begin, begin + 100):
        book.take(news((ref, ref, PUT, 0, random.Random(ref).randbytes(32))), watermark=0)
        if ref % 40 == 0:
            with contextlib.suppress(FileNotFoundError):
                merging.merge(book, news(), watermark=0)


def test_what_one_process_banks_every_other_finds_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    path = tmp_path / "book"
    here = open_book(path)
    barrier = context.Barrier(3)
    others = [context.Process(target=_bank, args=(str(path), 1_000 * n, barrier)) for n in (1, 2)]
    for other in others:
        other.start()
    barrier.wait(120)
    while any(other.is_alive() for other in others):
        asked(here, bytes(32), 31)
    for other in others:
        other.join()
        assert other.exitcode == 0
    for ref in [*range(1_000, 1_100), *range(2_000, 2_100)]:
        assert ref in asked(here, random.Random(ref).randbytes(32), 0)
