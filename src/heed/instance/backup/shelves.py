"""Where backups lie: a directory (another disk, a mounted share), or a bucket.

Beside each backup lies a note that needs no key: its size, its SHA-256, when it was checked.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from heed.instance.backup.archive import BackupNotWritten
from heed.instance.place import Place
from heed.instance.trouble import Trouble
from heed.rules import backups

NAMED_BY = "HEED_BACKUP_TO"
if TYPE_CHECKING:
    from minio import Minio

_AT_ONCE = 1 << 20


class ShelfAway(Trouble):
    """Where backups lie can't be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is known of a backup without opening it. `checked_at` empty: it was never restored."""

    made_at: str
    bytes: int
    sha256: str
    checked_at: str = ""
    found: str = ""  # by the check, in words


@dataclass(frozen=True, slots=True)
class Lying:
    """One backup, where it lies."""

    name: str
    made_at: datetime
    bytes: int
    note: Note | None  # None: it was copied here without its note, or its check failed


class Shelf(Protocol):
    """A place for backups."""

    def where(self) -> str:
        """For people."""

    def writing(self, name: str) -> Path:
        """A file to write a backup into, where it can be moved from to its place."""

    def put(self, half: Path, name: str, note: Note) -> None:
        """Whole, under its name, or not at all. `half` is gone afterwards."""

    def write_note(self, name: str, note: Note) -> None:
        """What is known of it, anew."""

    def all(self) -> list[Lying]:
        """The newest first. Raises `ShelfAway`."""

    def remove(self, name: str) -> None:
        """Gone, with its note."""

    def here(self, name: str) -> contextlib.AbstractContextManager[Path]:
        """The file on this machine, for the block."""


def named(to: str, place: Place) -> Shelf:
    """The shelf of `--to`, else of `HEED_BACKUP_TO`, else `var/backups`."""
    said = to or os.environ.get(NAMED_BY, "")
    if said.startswith("s3://"):
        return Bucket(said, place.var / "backups")
    return Directory(Path(said).expanduser().absolute() if said else place.var / "backups")


def note_of(name: str) -> str:
    """What a backup's note is called."""
    return name.removesuffix(".tar.age") + ".json"


def measured(file: Path) -> tuple[int, str]:
    """Its size and its SHA-256."""
    with file.open("rb") as body:
        return os.fstat(body.fileno()).st_size, _digest(body)


def _digest(body: Any) -> str:
    digest = sha256()
    while data := body.read(_AT_ONCE):
        digest.update(data)
    return digest.hexdigest()


def _parsed(text: str | bytes) -> Note | None:
    with contextlib.suppress(ValueError, TypeError):
        return Note(**json.loads(text))
    return None


def _as_json(note: Note) -> bytes:
    return json.dumps(asdict(note), indent=1).encode() + b"\n"


def sync(directory: Path) -> None:
    """A new name survives a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory, for its owner alone."""

    root: Path

    def where(self) -> str:
        """Its path."""
        return str(self.root)

    def writing(self, name: str) -> Path:
        """Hidden, and of no backup's name, until it is whole."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for left in self.root.glob(".heed-*.half"):
                left.unlink()  # of a run that was killed: we hold the lock, so it is nobody's
        except OSError as why:
            raise BackupNotWritten(f"{self.root} can't be written: {why.strerror}.") from None
        return self.root / f".{name}.half"

    def put(self, half: Path, name: str, note: Note) -> None:
        """The note first: a note alone is nothing, a backup alone counts as unchecked."""
        try:
            self.write_note(name, note)
            half.replace(self.root / name)
            sync(self.root)
        except OSError as why:
            raise BackupNotWritten(f"{self.root} can't be written: {why.strerror}.") from None

    def write_note(self, name: str, note: Note) -> None:
        """Whole or not at all."""
        draft = self.root / f".{note_of(name)}.half"
        with draft.open("wb") as out:
            out.write(_as_json(note))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self.root / note_of(name))

    def all(self) -> list[Lying]:
        """By their names."""
        found = []
        try:
            paths = list(self.root.iterdir()) if self.root.exists() else []
            for path in paths:
                made_at = backups.made_at_of(path.name)
                if made_at is not None:
                    beside = path.with_name(note_of(path.name))
                    note = _parsed(beside.read_bytes()) if beside.exists() else None
                    found.append(Lying(path.name, made_at, path.stat().st_size, note))
        except OSError as why:
            raise ShelfAway(f"{self.root} can't be read: {why.strerror}.") from None
        return sorted(found, key=lambda one: one.made_at, reverse=True)

    def remove(self, name: str) -> None:
        """Both files."""
        (self.root / name).unlink(missing_ok=True)
        (self.root / note_of(name)).unlink(missing_ok=True)

    @contextmanager
    def here(self, name: str) -> Iterator[Path]:
        """It lies here."""
        yield self.root / name


class Bucket:
    """A bucket, as the vault's: `s3://bucket/prefix?endpoint=...`. Needs `requirements/s3.txt`."""

    def __init__(self, url: str, outgoing: Path, client: "Minio | None" = None) -> None:
        from heed.integrations.vault.s3 import bucket_of  # an extra, and only here

        self.url, self._outgoing = url.partition("?")[0], Directory(outgoing)
        self.client, self.bucket, self.prefix = bucket_of(url, client)

    def where(self) -> str:
        """Its address, without what follows the question mark."""
        return self.url

    def writing(self, name: str) -> Path:
        """On this machine first: it is checked before it leaves."""
        return self._outgoing.writing(name)

    def put(self, half: Path, name: str, note: Note) -> None:
        """The server checks the hash of each part. An upload that was cut short leaves nothing."""
        with self._trouble(BackupNotWritten):
            self.client.fput_object(self.bucket, self._key(name), str(half))
        self.write_note(name, note)
        half.unlink()

    def write_note(self, name: str, note: Note) -> None:
        """One small object."""
        import io

        body = _as_json(note)
        with self._trouble(BackupNotWritten):
            key = self._key(note_of(name))
            self.client.put_object(self.bucket, key, io.BytesIO(body), len(body))

    def all(self) -> list[Lying]:
        """By their names."""
        sizes: dict[str, int] = {}
        with self._trouble(ShelfAway):
            start = self._key("")
            for row in self.client.list_objects(self.bucket, prefix=start):
                sizes[str(row.object_name)[len(start) :]] = int(row.size or 0)
            found = [
                Lying(name, made_at, size, self._note(name) if note_of(name) in sizes else None)
                for name, size in sizes.items()
                if (made_at := backups.made_at_of(name)) is not None
            ]
        return sorted(found, key=lambda one: one.made_at, reverse=True)

    def _note(self, name: str) -> Note | None:
        answer = self.client.get_object(self.bucket, self._key(note_of(name)))
        try:
            return _parsed(answer.read())
        finally:
            answer.close()
            answer.release_conn()

    def remove(self, name: str) -> None:
        """Both objects."""
        with self._trouble(ShelfAway):
            for one in (name, note_of(name)):
                self.client.remove_object(self.bucket, self._key(one))

    @contextmanager
    def here(self, name: str) -> Iterator[Path]:
        """Fetched, and removed again."""
        file = self._outgoing.writing(name)
        try:
            with self._trouble(ShelfAway):
                self.client.fget_object(self.bucket, self._key(name), str(file))
            yield file
        finally:
            file.unlink(missing_ok=True)

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    @contextmanager
    def _trouble(self, kind: type[Trouble]) -> Iterator[None]:
        import urllib3
        from minio.error import MinioException, S3Error

        try:
            yield
        except S3Error as why:
            raise kind(f"{self.url} refused: {why.code}.") from None
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as why:
            raise kind(f"{self.url} does not answer: {type(why).__name__}.") from None


def room_in(directory: Path) -> int:
    """Free bytes where this directory lies, or will."""
    near = next(one for one in (directory, *directory.parents) if one.exists())
    return shutil.disk_usage(near).free
