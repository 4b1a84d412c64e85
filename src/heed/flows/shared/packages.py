"""A package of evidence: the files, a manifest that names them by hash, and the ledger's proofs."""

import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from heed.cases.models import Case
from heed.cases.queries import case_page
from heed.filings.models import SealedObject
from heed.ledger import queries as ledger
from heed.media.models import File

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a package, by the name it has there."""

    name: str
    body: bytes
    facts: dict[str, object]


def part_of(sealed: SealedObject, body: bytes) -> Part:
    """A sealed copy as it goes into a package: under its hash, with where it came from."""
    digest = sha256(body).hexdigest()
    file = None if sealed.file_id is None else File.objects.get(id=sealed.file_id)
    mime = file.mime if file else ""
    ending = "json" if sealed.copy == SealedObject.Copy.CONTEXT else _ENDINGS.get(mime, "bin")
    return Part(
        name=f"{sealed.copy}/{digest}.{ending}",
        body=body,
        facts={
            "sealed": str(sealed.id),
            "copy": sealed.copy,
            "source": sealed.source,
            "mime": mime,
            "kept_at": sealed.kept_at.isoformat() if sealed.kept_at else None,
        },
    )


def make(*, case: Case, parts: Sequence[Part], purpose: str, now: datetime) -> bytes:
    """One uncompressed tar with `manifest.json` first; the same parts give the same bytes."""
    manifest = {
        "version": 1,
        "case": case.number,
        "platform": case.platform.slug,
        "purpose": purpose,
        "made_at": now.isoformat(),
        "files": [
            {"name": one.name, "bytes": len(one.body), "sha256": _hash(one.body), **one.facts}
            for one in parts
        ],
        "ledger": [proof(one) for one in case_page.entries_of(case_page.subjects_of(case))],
    }
    told = json.dumps(manifest, indent=1, sort_keys=True, default=str).encode()
    return _tar([Part(name="manifest.json", body=told, facts={}), *parts], now)


def proof(entry_id: UUID) -> dict[str, object]:
    """One ledger entry as it can be checked with `heed verify`; without its body."""
    try:
        found = ledger.proof_of(entry_id)
    except ledger.NotInLog:
        return {"entry": str(entry_id), "state": "waits for its place"}
    opening = ledger.opening_of(entry_id)
    return {
        "entry": str(entry_id),
        "event": opening.event,
        "at": opening.at.isoformat(),
        "body": opening.body,
        "salt": opening.salt.hex(),
        "index": found.index,
        "path": [one.hex() for one in found.hashes],
        "checkpoint": found.checkpoint,
    }


def _hash(body: bytes) -> str:
    return sha256(body).hexdigest()


def _tar(parts: Sequence[Part], now: datetime) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for part in parts:
            info = tarfile.TarInfo(part.name)
            info.size, info.mtime, info.mode = len(part.body), int(now.timestamp()), 0o600
            tar.addfile(info, io.BytesIO(part.body))
    return out.getvalue()
