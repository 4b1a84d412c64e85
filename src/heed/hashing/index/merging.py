"""Making immutable segments of what is new, in the background; searches go on meanwhile.

Segments grow like a number that is counted up: a new one takes in its elders that are not more
than eight times its size. So there are two or three of them, each of which every search pays for,
and a value is built in some fifteen times until it lies among ten millions.
"""

from typing import Any

import numpy as np

from heed.hashing.index.book import Book, Fresh, View
from heed.hashing.index.counters import Counters, locked
from heed.hashing.index.delta import DROP, PUT
from heed.hashing.index.hits import I64
from heed.hashing.index.segments import (
    MOST_ENTRIES,
    NEAR,
    Part,
    Segment,
    ordered,
    write_near,
    write_same,
)

MERGE_FROM = 16_384  # records in the delta; fewer are compared as fast as they are looked up
GROWTH = 8


def due(book: Book) -> bool:
    """Whether the delta has grown enough."""
    return book.view().delta.count >= MERGE_FROM


def merge(book: Book, news: Fresh | None = None, *, watermark: int | None = None) -> bool:
    """Build what is settled into segments, with `news` if there are any.

    `watermark` goes with `news`, and only with the last of several parts of one reading.
    False when another process is merging. Raises `NotWritable`.
    """
    with locked(book.directory / "merging", wait=False) as ours:
        if not ours:
            return False
        view = book.view()
        below = book.watermark if watermark is None else max(book.watermark, watermark)
        forced = view.manifest["watermark"] if news is not None and watermark is None else below
        gone_refs, gone_seqs = _gone(view, forced, news)
        kept, names = list(view.segments), []
        for code, (kind, how) in enumerate(book.kinds.items()):
            parts = _new_parts(view, kind, how, code, forced, news)
            name = _built(book, view, kind, parts, kept, (gone_refs, gone_seqs))
            names += [name] if name else []
        with book.alone():
            current = book.view()
            segments = [one.mapped.path.name for one in kept] + names
            book.install(segments, forced, gone_refs, gone_seqs, current)
        book.sweep()
    return True


def _new_parts(
    view: View, kind: str, how: str, code: int, below: int, news: Fresh | None
) -> list[Part]:
    """What is in no segment yet, as the segments of this kind keep it."""
    parts = [view.delta.settled(kind, below)]
    if news is not None:
        ours = (news.kind == code) & (news.op == PUT)
        values = np.ascontiguousarray(news.value[ours])
        parts.append((values.view(np.uint64).reshape(-1, 4), news.ref[ours]))
    filled = [(values, refs) for values, refs in parts if len(refs)]
    if how != NEAR:
        return [(values[:, 0], refs) for values, refs in filled]
    return [(ordered(values.view(np.uint8)), refs) for values, refs in filled]


def _built(
    book: Book, view: View, kind: str, parts: list[Part], kept: list[Segment],
    gone: tuple[I64, I64],
) -> str | None:  # fmt: skip
    """Write a segment of these and of small elders, which leave `kept`. Returns its name."""
    count = sum(len(refs) for _, refs in parts)
    if not count:
        return None
    for elder in sorted((one for one in kept if one.kind == kind), key=lambda one: one.count):
        if elder.count > GROWTH * count or elder.count + count > MOST_ENTRIES:
            break
        parts.append(_without(elder, *gone))
        kept.remove(elder)
        count += elder.count
    seq = view.delta.base + view.delta.known + 1
    name = f"{kind}-{book.state[Counters.GENERATION] + 1}-{seq}-{count}.segment"
    facts: dict[str, Any] = {"made": book.made, "kind": kind, "seq": seq}
    write_one = write_near if book.kinds[kind] == NEAR else write_same
    write_one(book.directory / name, facts, [part for part in parts if len(part[1])])
    return name


def _without(segment: Segment, gone_refs: I64, gone_seqs: I64) -> Part:
    values, refs = segment.part()
    if not gone_refs.size:
        return values, refs
    at = np.searchsorted(gone_refs, refs).clip(max=gone_refs.size - 1)
    live = ~((gone_refs[at] == refs) & (gone_seqs[at] >= segment.seq))
    return values[live], refs[live]


def _gone(view: View, below: int, news: Fresh | None) -> tuple[I64, I64]:
    """What was dropped so far, each with when; the later word wins."""
    told = dict(zip(view.gone_refs.tolist(), view.gone_seqs.tolist(), strict=True))
    last = view.delta.last
    told |= {ref: seq for ref, seq in view.delta.gone.items() if last[ref].xid < below}
    if news is not None:
        seq = view.delta.base + view.delta.known
        told |= dict.fromkeys(news.ref[news.op == DROP].tolist(), seq)
    if not told:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    refs = np.array(sorted(told), np.int64)
    return refs, np.array([told[ref] for ref in refs.tolist()], np.int64)
