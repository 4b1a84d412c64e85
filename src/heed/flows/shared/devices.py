"""Devices of a notifier that are told no more: forgotten, and entered."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from heed.cases.models import Notice
from heed.cases.queries import own_notices
from heed.ledger import services as ledger
from heed.people import devices


def forget(notice_id: UUID, device_ids: Iterable[UUID], *, why: str, now: datetime) -> int:
    """Forget these devices of one notice. `why`: asked, gone, silent, erased, withdrawn,
    renewed, restored.

    Inside a transaction of the caller's. Repeating finds none.
    """
    gone = devices.forget(device_ids)
    if gone:
        body = {"count": gone, "why": why}
        ledger.enter("device.forgotten", subject=f"notice:{notice_id}", body=body, at=now)
    return gone


def forget_all(notice: Notice, *, why: str, now: datetime) -> int:
    """All devices of this notice, and of those of the same sending: they were asked for as one."""
    ours = own_notices.with_siblings(notice)
    return sum([forget(one.id, devices.ids_of(one.id), why=why, now=now) for one in ours])


def forget_everywhere(*, why: str, now: datetime) -> int:
    """All devices of all notices."""
    found = devices.of_all().items()
    return sum([forget(notice_id, ids, why=why, now=now) for notice_id, ids in found])
