"""Writing down who works here, what they looked at, and how a notifier can be reached."""

import base64
import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import IntegrityError, transaction

from heed.ids import secret
from heed.people.models import Contact, Membership, Role, Staff, Viewing


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
    severity: int = 0, seconds: float = 0,
) -> Viewing:  # fmt: skip
    """One look at one file, written down before the file is shown."""
    return Viewing.objects.create(
        staff_id=staff_id, file_id=file_id, case_id=case_id, variant=variant, opened_at=now,
        severity=severity, seconds=seconds,
    )  # fmt: skip


def keep_contact(notice_id: UUID, address: str, *, may_write: bool, now: datetime) -> str:
    """Keep how to reach a notifier; returns the confirming code. A new address starts anew."""
    code = secret()
    Contact.objects.update_or_create(
        notice_id=notice_id,
        defaults={
            "address_sealed": _seal().encrypt(address.strip().encode()),
            "blind_index": blind_index(address),
            "may_write": may_write,
            "code_hash": hashlib.sha256(code.encode()).digest(),
            "code_sent_at": now,
            "confirmed_at": None,
            "erased_at": None,
        },
    )
    return code


def keep_silence(notice_id: UUID) -> None:
    """ "Don't write to me": that is kept, and no address is, not even one given before."""
    Contact.objects.update_or_create(
        notice_id=notice_id,
        defaults={"may_write": False, "address_sealed": None, "code_hash": None},
        create_defaults={"may_write": False, "blind_index": b""},
    )


def confirm_contact(notice_id: UUID, code: str, *, now: datetime) -> bool:
    """The code came back: somebody reads that mailbox. True the first time."""
    wanted = hashlib.sha256(code.encode()).digest()
    return bool(
        Contact.objects.filter(
            notice_id=notice_id, code_hash=wanted, confirmed_at=None, erased_at=None
        ).update(confirmed_at=now)
    )


def address_of(contact: Contact) -> str:
    """The address in the clear, for writing to it. Empty once erased."""
    sealed = contact.address_sealed
    return "" if sealed is None else _seal().decrypt(bytes(sealed)).decode()
