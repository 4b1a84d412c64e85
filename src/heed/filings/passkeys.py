"""Devices that open agency accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from heed.filings.models import Officer, OfficerPasskey

MOST = 5  # of one account: an agency account is for one officer


def of(officer_id: UUID) -> QuerySet[OfficerPasskey]:
    """An account's devices, the first first."""
    return OfficerPasskey.objects.filter(officer_id=officer_id).order_by("added_at")


def keep(officer_id: UUID, name: str, answer: dict[str, Any], *, now: datetime) -> None:
    """A device was added."""
    OfficerPasskey.objects.create(officer_id=officer_id, name=name, answer=answer, added_at=now)


def note_used(passkey: OfficerPasskey, *, now: datetime) -> None:
    """It opened the account."""
    OfficerPasskey.objects.filter(id=passkey.id).update(used_at=now)


def forget(officer: Officer) -> None:
    """The account is opened anew: who had a device of the old one has none of this."""
    OfficerPasskey.objects.filter(officer=officer).delete()


def drop(officer_id: UUID, passkey_id: UUID) -> bool:
    """The officer takes a device off. False when it is not theirs."""
    return bool(of(officer_id).filter(id=passkey_id).delete()[0])
