"""The vault in S3: against a real server that keeps the lock."""

import io
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from minio import Minio
from minio.error import MinioException

from heed.instance.backup.shelves import Bucket, Note, ShelfAway
from heed.integrations.listings import bucket
from heed.integrations.vault.s3 import S3Vault
from heed.ports import NotListed, ObjectMissing, VaultTrouble
from tests.ports import free_port

pytestmark = pytest.mark.processes


def port_of_two() -> int:
    """It also listens ten thousand above each."""
    return free_port(also_above=10_000)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minio]:
    """SeaweedFS on loopback."""
    where, port = tmp_path_factory.mktemp("weed"), port_of_two()
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    assert program, "requirements/dev.txt brings it"
    ports = [f"-{one}.port={port_of_two()}" for one in ("master", "volume", "filer", "admin")]
    off = ["-webdav=false", f"-s3.port={port}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    with (where / "log").open("w") as log:
        server = subprocess.Popen(
            [program, "mini", "-dir", str(where), "-ip=127.0.0.1", *ports, *off],
            stdout=log,
            stderr=log,
            cwd=where,
        )
    pool = urllib3.PoolManager(retries=False, timeout=60)
    made = Minio(f"127.0.0.1:{port}", "any", "any", secure=False, http_client=pool)
    try:
        wait_for(made, where / "log")
        yield made
    finally:
        pool.clear()
        server.kill()  # what it holds is thrown away, and it can take its time to end
        server.wait()


def wait_for(client: Minio, log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            client.list_buckets()
            return
        except (MinioException, urllib3.exceptions.HTTPError, OSError):
            time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])


def test_a_bucket_with_locks_keeps_them_and_one_without_says_so(client: Minio) -> None:
    client.make_bucket("locked", object_lock=True)
    client.make_bucket("open")
    locked = S3Vault("s3://locked/heed", client)
    unlocked = S3Vault("s3://open/heed", client)
    assert locked.locks and not unlocked.locks
    until = datetime.now(UTC) + timedelta(days=1)
    for vault in (locked, unlocked):
        vault.put("evidence/ab/x.age", b"sealed" * 1000, keep_until=until)
        assert vault.get("evidence/ab/x.age") == b"sealed" * 1000
        assert list(vault.names()) == ["evidence/ab/x.age"]
    assert not locked.erase("evidence/ab/x.age")
    assert locked.get("evidence/ab/x.age")
    assert unlocked.erase("evidence/ab/x.age") and unlocked.erase("evidence/ab/x.age")
    with pytest.raises(ObjectMissing):
        unlocked.get("evidence/ab/x.age")
    locked.put("review/ab/y.age", b"short-lived")
    assert locked.erase("review/ab/y.age")


def test_a_bucket_that_is_not_there_is_trouble_and_never_an_empty_vault(client: Minio) -> None:
    vault = S3Vault("s3://nowhere/heed", client)
    with pytest.raises(VaultTrouble):
        vault.put("evidence/ab/x.age", b"sealed")
    with pytest.raises(VaultTrouble):
        list(vault.names())


def test_backups_lie_in_a_bucket_with_what_is_known_of_them(client: Minio, tmp_path: Path) -> None:
    client.make_bucket("backups")
    shelf = Bucket("s3://backups/heed?endpoint=http://x", tmp_path, client)
    assert shelf.where() == "s3://backups/heed" and shelf.all() == []
    name = "heed-20260301T033000Z.tar.age"
    half = shelf.writing(name)
    half.write_bytes(b"sealed" * 2_000_000)  # more than one part
    note = Note(made_at="", bytes=12_000_000, sha256="", checked_at="2026-03-01T03:31")
    shelf.put(half, name, note)
    assert not half.exists()
    (lying,) = shelf.all()
    assert (lying.name, lying.bytes, lying.note) == (name, 12_000_000, note)
    with shelf.here(name) as file:
        assert file.read_bytes() == b"sealed" * 2_000_000
    assert not file.exists()
    shelf.remove(name)
    assert shelf.all() == []
    with pytest.raises(ShelfAway, match="NoSuchBucket"):
        Bucket("s3://nowhere", tmp_path, client).all()


def test_what_lies_in_a_bucket_is_listed_and_read(
    client: Minio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "PAGE", 2)
    client.make_bucket("media")
    for name in ("m/a b.jpg", "m/c/d.jpg", "m/e.jpg", "other.jpg"):
        client.put_object("media", name, io.BytesIO(name.encode()), len(name))
    listing = bucket.BucketListing("s3://media/m", "https://town.example/m/", client)
    first = listing.page("")
    assert [one.url for one in first.items] == [
        "https://town.example/m/a%20b.jpg", "https://town.example/m/c/d.jpg",
    ]  # fmt: skip
    (last,) = listing.page(first.after).items
    assert listing.read(last.files[0].key, 3) == b"m/e."  # one more, so that it shows
    with pytest.raises(NotListed, match="NoSuchKey"):
        listing.read("m/gone.jpg", 3)
