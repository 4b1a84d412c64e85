"""Files of the index: each says what it is, and is believed only when that is whole.

A file is written beside its place, forced to the disk and then moved there, so it is there whole or
not at all. What is nevertheless torn (a broken disk) or another's is refused by name; the owner of
the index throws it away and builds it again from the database.
"""

import contextlib
import json
import mmap
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"HEEDIDX1"
HEADER_BYTES = 4096
_FRAME = struct.Struct("<8sII")  # magic, length and CRC-32 of the JSON that follows
_ALIGNED = 4096
_LARGE_BYTES = 8 << 20  # of a file for whose memory larger pages are asked
_CHECKED_AT_ONCE_BYTES = 8 << 20  # smaller files are read whole when opened

Sections = Mapping[str, tuple[str, int]]  # name -> (numpy type, how many)


class IndexUnusable(Exception):
    """The index on this machine can't be used. Nothing is lost: the database has it all."""


class TornFile(IndexUnusable):
    """A file is not what was written. It is thrown away and built again; look at the disk."""


class ForeignFile(IndexUnusable):
    """A file is of another program, version, database or machine. It is built again."""


class Abandoned(IndexUnusable):
    """Another process has thrown this index away and begun a new one: open that."""


class NotWritable(IndexUnusable):
    """The directory of the index can't be written: give Heed's user that right, or room."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of a failure to write which directory to look at."""
    try:
        yield
    except OSError as refused:
        if isinstance(refused, FileNotFoundError) and path.is_dir():
            raise
        raise NotWritable(f"{path}: {refused.strerror or refused}") from refused


def write(
    path: Path,
    facts: Mapping[str, Any],
    sections: Sections,
    fill: Callable[[dict[str, NDArray[Any]]], None],
) -> None:
    """Write a file whose arrays `fill` fills; they begin as zeros. Raises `NotWritable`."""
    half = path.with_suffix(f".{os.getpid()}.half")
    places, size = _laid_out(sections)
    with writing(path.parent), contextlib.ExitStack() as last:
        last.callback(half.unlink, missing_ok=True)
        with half.open("w+b") as file:
            file.truncate(size)
            with mmap.mmap(file.fileno(), size) as memory:
                _in_large_pages(memory)
                _fill(memory, facts, sections, places, fill)
                memory.flush()
            os.fsync(file.fileno())
        half.replace(path)
        _sync_directory(path.parent)


def _fill(
    memory: mmap.mmap,
    facts: Mapping[str, Any],
    sections: Sections,
    places: Mapping[str, int],
    fill: Callable[[dict[str, NDArray[Any]]], None],
) -> None:
    arrays = {
        name: np.frombuffer(memory, kind, count, places[name])
        for name, (kind, count) in sections.items()
    }
    fill(arrays)
    said = {
        **facts,
        "size": len(memory),
        "sections": {
            name: [kind, count, places[name], zlib.crc32(arrays[name].data)]
            for name, (kind, count) in sections.items()
        },
    }
    arrays.clear()
    text = json.dumps(said).encode()
    frame = _FRAME.pack(MAGIC, len(text), zlib.crc32(text))
    memory[: len(frame) + len(text)] = frame + text


def _laid_out(sections: Sections) -> tuple[dict[str, int], int]:
    places, at = {}, HEADER_BYTES
    for name, (kind, count) in sections.items():
        places[name] = at
        at += -(-np.dtype(kind).itemsize * count // _ALIGNED) * _ALIGNED
    return places, at


def _sync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _in_large_pages(memory: mmap.mmap) -> None:
    """Where the system can: a search looks at places all over, and finding 512 small pages of
    memory takes as long as finding as many large ones.
    """
    if len(memory) >= _LARGE_BYTES and hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)


class Mapped:
    """An open file: its facts, and its arrays as the processes of this machine share them."""

    def __init__(self, path: Path, *, made: str) -> None:
        """`made` is what it must be of. Raises `FileNotFoundError`, `TornFile`, `ForeignFile`."""
        self.path = path
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < HEADER_BYTES:
                raise TornFile(f"{path} is too short")
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        _in_large_pages(self._memory)
        self.facts = self._facts(made)
        self.arrays: dict[str, NDArray[Any]] = {
            name: np.frombuffer(self._memory, kind, count, at)
            for name, (kind, count, at, _) in self.facts["sections"].items()
        }
        if len(self._memory) <= _CHECKED_AT_ONCE_BYTES:
            self.check()

    def _facts(self, made: str) -> dict[str, Any]:
        magic, length, checksum = _FRAME.unpack(self._memory[: _FRAME.size])
        if magic != MAGIC:
            raise ForeignFile(f"{self.path} was not written by this version of Heed")
        text = self._memory[_FRAME.size : _FRAME.size + length]
        if zlib.crc32(text) != checksum:
            raise TornFile(f"{self.path}: its header is damaged")
        facts: dict[str, Any] = json.loads(text)
        if facts["made"] != made:
            raise ForeignFile(f"{self.path} is of another kind, database or version")
        if facts["size"] != len(self._memory):
            raise TornFile(f"{self.path} has {len(self._memory)} of {facts['size']} bytes")
        return facts

    def check(self) -> None:
        """Read all of it. Raises `TornFile`."""
        for name, (_, _, _, checksum) in self.facts["sections"].items():
            if zlib.crc32(self.arrays[name].data) != checksum:
                raise TornFile(f"{self.path}: its part {name} is damaged")
