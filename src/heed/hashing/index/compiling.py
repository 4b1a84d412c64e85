"""`python -m heed.hashing.index.compiling`: use all of it once, so that it is compiled and kept."""

import contextlib
import os
import tempfile
from pathlib import Path

import numpy as np

from heed.hashing.index import merging
from heed.hashing.index.book import NEAR, PUT, Book, Fresh
from heed.hashing.index.hits import rows
from heed.hashing.index.segments import IN_ONE_BREATH, VERY_MANY


def main() -> None:
    """Build, merge and search a small book."""
    _give_way()
    with tempfile.TemporaryDirectory() as directory:
        book = Book(Path(directory) / "book", {"pdq": NEAR}, identity="none", boot="none")
        zeros, none = np.zeros((4, 32), np.uint8), np.zeros(4, np.uint32)
        fresh = Fresh(np.arange(4), np.ones(4, np.uint64), none + PUT, none, zeros)
        merging.merge(book, fresh, watermark=2)
        book.take(fresh._replace(ref=np.arange(4, 8), xid=np.full(4, 3, np.uint64)), watermark=3)
        for asking in (1, IN_ONE_BREATH + 1, VERY_MANY):
            asked = rows([bytes(32), *[b"\xff" * 32] * (asking - 1)])  # as whoever asks has it
            assert len(book.near("pdq", asked, 31).ref) == 8


def _give_way() -> None:
    """Take only the time that nobody else wants: people are waiting for answers."""
    os.nice(10)
    if hasattr(os, "SCHED_IDLE"):  # not on macOS
        with contextlib.suppress(OSError):  # not allowed in some containers
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


if __name__ == "__main__":
    main()
