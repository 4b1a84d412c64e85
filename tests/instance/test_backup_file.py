"""The file of a backup: streamed, sealed, and never taken for whole when it is not."""

import io
import os
import random
import resource
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyrage import x25519

from heed.instance import database
from heed.instance.backup import archive, recovery, shelves
from heed.instance.backup.archive import BackupBroken, BackupNotWritten, Part, WrongIdentity
from heed.instance.backup.contents import HALVES
from heed.instance.place import Place

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = x25519.Identity.generate()
BODY = random.Random(1).randbytes(3_000_000)


def seal(path: Path) -> dict[str, Part]:
    with path.open("wb") as out, archive.written(out, [KEY.to_public()], made_at=NOW) as writer:
        writer.add("README.txt", b"drawn pictures only")
        writer.add_stream("database/dump", io.BytesIO(BODY), lambda _: None)
    return writer.parts


def opened(path: Path, key: x25519.Identity = KEY) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with path.open("rb") as source:
        archive.read(source, [key], lambda name, body: found.update({name: body.read()}))
    return found


def test_what_goes_in_comes_out_in_pieces_that_cat_puts_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "PIECE_BYTES", 1_000_000)
    parts = seal(tmp_path / "file")
    found = opened(tmp_path / "file")
    assert b"".join(found[name] for name in sorted(found) if "dump" in name) == BODY
    assert [name for name in parts if "dump" in name] == [
        f"database/dump.{n:06}" for n in (1, 2, 3)
    ]
    assert b"drawn" not in (tmp_path / "file").read_bytes()


def turned(data: bytes, at: int) -> bytes:
    """One bit is another: a letter put there might be the very one that stood there."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda data: data[:-1], "cut short"),
        (lambda data: data[:65_000], "cut short"),
        (lambda data: turned(data, 2_000_000), "altered"),
        (lambda data: data + b"?", "altered"),
        (lambda data: data[:100], "no file that age"),
        (lambda data: b"", "no file that age"),
    ],
)
def test_a_file_that_is_cut_or_changed_anywhere_is_refused(
    tmp_path: Path, harm: Callable[[bytes], bytes], named: str
) -> None:
    seal(tmp_path / "file")
    (tmp_path / "file").write_bytes(harm((tmp_path / "file").read_bytes()))
    with pytest.raises(BackupBroken, match=named):
        opened(tmp_path / "file")


def test_another_key_opens_nothing_and_says_so(tmp_path: Path) -> None:
    seal(tmp_path / "file")
    with pytest.raises(WrongIdentity, match="another recovery key"):
        opened(tmp_path / "file", x25519.Identity.generate())


def test_what_goes_wrong_while_writing_leaves_a_file_without_an_end(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        (tmp_path / "file").open("wb") as out,
        archive.written(out, [KEY.to_public()], made_at=NOW) as writer,
    ):
        writer.add("README.txt", BODY)
        _ = 1 / 0
    with pytest.raises(BackupBroken):
        opened(tmp_path / "file")


def test_a_full_disk_is_said_in_one_line(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        with pytest.raises(BackupNotWritten, match=r"too large. No file was left"):
            seal(tmp_path / "file")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_kill_9_in_the_middle_leaves_no_file_of_a_backups_name(
    tmp_path: Path, python: Callable[..., subprocess.Popen[str]]
) -> None:
    program = """if True:
        import io, os, pathlib, sys
        from datetime import UTC, datetime
        from pyrage import x25519
        from heed.instance.backup import archive, shelves
        shelf = shelves.Directory(pathlib.Path(sys.argv[1]))
        key = x25519.Identity.generate().to_public()
        half = shelf.writing("heed-20260301T000000Z.tar.age")
        with half.open("wb") as out:
            with archive.written(out, [key], made_at=datetime.now(UTC)) as writer:
                writer.add("README.txt", os.urandom(3_000_000))
                os.kill(os.getpid(), 9)
    """
    ended = python("-c", program, str(tmp_path))
    ended.communicate(timeout=60)
    assert ended.returncode == -signal.SIGKILL
    shelf = shelves.Directory(tmp_path)
    assert os.listdir(tmp_path) and shelf.all() == []
    shelf.writing("heed-20260302T000000Z.tar.age")  # the next one clears what was left
    assert os.listdir(tmp_path) == []


def test_half_a_restore_keeps_every_other_command_off(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (tmp_path / database.RESTORING).mkdir()
    with pytest.raises(database.HalfRestored, match="run it again"), database.in_use(place):
        pass
    with pytest.raises(database.HalfRestored), database.owned(place, "http://127.0.0.1"):
        pass


def test_the_recovery_secret_is_nowhere_on_the_machine(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with pytest.raises(recovery.NoRecoveryKey, match="heed backup key"):
        recovery.recipients(place)
    secret = recovery.make(place)
    kept = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(secret in text for text in kept)
    (tmp_path / "mine").write_text(f"# mine\n{secret}\n")
    (mine,) = recovery.identities(tmp_path / "mine")
    assert str(mine.to_public()) == str(recovery.recipients(place)[0])
    assert not any(name.endswith(".pub") for name in HALVES)
