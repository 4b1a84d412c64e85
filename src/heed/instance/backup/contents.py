"""What goes into a backup, part after part."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from heed.instance.addresses import Urls
from heed.instance.backup import dump
from heed.instance.backup.archive import BackupNotWritten, Writer
from heed.instance.backup.manifest import NAME, README, Manifest, version
from heed.instance.binaries import clients
from heed.instance.place import Place

HALVES = ("seal-a.key", "seal-b.key")  # two people hold these; a backup must not join them
CONFIG = "heed.env"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where to say what is being done, and by how many bytes it went on."""

    say: Callable[[str], None] = lambda _: None
    went_on: Callable[[int], None] = lambda _: None


def fill(
    writer: Writer,
    place: Place,
    urls: Urls,
    *,
    vault_apart: bool,
    progress: Progress,
    now: datetime,
) -> Manifest:
    """Everything that an instance is, as it is now. Django is set up."""
    writer.add("README.txt", README.encode())
    _checkpoints(writer, place)  # before the dump: so the dump holds all that they speak of
    with dump.moment(urls.owner) as facts:
        progress.say(f"Dumping the database ({facts.bytes >> 20} MB on the disk)")
        with dump.dumped(urls.owner, facts) as source:
            writer.add_stream("database/dump", source, progress.went_on)
    progress.say(f"Copying the vault ({len(facts.objects)} objects)")
    missing = () if vault_apart else _objects(writer, facts.objects, progress)
    _destroyed(writer)  # after the objects: it says why some of them are not there
    left_out = _keys(writer, place)
    _config(writer, place)
    said = Manifest(
        instance=place.name, heed=version(), made_at=now, server_major=facts.server_major,
        dumped_by=clients(facts.server_major).major, database_bytes=facts.bytes,
        migrations=facts.migrations, log_size=facts.log_size, checkpoint=facts.checkpoint,
        vault_apart=vault_apart, objects=facts.objects, missing=missing, left_out=left_out,
        parts=dict(writer.parts),
    )  # fmt: skip
    writer.add(NAME, said.as_json())
    return said


def _checkpoints(writer: Writer, place: Place) -> None:
    for name in ("history", "newest"):
        path = place.var / "checkpoints" / name
        if path.exists():
            writer.add(f"checkpoints/{name}", path.read_bytes())


def _destroyed(writer: Writer) -> None:
    from heed.filings import forgotten

    if forgotten.path().exists():
        writer.add("checkpoints/destroyed", forgotten.path().read_bytes())


def _objects(writer: Writer, objects: dict[str, str | None], progress: Progress) -> tuple[str, ...]:
    """What the dump names; the names of what is not there, or was destroyed since."""
    from heed.flows import wiring
    from heed.ports import ObjectMissing, VaultTrouble

    missing = []
    for name in sorted(objects):
        try:
            body = wiring.vault().get(name)
        except ObjectMissing:
            missing.append(name)
            continue
        except VaultTrouble as why:
            raise BackupNotWritten(f"The vault can't be read: {why}. No file was left.") from None
        writer.add(f"vault/{name}", body)
        progress.went_on(len(body))
    return tuple(missing)


def _keys(writer: Writer, place: Place) -> tuple[str, ...]:
    """All keys but the halves of the seal; the names of those that this user may not read."""
    left_out = []
    for name, path in sorted(_key_files(place).items()):
        try:
            writer.add(f"keys/{name}", path.read_bytes())
        except (OSError, BackupNotWritten):
            left_out.append(name)
    return tuple(left_out)


def _key_files(place: Place) -> dict[str, Path]:
    from django.conf import settings

    found = {
        str(path.relative_to(place.keys)): path
        for path in place.keys.rglob("*")
        if path.is_file() and not path.is_relative_to(place.vault_keys)
    }
    vault_keys = Path(settings.HEED_VAULT_KEYS)
    for path in vault_keys.iterdir() if vault_keys.exists() else ():
        if path.is_file() and path.name not in HALVES:
            found[f"vault/{path.name}"] = path
    log_key = Path(settings.HEED_SIGNING_KEY_FILE)
    if log_key.exists():
        found["log.key"] = log_key
    return found


def _config(writer: Writer, place: Place) -> None:
    path = Path(os.environ.get("HEED_CONFIG") or place.var / CONFIG)
    if path.is_file():
        writer.add(f"config/{CONFIG}", path.read_bytes())
