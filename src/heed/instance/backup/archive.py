"""The file itself: parts in a tar, sealed by age as they come; never whole in memory.

age seals pieces of 64 KB, each with its place and the last one marked: a file that is cut short or
changed anywhere can't be opened beyond that place. So a backup is whole when its end could be read.
"""

import contextlib
import io
import os
import re
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, BinaryIO

import pyrage

from heed.instance.trouble import Trouble

PIECE_BYTES = 16 << 20  # of what has no known size: a tar says each member's size before it
_AT_ONCE = 1 << 20
_FIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=@+-]*(/[A-Za-z0-9_][A-Za-z0-9_.=@+-]*)*")


class BackupNotWritten(Trouble):
    """The file could not be written to its end. There is none under its name."""


class BackupBroken(Trouble):
    """The file is cut short, altered, or no backup at all. Nothing of it was taken over."""


class WrongIdentity(Trouble):
    """The file was sealed for another key than the one that was given."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the backup."""

    bytes: int
    sha256: str


@dataclass(slots=True)
class Writer:
    """Takes parts, one after another. Use it inside `written`."""

    _tar: tarfile.TarFile
    _made_at: datetime
    parts: dict[str, Part] = field(default_factory=dict)

    def add(self, name: str, body: bytes) -> None:
        """A part that is at hand."""
        self._put(name, io.BytesIO(body), len(body))

    def add_file(self, name: str, path: Path) -> None:
        """A file, as long as it is now. Raises `FileNotFoundError`."""
        with path.open("rb") as file:
            self._put(name, file, os.fstat(file.fileno()).st_size)

    def add_stream(self, name: str, source: IO[bytes], went_on: Callable[[int], None]) -> None:
        """What ends some time, in pieces `name.000001` and so on; `went_on` hears of each."""
        number = 0
        while piece := _full(source, PIECE_BYTES):
            number += 1
            self.add(f"{name}.{number:06}", piece)
            went_on(len(piece))

    def _put(self, name: str, source: IO[bytes], size: int) -> None:
        if not _FIT.fullmatch(name):
            raise BackupNotWritten(f"{name!r} can't be the name of a part of a backup")
        told = tarfile.TarInfo(name)
        told.size, told.mode, told.mtime = size, 0o600, int(self._made_at.timestamp())
        seen = _Seen(source)
        self._tar.addfile(told, seen)
        self.parts[name] = Part(size, seen.digest.hexdigest())


class _Seen:
    """Hashes what is read through it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


@contextmanager
def written(out: BinaryIO, recipients: Sequence[Any], *, made_at: datetime) -> Iterator[Writer]:
    """A writer for the block; after it, `out` holds a whole file. Raises `BackupNotWritten`.

    When the block fails the file is left without its end, so that it can never be taken for whole.
    """
    with _sealing(_Sink(out), recipients) as line, line.entrance as entrance:
        with tarfile.open(fileobj=entrance, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            yield Writer(tar, made_at)
        line.finished = True


class _Sink:
    """A file that remembers why it could not be written: age keeps only the words."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.why: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._out.write(data)
        except OSError as why:
            self.why = why
            raise

    def flush(self) -> None:
        self._out.flush()


class _Cut(Exception):
    """The other side broke off: what was sealed so far gets no end."""


@dataclass(slots=True)
class _Line:
    """A pipe to the thread that seals."""

    entrance: BinaryIO
    finished: bool = False
    why: BaseException | None = None


class _Source:
    """The pipe's other end. Where the writer broke off, reading fails instead of ending."""

    def __init__(self, exit_: BinaryIO, line: _Line) -> None:
        self._exit, self._line = exit_, line

    def read(self, size: int = -1) -> bytes:
        data = self._exit.read(size)
        if not data and not self._line.finished:
            raise _Cut
        return data


@contextmanager
def _sealing(sink: _Sink, recipients: Sequence[Any]) -> Iterator[_Line]:
    exit_fd, entrance_fd = os.pipe()
    line = _Line(os.fdopen(entrance_fd, "wb", _AT_ONCE))

    def run() -> None:
        with os.fdopen(exit_fd, "rb", 0) as exit_:
            try:
                pyrage.encrypt_io(_Source(exit_, line), sink, recipients)
            except BaseException as why:
                line.why = sink.why or why

    thread = threading.Thread(target=run, name="seal")
    thread.start()
    broken = False
    try:
        yield line
    except BrokenPipeError:  # says nothing: what broke it does
        broken = True
    finally:
        with contextlib.suppress(OSError):
            line.entrance.close()
        thread.join()
    if line.why is not None or broken:
        why = line.why.strerror if isinstance(line.why, OSError) else line.why
        raise BackupNotWritten(f"The backup could not be written: {why}. No file was left.")


def _full(source: IO[bytes], size: int) -> bytes:
    """So many bytes, or what is left."""
    parts, left = [], size
    while left and (data := source.read(min(left, _AT_ONCE))):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


# ------------------------------------------------------------------ and back

Take = Callable[[str, IO[bytes]], None]


def read(source: BinaryIO, identities: Sequence[Any], take: Take) -> dict[str, Part]:
    """Hand each part to `take`, which may read it; the parts that there were.

    Only when this returns was the file whole. Raises `BackupBroken`, `WrongIdentity`.
    """
    exit_fd, entrance_fd = os.pipe()
    failed: list[BaseException] = []

    def opened() -> None:
        with os.fdopen(entrance_fd, "wb", _AT_ONCE) as entrance:
            try:
                pyrage.decrypt_io(source, entrance, identities)
            except BaseException as why:
                failed.append(why)

    thread = threading.Thread(target=opened, name="open")
    thread.start()
    try:
        with os.fdopen(exit_fd, "rb", _AT_ONCE) as exit_:
            parts = _parts(exit_, take)
    except (tarfile.TarError, EOFError) as why:
        thread.join()
        raise _why(failed) if failed else BackupBroken(f"it is no backup of Heed: {why}") from None
    finally:
        thread.join()
    if failed:
        raise _why(failed)
    return parts


def _parts(exit_: BinaryIO, take: Take) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    with tarfile.open(fileobj=exit_, mode="r|") as tar:
        for told in tar:
            body = tar.extractfile(told) if told.isreg() else None
            if body is None or not _FIT.fullmatch(told.name) or told.name in parts:
                raise BackupBroken(f"it holds {told.name!r}, which no backup of Heed does")
            seen = _Seen(body)
            take(told.name, seen)  # type: ignore[arg-type]
            while seen.read(_AT_ONCE):
                pass  # what was not wanted is hashed all the same
            parts[told.name] = Part(told.size, seen.digest.hexdigest())
    while exit_.read(_AT_ONCE):
        pass  # to the end of the file: only there age says that it was the end
    return parts


def _why(failed: list[BaseException]) -> Trouble:
    why = failed[0]
    if isinstance(why, pyrage.DecryptError):
        if "matching" in str(why).lower():
            return WrongIdentity(
                "This backup was sealed for another recovery key than the one that was given."
            )
        return BackupBroken(f"This is no file that age has made: {why}.")
    if isinstance(why, OSError) and why.errno:
        return BackupBroken(f"The backup could not be read: {why.strerror}.")
    return BackupBroken("This backup is cut short or was altered: take another one.")
