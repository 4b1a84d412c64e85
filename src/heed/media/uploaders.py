"""From where something was uploaded, as the platform knows it: sealed, and for a filing alone.

A table of its own, so that no rule can read it by accident: nothing of it enters triage or order.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from cryptography.fernet import Fernet
from django.conf import settings

from heed.media.models import Uploader


@dataclass(frozen=True, slots=True, kw_only=True)
class UploaderIn:
    """What a platform may say of an upload's origin. Each part may be empty."""

    ip: str = ""
    port: int | None = None
    at: datetime | None = None  # when that address sent it
    screen_name: str = ""
    profile_url: str = ""


def keep(told: Mapping[UUID, UploaderIn], *, now: datetime) -> None:
    """Keep what is told of these items. What was told first stays; repeating changes nothing."""
    rows = [
        Uploader(item_id=item_id, sealed=_sealed(one), told_at=now)
        for item_id, one in sorted(told.items())
        if one != UploaderIn()
    ]
    Uploader.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1_000)


def of_items(item_ids: Iterable[UUID]) -> dict[UUID, UploaderIn]:
    """What is known of where these items came from."""
    rows = Uploader.objects.filter(item_id__in=list(item_ids))
    return {row.item_id: _opened(bytes(row.sealed)) for row in rows}


def _seal() -> Fernet:
    key = hashlib.sha256(b"uploader-seal:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _sealed(one: UploaderIn) -> bytes:
    said = asdict(one) | {"at": one.at.isoformat() if one.at else None}
    return _seal().encrypt(json.dumps(said).encode())


def _opened(sealed: bytes) -> UploaderIn:
    said = json.loads(_seal().decrypt(sealed))
    at = datetime.fromisoformat(said["at"]) if said["at"] else None
    return UploaderIn(**(said | {"at": at}))
