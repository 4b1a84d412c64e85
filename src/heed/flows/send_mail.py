"""Mail to a notifier: neutral words, a neutral sender, nothing of the case.

1. Find the address, if they may be written to and it takes mail. 2. Send one short mail; a
   confirmation meets what was owed by it. Whoever types a stranger's address again and again sends
   that stranger a few mails an hour, and whoever types many strangers' addresses reaches a few of
   them; the others wait, and none is lost.
3. An address that takes no mail is noted, and not written to again; its holder reads that on their
   page. The mail server tells it at once, or sends the mail back later.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from heed.cases.models import Notice
from heed.cases.services import deadlines
from heed.flows import wiring
from heed.flows.shared import languages, news
from heed.ledger import services as ledger
from heed.people import queries as people
from heed.people import services as addresses
from heed.people.guesses import Bound
from heed.people.models import Contact
from heed.ports import AddressRefused
from heed.rules import returned_mail
from heed.rules.clocks import Done

logger = logging.getLogger(__name__)
TO_ONE_ADDRESS = Bound(door="mail.confirm", most=6, within=timedelta(hours=1))
OF_ONE_NOTICE = Bound(door="mail.notice", most=6, within=timedelta(hours=1))
FROM_ONE_SOURCE = Bound(door="mail.source", most=60, within=timedelta(hours=1))  # a whole school


def send_confirmation(*, notice_id: UUID, now: datetime) -> bool:
    """The link that confirms an address. False when there is none to write to, or it has gone."""
    notice = Notice.objects.get(id=notice_id)
    contact = people.contact_of(notice.id)
    code = addresses.code_of(contact) if contact else ""
    if contact is None or not code or _waits(notice, contact, now):
        return False
    with translation.override(languages.of(notice)):
        link = f"{settings.PUBLIC_URL}/c/{notice.number}/{code}"
        text = "\n\n".join(
            [
                _("Somebody gave this address as a way to be reached."),
                _("If it was you, open this page and press the button:"),
                link,
                _("If it was not you, you need not do anything."),
            ]
        )
        sent = _send(notice, contact, _("Please confirm your address"), text, now)
    if sent:
        with transaction.atomic():
            addresses.note_code_sent(contact, now=now)
            for bound, name in _bounds(notice, contact):
                bound.count(name, now)
            deadlines.done(Done.CONFIRMATION_SENT, now=now, cause=f"notice:{notice.id}")
    return sent


def _waits(notice: Notice, contact: Contact, now: datetime) -> bool:
    """So many were asked to confirm, there or from here, that it is asked again later."""
    waits = [bound.again_at(name, now) for bound, name in _bounds(notice, contact)]
    later = max((at for at in waits if at is not None), default=None)
    if later is not None:
        with transaction.atomic():
            news.confirm(notice.id, at=later)
    return later is not None


def _bounds(notice: Notice, contact: Contact) -> list[tuple[Bound, str]]:
    """By what confirmations are counted. A partner is one source and writes for many people."""
    found = [
        (TO_ONE_ADDRESS, addresses.address_of(contact)),
        (OF_ONE_NOTICE, str(notice.id)),
    ]
    if notice.source_index is not None and notice.partner_id is None:
        found.append((FROM_ONE_SOURCE, bytes(notice.source_index).hex()))
    return found


def send_news(*, notice_id: UUID, now: datetime) -> bool:
    """There is something new on their page. What it is stands there alone."""
    notice = Notice.objects.get(id=notice_id)
    contact = people.contact_of(notice.id)
    if contact is None:
        return False
    with translation.override(languages.of(notice)):
        new = _("There is something new on the page with the number %(number)s.")
        way = _("Open it with your link, or at %(find)s with the number and your four words.")
        facts = {"number": notice.number, "find": f"{settings.PUBLIC_URL}/find"}
        text = f"{new % facts}\n\n{way % facts}"
        return _send(notice, contact, _("There is news for you"), text, now)


def _send(notice: Notice, contact: Contact, subject: str, text: str, now: datetime) -> bool:
    address = addresses.address_of(contact)
    if not contact.may_write or contact.returned_at or not address:
        return False
    mailbox = settings.HEED_MAIL_RETURNS
    returns_to = addresses.returns_to(contact, mailbox) if mailbox else ""
    try:
        wiring.mail().send(address, subject=subject, text=text, returns_to=returns_to)
    except AddressRefused as refused:
        _note(contact, refused.why, now)
        return False
    return True


def take_returned_mail(*, message: bytes, now: datetime) -> bool:
    """A mail that came back. False when it is about no address of ours, or may still arrive."""
    returned = returned_mail.read(message)
    if not returned.why:
        return False
    behind = [addresses.contact_behind(one) for one in returned.sent_to]
    contact = Contact.objects.filter(id__in=[one for one in behind if one]).first()
    return contact is not None and _note(contact, returned.why, now)


def _note(contact: Contact, why: str, now: datetime) -> bool:
    with transaction.atomic():
        if not addresses.note_returned(contact.id, why, now=now):
            return False
        ledger.enter(
            "mail.returned", subject=f"notice:{contact.notice_id}", body={"why": why}, at=now
        )
    logger.info("an address takes no mail", extra={"notice": str(contact.notice_id), "why": why})
    return True
