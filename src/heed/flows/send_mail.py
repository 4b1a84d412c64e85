"""Mail to a notifier: neutral words, a neutral sender, nothing of the case.

1. Find the address, if they may be written to. 2. Send one short mail; a confirmation meets what
was owed by it.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Notice
from heed.cases.services import deadlines
from heed.flows import wiring
from heed.people import queries as people
from heed.people import services as addresses
from heed.rules.clocks import Done


def send_confirmation(*, notice_id: UUID, code: str, now: datetime) -> bool:
    """The link that confirms an address. False when there is none to write to."""
    notice = Notice.objects.get(id=notice_id)
    link = f"{settings.PUBLIC_URL}/c/{notice.number}/{code}"
    sent = _send(
        notice,
        "Please confirm your address",
        f"Somebody gave this address as a way to be reached.\n\nIf it was you, open this page and "
        f"press the button:\n\n{link}\n\nIf it was not you, you need not do anything.",
    )
    if sent:
        with transaction.atomic():
            deadlines.done(Done.CONFIRMATION_SENT, now=now, cause=f"notice:{notice.id}")
    return sent


def send_news(*, notice_id: UUID, now: datetime) -> bool:
    """There is something new on their page. What it is stands there alone."""
    notice = Notice.objects.get(id=notice_id)
    return _send(
        notice,
        "There is news for you",
        f"There is something new on the page with the number {notice.number}.\n\n"
        f"Open it with your link, or at {settings.PUBLIC_URL}/find with the number and your four "
        f"words.",
    )


def _send(notice: Notice, subject: str, text: str) -> bool:
    contact = people.contact_of(notice.id)
    if contact is None or not contact.may_write:
        return False
    wiring.mail().send(addresses.address_of(contact), subject=subject, text=text)
    return True
