"""The vault's keys, seals and shelves: what is opened by whom, and what is said when it is not."""

import errno
import os
from pathlib import Path

import pytest

from heed.integrations.vault import keys
from heed.integrations.vault.directory import DirectoryVault
from heed.integrations.vault.sealing import AgeSeals, open_sealed
from heed.ports import KeyLost, NotOpened, ObjectMissing, Purpose, VaultFull, VaultTrouble

DATA = b"drawn pictures only" * 1000


@pytest.fixture
def held(tmp_path: Path) -> Path:
    keys.ensure(tmp_path)
    return tmp_path


def test_each_purpose_opens_with_its_own_key_and_with_no_other(held: Path) -> None:
    sealing = AgeSeals(held, []).seal(DATA, list(Purpose))
    filing, review, _ = sealing.wrappings
    assert DATA not in sealing.body
    assert AgeSeals(held, [Purpose.FILING]).open(sealing.body, filing) == DATA
    assert AgeSeals(held, [Purpose.REVIEW]).open(sealing.body, review) == DATA
    with pytest.raises(KeyLost, match="may not open"):
        AgeSeals(held, []).open(sealing.body, filing)  # as the web process
    (held / "filer.key").write_text((held / "viewer.key").read_text())
    with pytest.raises(KeyLost, match="another key of the filer"):
        AgeSeals(held, [Purpose.FILING]).open(sealing.body, filing)


def test_a_web_process_with_public_keys_alone_can_seal(held: Path) -> None:
    for secret in held.glob("*.key"):
        secret.unlink()
    keys.ensure(held)  # makes nothing anew: what is lost must be found
    assert not list(held.glob("*.key"))
    assert len(AgeSeals(held, []).seal(DATA, list(Purpose)).wrappings) == 3
    assert not keys.here(held, "filer")


def test_a_seal_opens_by_both_halves_and_by_neither_alone(held: Path) -> None:
    (seal,) = (sealing := AgeSeals(held, []).seal(DATA, [Purpose.SEAL])).wrappings
    a, b = ((held / f"seal-{one}.key").read_text() for one in "ab")
    assert open_sealed(sealing.body, seal, [b, a]) == DATA
    for alone in ([a], [b], [a, a]):
        with pytest.raises(KeyLost, match="1 of the 2 halves"):
            open_sealed(sealing.body, seal, alone)


def test_every_object_has_a_key_of_its_own(held: Path) -> None:
    seals = AgeSeals(held, [Purpose.FILING])
    one, other = (seals.seal(DATA, [Purpose.FILING]) for _ in range(2))
    with pytest.raises(NotOpened):
        seals.open(one.body, other.wrappings[0])


def test_one_flipped_bit_is_never_opened(held: Path) -> None:
    seals = AgeSeals(held, [Purpose.FILING])
    sealing = seals.seal(DATA, [Purpose.FILING])
    for at in (len(sealing.body) // 2, len(sealing.body) - 1):
        altered = bytearray(sealing.body)
        altered[at] ^= 1
        with pytest.raises(NotOpened):
            seals.open(bytes(altered), sealing.wrappings[0])


def test_after_a_rotation_the_old_key_opens_nothing_and_nothing_is_lost(held: Path) -> None:
    seals = AgeSeals(held, [Purpose.FILING])
    sealing = seals.seal(DATA, [Purpose.FILING])
    made = keys.add(held, "filer")
    moved = seals.rewrap(sealing.wrappings[0])
    assert moved.recipient == made == seals.recipient(Purpose.FILING)
    assert keys.forget_older(held, "filer") == 1
    assert seals.open(sealing.body, moved) == DATA
    with pytest.raises(KeyLost):
        seals.open(sealing.body, sealing.wrappings[0])


def test_a_directory_keeps_what_is_put_and_names_what_is_missing(tmp_path: Path) -> None:
    vault = DirectoryVault(tmp_path / "v")
    vault.put("evidence/ab/x.age", DATA)
    assert vault.get("evidence/ab/x.age") == DATA and list(vault.names()) == ["evidence/ab/x.age"]
    assert vault.erase("evidence/ab/x.age") and vault.erase("evidence/ab/x.age")
    with pytest.raises(ObjectMissing):
        vault.get("evidence/ab/x.age")
    with pytest.raises(VaultTrouble, match="out of the vault"):
        vault.put("../x.age", DATA)


def test_a_full_disk_is_named_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    vault = DirectoryVault(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VaultFull, match="No space left"):
        vault.put("evidence/ab/x.age", DATA)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
