"""A notifier has a device of theirs told when there is something new, and ends it.

1. Keep the device, for all notices of the same sending: its address is one of a push service that
   is known, there are a few at most, and a source adds only so many in an hour.
2. The holder ends it: on that very device, for all that it was told of; or for all devices of the
   notice at once.
Devices are also forgotten when their push service knows them no more (`tell_devices`), with the
address (`erase_contact`), after "don't write to me" (`supplement_notice`), with a new link
(`renew_link`: who had the old one may have added a device), when the notice is taken back, and when
the instance is restored from a backup (`take_up_restored`).
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Notice
from heed.cases.queries import own_notices
from heed.flows.shared import devices as telling
from heed.ledger import services as ledger
from heed.people import devices
from heed.people.guesses import Bound
from heed.rules.devices import MOST_DEVICES, checked

FROM_ONE_SOURCE = Bound(door="device.add", most=20, within=timedelta(hours=1))


class TooManyDevices(Exception):
    """This notice has as many devices as are told. End one of them first."""


class TooManyAdded(Exception):
    """This source has added many devices. It may add another one in `.wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"try again in {wait}")
        self.wait = wait


def keep_device(*, notice_id: UUID, address: str, source: str, now: datetime) -> bool:
    """False when this device is told already. `address`: as the browser said it.

    Raises `NotAPushAddress`, `TooManyDevices`, `TooManyAdded`.
    """
    with transaction.atomic():
        _count(source, now)
    known = checked(address, settings.HEED_PUSH_SERVICES)
    ours = own_notices.with_siblings(Notice.objects.get(id=notice_id))
    with transaction.atomic():
        locked = Notice.objects.select_for_update().filter(id__in=[one.id for one in ours])
        return sum([_add(one.id, known, now) for one in locked.order_by("id")]) > 0


def _count(source: str, now: datetime) -> None:
    again_at = FROM_ONE_SOURCE.again_at(source, now)
    if again_at is not None:
        raise TooManyAdded(again_at - now)
    FROM_ONE_SOURCE.count(source, now)


def _add(notice_id: UUID, address: str, now: datetime) -> bool:
    if not devices.has(notice_id, address) and len(devices.ids_of(notice_id)) >= MOST_DEVICES:
        raise TooManyDevices(notice_id)
    added = devices.add(notice_id, address, now=now)
    if added:
        ledger.enter("device.added", subject=f"notice:{notice_id}", body={}, at=now)
    return added


def end_device(*, address: str, now: datetime) -> int:
    """This device is told nothing any more, of whichever notice: whoever has it in hand says so."""
    with transaction.atomic():
        found = devices.behind(address)
        return sum([telling.forget(one, ids, why="asked", now=now) for one, ids in found.items()])


def end_devices(*, notice_id: UUID, now: datetime) -> int:
    """No device of this notice, or of its sending, is told any more. Returns how many were."""
    with transaction.atomic():
        return telling.forget_all(Notice.objects.get(id=notice_id), why="asked", now=now)
