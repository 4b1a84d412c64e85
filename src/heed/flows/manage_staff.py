"""Somebody joins the staff.

1. Make the account, with a role at each platform.
2. Give it a second factor: nobody signs in without.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction

from heed.ledger import services as ledger
from heed.media.models import Platform
from heed.people import services as people
from heed.people.models import Role, Staff


class NotAdded(Exception):
    """The account exists already, or a platform that was named does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAdded:
    """What the new person gets, once: password, second factor and spare codes."""

    staff_id: UUID
    password: str
    totp_secret: str
    otpauth_url: str
    recovery_codes: tuple[str, ...]


def add_staff(
    *,
    email: str,
    name: str,
    roles: Sequence[Role],
    platform_slugs: Sequence[str],
    outside: bool = False,
    now: datetime,
) -> StaffAdded:
    """Add somebody with these roles at these platforms. Raises `NotAdded`."""
    platforms = list(Platform.objects.filter(slug__in=platform_slugs))
    if len(platforms) < len(set(platform_slugs)):
        missing = set(platform_slugs) - {platform.slug for platform in platforms}
        raise NotAdded(f"there is no platform {', '.join(sorted(missing))}")
    password, totp = secrets.token_urlsafe(12), generate_totp_secret()
    with transaction.atomic():
        staff = _account(email, name, password, outside, now)
        for platform in platforms:
            for role in roles:
                people.give_role(staff, platform.id, role)
        TOTP.activate(staff, totp)
        codes = RecoveryCodes.activate(staff).get_unused_codes()
        ledger.enter(
            "staff.added",
            subject=f"staff:{staff.id}",
            body={"roles": [role.value for role in roles]},
            at=now,
        )
    return StaffAdded(
        staff_id=staff.id,
        password=password,
        totp_secret=totp,
        otpauth_url=f"otpauth://totp/Heed:{quote(email)}?secret={totp}&issuer=Heed",
        recovery_codes=tuple(codes),
    )


def _account(email: str, name: str, password: str, outside: bool, now: datetime) -> Staff:
    try:
        return people.add_staff(email=email, name=name, password=password, outside=outside, now=now)
    except people.AlreadyStaff as known:
        raise NotAdded(str(known)) from known
