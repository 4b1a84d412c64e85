"""Devices that a notifier is told on. Found by a keyed blind index, never by their addresses."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from heed.people.models import Device
from heed.people.services import blind_index, seal, unseal

_MARK_LETTERS = 16  # of the SHA-256 of an address, which nobody can guess


def _index(address: str) -> bytes:
    """Addresses of devices differ in capitals; those of people don't."""
    return blind_index(f"device:{hashlib.sha256(address.encode()).hexdigest()}")


def ids_of(notice_id: UUID) -> list[UUID]:
    """The devices of this notice, the oldest first."""
    mine = Device.objects.filter(notice_id=notice_id).order_by("added_at", "id")
    return list(mine.values_list("id", flat=True))


def of(notice_id: UUID) -> list[Device]:
    """The same as records."""
    return list(Device.objects.filter(notice_id=notice_id).order_by("added_at", "id"))


def known(device_id: UUID) -> Device | None:
    """The device, while it is to be told."""
    return Device.objects.filter(id=device_id).first()


def address_of(device: Device) -> str:
    """Its address in the clear, for telling it."""
    return unseal(bytes(device.address_sealed))


def mark_of(device: Device) -> str:
    """By which that browser knows itself on the page; from the mark nobody can tell a device."""
    return hashlib.sha256(address_of(device).encode()).hexdigest()[:_MARK_LETTERS]


def add(notice_id: UUID, address: str, *, now: datetime) -> bool:
    """Keep a device; False when it was there: then it begins anew, as not refused."""
    _, added = Device.objects.update_or_create(
        notice_id=notice_id,
        blind_index=_index(address),
        defaults={"refused_at": None, "refused_for": ""},
        create_defaults={"address_sealed": seal(address), "added_at": now},
    )
    return added


def has(notice_id: UUID, address: str) -> bool:
    """Whether this device is told for this notice."""
    return Device.objects.filter(notice_id=notice_id, blind_index=_index(address)).exists()


def behind(address: str) -> dict[UUID, list[UUID]]:
    """All that this one device is told for: notices, and the records of each."""
    return _by_notice(Device.objects.filter(blind_index=_index(address)))


def of_all() -> dict[UUID, list[UUID]]:
    """Every device there is, by notice."""
    return _by_notice(Device.objects.all())


def _by_notice(rows: "QuerySet[Device]") -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for notice_id, device_id in rows.values_list("notice_id", "id"):
        found.setdefault(notice_id, []).append(device_id)
    return found


def forget(device_ids: Iterable[UUID]) -> int:
    """They are told no more, and no address of them is kept. Returns how many there were."""
    gone, _ = Device.objects.filter(id__in=list(device_ids)).delete()
    return gone


def note_told(device_id: UUID, *, now: datetime) -> None:
    """Its push service took it."""
    Device.objects.filter(id=device_id).update(told_at=now, refused_at=None, refused_for="")


def note_refused(device_id: UUID, why: str, *, now: datetime) -> None:
    """Its push service does not take it from us. It stays, and is tried at the next news."""
    Device.objects.filter(id=device_id).update(refused_at=now, refused_for=why[:60])


def refused(devices: Sequence[Device]) -> list[Device]:
    """Those that could not be told the last time."""
    return [one for one in devices if one.refused_at is not None]
