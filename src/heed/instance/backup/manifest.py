"""What a backup says of itself: its last part, so that it can say it of all the others."""

import json
import tomllib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from heed.instance.backup.archive import BackupBroken, Part
from heed.instance.place import ROOT

NAME = "manifest.json"
FORM = 1
README = """This is a backup of Heed. With Heed: heed restore FILE --identity KEY
Without it:

  age -d -i KEY FILE | tar x
  cat database/dump.* > dump && pg_restore --no-owner --no-privileges -d DATABASE dump

database/     PostgreSQL's dump in its custom form, in pieces
vault/        sealed evidence, as it lay in the vault; its keys are in the dump, and in keys/vault
keys/         the instance's keys, but for the two halves of the seal: two people hold those
checkpoints/  what the log's key has signed, and the ids of evidence that was destroyed
config/       the settings
manifest.json what is in here, and the SHA-256 of each part
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a backup, and of which moment."""

    instance: str
    heed: str  # version
    made_at: datetime
    server_major: int
    dumped_by: int  # major version of pg_dump
    database_bytes: int  # as it lay on the disk
    migrations: tuple[str, ...]
    log_size: int
    checkpoint: str
    vault_apart: bool  # the objects stay where they are; they are not in here
    objects: dict[str, str | None]  # what the database names: its SHA-256, where that is known
    missing: tuple[str, ...]  # of those, what the vault did not have
    left_out: tuple[str, ...]  # keys that this user could not read
    parts: dict[str, Part]

    def as_json(self) -> bytes:
        """As it is written."""
        said = {"heed_backup": FORM, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(said, indent=1).encode()


def version() -> str:
    """Which Heed this is."""
    said = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return str(said["project"]["version"])


def parsed(body: bytes) -> Manifest:
    """Raises `BackupBroken` for what is none, or was made by a Heed to come."""
    try:
        said: dict[str, Any] = json.loads(body)
        form = said.pop("heed_backup")
        if form > FORM:
            raise BackupBroken("This backup was made by a newer Heed: install that one first.")
        said["made_at"] = datetime.fromisoformat(said["made_at"]).astimezone(UTC)
        said["parts"] = {name: Part(**one) for name, one in said["parts"].items()}
        for name in ("migrations", "missing", "left_out"):
            said[name] = tuple(said[name])
        return Manifest(**said)
    except (ValueError, KeyError, TypeError, AttributeError) as why:
        raise BackupBroken(f"The backup's list of what is in it can't be read: {why}.") from None


def compared(manifest: Manifest, found: dict[str, Part]) -> None:
    """Whether what was read is what was written. Raises `BackupBroken`, which names a part."""
    rest = {name: part for name, part in found.items() if name != NAME}
    if wrong := sorted(name for name in manifest.parts if rest.get(name) != manifest.parts[name]):
        raise BackupBroken(f"{len(wrong)} parts are not as they were written, such as {wrong[0]}.")
    if strange := sorted(set(rest) - set(manifest.parts)):
        raise BackupBroken(f"There is a part that its list does not name: {strange[0]}.")
