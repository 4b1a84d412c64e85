"""A device is told that there is something new: that alone, by the push service of its browser.

1. Find the device, if it is still to be told. 2. Tell its push service. One that knows the device
no more has it forgotten; one that is busy is asked again, when it says or later each time.
3. One that does not take it from us: noted, said on the page, and given up where people see it.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.flows import wiring
from heed.flows.shared import devices as telling
from heed.people import devices
from heed.people.models import Device
from heed.ports import DeviceGone, NoPushKey, PushRefused

logger = logging.getLogger(__name__)


def tell_device(*, device_id: UUID, now: datetime) -> bool:
    """False when there is nobody to tell. Raises `PushBusy`: try again; `PushRefused`: don't."""
    device = devices.known(device_id)
    if device is None:
        return False
    try:
        wiring.push().tell(devices.address_of(device), now=now)
    except DeviceGone:
        _forget(device, now)
        return False
    except PushRefused as refused:
        _note(device, str(refused), now)
        raise
    with transaction.atomic():
        devices.note_told(device_id, now=now)
    return True


def signs_as() -> str:
    """The key by which push services know us, for browsers to name; empty: no device is told here.

    So where an operator has named no push service, or no key lies.
    """
    if not settings.HEED_PUSH_SERVICES:
        return ""
    try:
        return wiring.push().public_key()
    except NoPushKey as why:
        logger.warning("no device can be told", extra={"why": str(why)})
        return ""


def _forget(device: Device, now: datetime) -> None:
    with transaction.atomic():
        telling.forget(device.notice_id, [device.id], why="gone", now=now)
    logger.info("a device is gone", extra={"notice": str(device.notice_id)})


def _note(device: Device, why: str, now: datetime) -> None:
    with transaction.atomic():
        devices.note_refused(device.id, why, now=now)
    about = {"notice": str(device.notice_id), "device": str(device.id), "why": why}
    logger.warning("a push service refuses", extra=about)
