"""Saying that there is something new on a private page. What it is stands there alone."""

from datetime import datetime
from uuid import UUID

from heed.flows import jobs
from heed.people import devices
from heed.people import queries as people


def there_is(notice_id: UUID) -> None:
    """Have the notifier written to, if they want that and their address has answered.

    The devices that they asked to be told on are told whatever becomes of mail.
    """
    _write(notice_id)
    for device_id in devices.ids_of(notice_id):
        jobs.later(
            "tell_device",
            once=f"device:{device_id}",
            queue="push",
            notice_id=str(notice_id),
            device_id=str(device_id),
        )


def _write(notice_id: UUID) -> None:
    contact = people.contact_of(notice_id)
    if contact is None or contact.returned_at:
        return
    if contact.confirmed_at and contact.may_write:
        jobs.later("send_news", once=f"news:{notice_id}", queue="mail", notice_id=str(notice_id))


def confirm(notice_id: UUID, *, at: datetime | None = None) -> None:
    """Have the confirming mail sent, by the worker: a mail server that is down delays nobody."""
    jobs.later(
        "send_confirmation",
        once=f"confirm:{notice_id}",
        at=at,
        queue="mail",
        notice_id=str(notice_id),
    )
