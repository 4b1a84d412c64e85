"""Answers kept for a day, so that a request sent twice with one `Idempotency-Key` is done once."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet
from django.conf import settings

from heed.media.models import RememberedAnswer

REMEMBERED_FOR = timedelta(hours=24)
ANSWERED_WITHIN = timedelta(minutes=2)  # past it, whoever was answering is taken to be dead


class StillAnswering(Exception):
    """The first request with this key has no answer yet. Ask again in a moment."""


class KeyUsedBefore(Exception):
    """This key came with another request before. Choose a new key for a new request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer: status and body."""

    status: int
    body: Any


def claim(platform_id: UUID, key: str, question: bytes, *, now: datetime) -> Said | None:
    """The answer given before; None when the caller is to answer, and then `keep` or `release` it.

    Raises `StillAnswering` and `KeyUsedBefore`.
    """
    forget_old(now=now)
    mine = {"question_hash": question, "at": now}
    row, fresh = RememberedAnswer.objects.get_or_create(
        platform_id=platform_id, key=key, defaults=mine
    )
    if fresh:
        return None
    if bytes(row.question_hash) != question:
        raise KeyUsedBefore(key)
    if row.answer_sealed is not None and row.status is not None:
        return Said(status=row.status, body=json.loads(_seal().decrypt(bytes(row.answer_sealed))))
    if not _taken_over(row, now):
        raise StillAnswering(key)
    return None


def forget_old(*, now: datetime) -> int:
    """What was answered longer ago; returns how many."""
    return RememberedAnswer.objects.filter(at__lte=now - REMEMBERED_FOR).delete()[0]


def _taken_over(row: RememberedAnswer, now: datetime) -> bool:
    stale = RememberedAnswer.objects.filter(
        id=row.id, answer_sealed=None, at__lte=now - ANSWERED_WITHIN
    )
    return bool(stale.update(at=now))


def keep(platform_id: UUID, key: str, said: Said) -> None:
    """The answer to what was claimed."""
    sealed = _seal().encrypt(json.dumps(said.body).encode())
    RememberedAnswer.objects.filter(platform_id=platform_id, key=key, answer_sealed=None).update(
        status=said.status, answer_sealed=sealed
    )


def release(platform_id: UUID, key: str) -> None:
    """Nothing was done: the same key may be used again."""
    RememberedAnswer.objects.filter(platform_id=platform_id, key=key, answer_sealed=None).delete()


def _seal() -> Fernet:
    """An answer may hold a private link, which is kept nowhere else in the clear."""
    key = hashlib.sha256(b"remembered-answer:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
