"""Writing down who works here, what they looked at, and how a notifier can be reached."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import Q

from heed.ids import secret
from heed.people.models import Contact, Membership, Role, Staff, Viewing

SAME_PRESS = timedelta(minutes=2)  # pressed twice; later than that, the mail did not come


class AlreadyStaff(Exception):
    """There is an account with this e-mail address. Change its role instead."""


def blind_index(address: str) -> bytes:
    """A keyed hash by which an address can be found and compared, but not read."""
    key = hashlib.sha256(b"contact-index:" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, address.strip().lower().encode(), "sha256")


def _seal() -> Fernet:
    key = hashlib.sha256(b"contact-seal:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str) -> bytes:
    """How somebody can be reached, encrypted."""
    return _seal().encrypt(text.encode())


def unseal(sealed: bytes) -> str:
    """And in the clear again, for reaching them."""
    return _seal().decrypt(sealed).decode()


def add_staff(
    *, email: str, name: str, password: str | None, outside: bool, now: datetime
) -> Staff:
    """A new member of staff. Raises `AlreadyStaff`."""
    try:
        with transaction.atomic():
            return Staff.objects.create_user(
                email=email, password=password, name=name, joined_at=now, is_outside=outside
            )
    except IntegrityError as taken:
        raise AlreadyStaff(f"{email} has an account already") from taken


def give_role(staff: Staff, platform_id: UUID, role: Role) -> None:
    """Give a role at one platform; repeating changes nothing."""
    Membership.objects.update_or_create(
        staff=staff, platform_id=platform_id, role=role.value, defaults={"ended_at": None}
    )


def note_viewing(
    *, staff_id: UUID, file_id: UUID, case_id: UUID, variant: str, now: datetime,
    severity: int = 0, seconds: float = 0, whole: bool = False,
    part_ms: tuple[int, int] | None = None, last: bool = False,
) -> Viewing:  # fmt: skip
    """One look at one file, or at a part of a video, written down before it is shown."""
    begin, end = part_ms or (None, None)
    return Viewing.objects.create(
        staff_id=staff_id, file_id=file_id, case_id=case_id, variant=variant, opened_at=now,
        severity=severity, seconds=seconds, whole=whole, from_ms=begin, until_ms=end, last=last,
    )  # fmt: skip


def keep_contact(notice_id: UUID, address: str, *, may_write: bool, now: datetime) -> str:
    """Keep how to reach a notifier; returns the confirming code. A new address starts anew.

    One that is given again keeps its word, and a code that is on its way stays good: who presses
    twice, and then on the first of two mails, has confirmed. Empty where no mail is to go.
    """
    known = _given_before(notice_id, address, now)
    if known is not None:
        Contact.objects.filter(id=known.id).update(may_write=may_write)
        return code_of(known)
    code = secret()
    Contact.objects.update_or_create(
        notice_id=notice_id,
        defaults={
            "address_sealed": _seal().encrypt(address.strip().encode()),
            "blind_index": blind_index(address),
            "may_write": may_write,
            "code_hash": hashlib.sha256(code.encode()).digest(),
            "code_sealed": _seal().encrypt(code.encode()),
            "code_sent_at": None,
            "confirmed_at": None,
            "erased_at": None,
            "returned_at": None,
            "returned_for": "",
        },
    )
    return code


def _given_before(notice_id: UUID, address: str, now: datetime) -> Contact | None:
    """The same address, which has answered, or is being asked just now."""
    given = Contact.objects.filter(notice_id=notice_id, blind_index=blind_index(address))
    live = given.filter(erased_at=None, returned_at=None).exclude(address_sealed=None)
    asked = Q(code_sealed__isnull=False) | Q(code_sent_at__gt=now - SAME_PRESS)
    return live.filter(Q(confirmed_at__isnull=False) | asked).first()


def keep_silence(notice_id: UUID) -> None:
    """ "Don't write to me": that is kept, and no address is, not even one given before."""
    Contact.objects.update_or_create(
        notice_id=notice_id,
        defaults={
            "may_write": False,
            "address_sealed": None,
            "code_hash": None,
            "code_sealed": None,
        },
        create_defaults={"may_write": False, "blind_index": b""},
    )


def confirm_contact(notice_id: UUID, code: str, *, now: datetime) -> bool:
    """The code came back: somebody reads that mailbox. True the first time."""
    wanted = hashlib.sha256(code.encode()).digest()
    return bool(
        Contact.objects.filter(
            notice_id=notice_id, code_hash=wanted, confirmed_at=None, erased_at=None
        ).update(confirmed_at=now, code_sealed=None, returned_at=None, returned_for="")
    )


def address_of(contact: Contact) -> str:
    """The address in the clear, for writing to it. Empty once erased."""
    sealed = contact.address_sealed
    return "" if sealed is None else _seal().decrypt(bytes(sealed)).decode()


def code_of(contact: Contact) -> str:
    """The confirming code that is still to be mailed; empty when it has gone."""
    sealed = contact.code_sealed
    return "" if sealed is None else _seal().decrypt(bytes(sealed)).decode()


def note_code_sent(contact: Contact, *, now: datetime) -> None:
    """The confirming mail has gone: from now on the code stands in that mail alone."""
    Contact.objects.filter(id=contact.id, code_hash=contact.code_hash).update(
        code_sent_at=now, code_sealed=None
    )


def erase_contact(notice_id: UUID, *, now: datetime) -> bool:
    """The address goes for good; that one was there, and had answered, stays. True once."""
    live = Contact.objects.filter(notice_id=notice_id, erased_at=None)
    return bool(
        live.exclude(address_sealed=None).update(
            address_sealed=None, code_hash=None, code_sealed=None, may_write=False, erased_at=now
        )
    )


def forget_contact(notice_id: UUID, *, now: datetime) -> bytes:
    """The address goes, and the mark by which it was found; returns that mark, empty without one.

    An earlier `erase_contact` stays what it was, and leaves nothing to find it by either.
    """
    contact = Contact.objects.filter(notice_id=notice_id).first()
    if contact is None:
        return b""
    erase_contact(notice_id, now=now)
    Contact.objects.filter(id=contact.id).update(blind_index=b"")
    return bytes(contact.blind_index)


def note_returned(contact_id: UUID, why: str, *, now: datetime) -> bool:
    """Mail to this address came back for good. True the first time since it was given."""
    live = Contact.objects.filter(id=contact_id, erased_at=None, returned_at=None)
    return bool(live.update(returned_at=now, returned_for=why))


def forget_sessions(*, now: datetime) -> int:
    """Those that have ended, with all that was in them; returns how many."""
    return Session.objects.filter(expire_date__lt=now).delete()[0]


_MARK_BYTES = 6  # enough against a stranger's guess: what it opens is a note beside an address


def returns_to(contact: Contact, mailbox: str) -> str:
    """The address to which mail to this contact comes back: `name+mark@host` of our mailbox."""
    name, _, host = mailbox.rpartition("@")
    return f"{name}+{contact.id.hex}{_mark(contact.id)}@{host}"


def contact_behind(address: str) -> UUID | None:
    """Whose mail came back to this address; None when it is none of ours."""
    mark = address.partition("@")[0].rpartition("+")[2].lower()
    try:
        contact_id = UUID(mark[:32])
    except ValueError:
        return None
    return contact_id if hmac.compare_digest(mark[32:], _mark(contact_id)) else None


def _mark(contact_id: UUID) -> str:
    key = hashlib.sha256(b"returned-mail:" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, contact_id.bytes, "sha256")[:_MARK_BYTES].hex()
