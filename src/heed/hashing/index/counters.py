"""Numbers that all processes of this machine see change at once: a page of memory in a file."""

import fcntl
import mmap
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from heed.hashing.index.files import ForeignFile, TornFile, writing

PAGE_BYTES = 4096
_MAGIC = 0x3153525444454548  # HEEDTRS1


class Counters:
    """A mapped page of 64-bit numbers. A process reads what another wrote without asking anybody.

    Only the holder of the book's lock writes; a number is written whole.
    """

    MADE, BOOT, GENERATION, WATERMARK, SETTING, COUNT, BASE = range(1, 8)
    ABANDONED = (1 << 64) - 1  # a generation: the book was thrown away, there may be a new one

    def __init__(self, path: Path, *, made: int, begin: bool) -> None:
        """Opens the file, or begins it. Raises `ForeignFile`, `TornFile`, `NotWritable`."""
        with writing(path.parent):
            if not begin and not path.exists():
                raise TornFile(f"{path} is missing")
            self.file = os.open(path, os.O_RDWR | (os.O_CREAT if begin else 0), 0o600)
            weakref.finalize(self, os.close, self.file)
            self._memory = self._map(path, begin)
        self.numbers = np.frombuffer(self._memory, np.uint64, PAGE_BYTES // 8)
        if begin and not self.numbers[0]:  # the lock is held: we are the first
            self.numbers[self.MADE] = made
            self.numbers[0] = _MAGIC
        if self.numbers[0] != _MAGIC:
            raise TornFile(f"{path} is damaged")
        if self.numbers[self.MADE] != made:
            raise ForeignFile(f"{path} is of another database or version")

    def _map(self, path: Path, begin: bool) -> mmap.mmap:
        size = os.fstat(self.file).st_size
        if size < PAGE_BYTES and not (begin and size == 0):
            raise TornFile(f"{path} is too short")
        if not size:
            os.ftruncate(self.file, PAGE_BYTES)
        return mmap.mmap(self.file, PAGE_BYTES)

    def __getitem__(self, place: int) -> int:
        return int(self.numbers[place])

    def __setitem__(self, place: int, number: int) -> None:
        self.numbers[place] = number


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Alone among all threads and processes for the block; False when another is and `wait` not."""
    with writing(path.parent):
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(file)
