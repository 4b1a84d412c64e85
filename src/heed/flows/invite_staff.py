"""Somebody is invited, changes what they may do, gets a new start, or leaves.

1. Invite: a link, shown once and mailed; nothing exists until it is taken up.
2. Take it up: the account with its roles, a password of one's own; the second factor comes next.
3. Give a role, or end one; nobody changes their own.
4. A lost device: a new link, which takes the old second factor off when it is used.
5. Close an account: roles and sessions end at once.
6. Open it again, for who comes back: without its roles, and by a new start.
7. Note that somebody set up a way to sign in of their own.

What reaches a whole account (4 to 6, and its sessions) is for who administers every platform at
which that person works: else an administrator of one platform could sign in as a reviewer of
another.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.flows import wiring
from heed.ledger import services as ledger
from heed.people import inviting
from heed.people import queries as reading
from heed.people import services as people
from heed.people.models import Membership, Role, Staff
from heed.people.staff_models import Invitation
from heed.ports import MailRefused

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Link:
    """The link of an invitation, to be shown once."""

    path: str
    mailed: bool  # else whoever invited hands it over


class NotInvited(Exception):
    """This person can't be invited; the message says what to do instead."""


class NotYours(Exception):
    """Not this administrator's to change; the message says whose it is, or what to do instead."""


class InvitationOver(Exception):
    """This link was used, withdrawn, or is too old. Ask for a new one."""


def invite(
    *, email: str, name: str, platform_id: UUID, roles: Sequence[Role], outside: bool,
    by: UUID | None, now: datetime,
) -> Link:  # fmt: skip
    """Invite somebody. Raises `NotInvited`.

    `by` nobody: the first person of an instance, by its command line.
    """
    if Staff.objects.filter(email__iexact=email).exists():
        raise NotInvited(_has_account(email, platform_id))
    with transaction.atomic():
        made, token = inviting.invite(
            email=email, name=name, platform_ids=[platform_id], roles=roles, outside=outside,
            by=by, now=now,
        )  # fmt: skip
        who = "command" if by is None else str(by)
        body = {"roles": [role.value for role in roles], "by": who}
        ledger.enter("staff.invited", subject=f"platform:{platform_id}", body=body, at=now)
    return _send(made, token)


def _has_account(email: str, platform_id: UUID) -> str:
    found = inviting.colleagues([platform_id]).filter(email__iexact=email).first()
    if found is None:
        return (
            "Somebody signs in with this address for another platform of this server. Whoever "
            "runs the server gives them a role here: `heed staff give`."
        )
    if not found.is_active:
        return "This address has an account that was closed: open it again, in the list of people."
    return "There is an account with this address already: give it a role instead."


def start_anew(*, staff_id: UUID, by: UUID | None, now: datetime) -> Link:
    """A link to a new password and second factor, for who lost a device. Raises `NotYours`.

    `by` is None where the operator asks at the machine itself.
    """
    staff = Staff.objects.get(id=staff_id)
    if by is not None:
        _must_be_another(staff, by)
        _must_reach(staff, by)
    with transaction.atomic():
        made, token = inviting.invite(
            email=staff.email, name=staff.name, platform_ids=[], roles=[],
            outside=staff.is_outside, by=by, now=now, staff=staff,
        )  # fmt: skip
        _enter(staff, {"new_start": True, "by": str(by or "operator")}, now)
    return _send(made, token)


def accept(*, token: str, name: str, password: str, now: datetime) -> Staff:
    """Take an invitation up. Raises `InvitationOver`. The password was checked by the door."""
    with transaction.atomic():
        found = inviting.invitation_of(token, now=now)
        if found is None or not inviting.take_up(found, now=now):
            raise InvitationOver("This link was used, withdrawn, or is too old.")
        return _again(found, password, now) if found.staff else _first(found, name, password, now)


def _first(found: Invitation, name: str, password: str, now: datetime) -> Staff:
    try:
        staff = people.add_staff(
            email=found.email, name=name, password=password or None, outside=found.is_outside,
            now=now,
        )  # fmt: skip
    except people.AlreadyStaff:  # another platform's invitation was taken up before
        raise InvitationOver("You have an account by now: ask for a role there.") from None
    for platform_id in found.platform_ids:
        for role in found.roles:
            people.give_role(staff, platform_id, Role(role))
    ledger.enter(
        "staff.added", subject=f"staff:{staff.id}", body={"roles": list(found.roles)}, at=now
    )
    return staff


def _again(found: Invitation, password: str, now: datetime) -> Staff:
    staff = found.staff
    assert staff is not None
    if found.made_by is not None and not _reaches(staff, found.made_by):
        raise InvitationOver("Since it was sent, you were given work elsewhere: ask there for one.")
    inviting.end_sessions(staff)
    inviting.new_password(staff, password)
    inviting.forget_factors(staff)
    _enter(staff, {"new_start": "taken"}, now)
    return staff


def withdraw(*, invitation_id: UUID, by: UUID, now: datetime) -> bool:
    """Take an invitation back. False when it was taken up before."""
    with transaction.atomic():
        if not inviting.withdraw(invitation_id, now=now):
            return False
        subject = f"invitation:{invitation_id}"
        ledger.enter("staff.changed", subject=subject, body={"by": str(by)}, at=now)
    return True


def give_role(
    *, staff_id: UUID, platform_id: UUID, role: Role, by: UUID | None, now: datetime
) -> None:
    """Give somebody else a role; `by` nobody: by the command line. Raises `NotYours`."""
    staff = Staff.objects.get(id=staff_id)
    if by is not None:
        _must_be_another(staff, by)
    if not staff.is_active:
        raise NotYours("This account is closed: open it again first.")
    with transaction.atomic():
        people.give_role(staff, platform_id, role)
        _enter(staff, {"given": role.value, "by": str(by or "operator")}, now)


def end_role(*, staff_id: UUID, platform_id: UUID, role: Role, by: UUID, now: datetime) -> bool:
    """End somebody else's role, at once. Raises `NotYours`. False when they did not hold it."""
    staff = Staff.objects.get(id=staff_id)
    _must_be_another(staff, by)
    with transaction.atomic():
        if not inviting.end_role(staff, platform_id, role, now=now):
            return False
        _enter(staff, {"ended": role.value, "by": str(by)}, now)
    return True


def close_account(*, staff_id: UUID, by: UUID, now: datetime) -> bool:
    """Somebody leaves: signed out everywhere, and in nowhere. Raises `NotYours`."""
    staff = Staff.objects.get(id=staff_id)
    _must_be_another(staff, by)
    _must_reach(staff, by)
    with transaction.atomic():
        if not inviting.close_account(staff, now=now):
            return False
        _enter(staff, {"closed": True, "by": str(by)}, now)
    return True


def open_again(*, staff_id: UUID, by: UUID, now: datetime) -> Link:
    """Who left comes back: a link to a new start, without any role. Raises `NotYours`."""
    staff = Staff.objects.get(id=staff_id)
    _must_be_another(staff, by)
    _must_reach(staff, by)
    with transaction.atomic():
        if not inviting.open_account(staff):
            raise NotYours("This account is open.")
        _enter(staff, {"opened": True, "by": str(by)}, now)
        return start_anew(staff_id=staff.id, by=by, now=now)


def sign_out_everywhere(*, staff_id: UUID, by: UUID, now: datetime) -> int:
    """End every session of somebody; returns how many. Raises `NotYours`."""
    staff = Staff.objects.get(id=staff_id)
    _must_reach(staff, by)
    with transaction.atomic():
        ended = inviting.end_sessions(staff)
        _enter(staff, {"sessions_ended": ended, "by": str(by)}, now)
    return ended


def note_factor(*, staff_id: UUID, what: str, now: datetime) -> None:
    """Whoever sits at somebody's open session could add a key of their own: the log has it."""
    with transaction.atomic():
        _enter(Staff.objects.get(id=staff_id), {"factor": what, "by": str(staff_id)}, now)


def _must_be_another(staff: Staff, by: UUID) -> None:
    if staff.id == by:
        raise NotYours("Nobody changes what they may do themselves: another administrator does.")


def _must_reach(staff: Staff, by: UUID) -> None:
    if not _reaches(staff, by):
        raise NotYours(
            "They also work for a platform that is not yours to administer. End their roles at "
            "yours; the rest is for who administers both, or for `heed staff anew` on the server."
        )


def _reaches(staff: Staff, by: UUID) -> bool:
    """Whether this administrator administers every platform at which that person works."""
    mine = Membership.objects.filter(staff_id=by, role=Role.ADMINISTRATOR, ended_at=None)
    return reading.platforms_of(staff) <= set(mine.values_list("platform_id", flat=True))


def _enter(staff: Staff, body: dict[str, object], now: datetime) -> None:
    ledger.enter("staff.changed", subject=f"staff:{staff.id}", body=body, at=now)


def _send(made: Invitation, token: str) -> Link:
    """Mail the link; where no mail goes out, whoever invited hands it over."""
    path = f"/console/sign-in/invitation/{token}/"
    try:
        wiring.mail().send(
            made.email,
            subject="Your invitation",
            text=f"You are invited to work here. Open this link within a week, and set up how you "
            f"sign in:\n\n{settings.PUBLIC_URL}{path}\n\nIt works once.",
        )
    except MailRefused:
        logger.warning("an invitation was not mailed", extra={"invitation": str(made.id)})
        return Link(path, mailed=False)
    return Link(path, mailed=wiring.mail_leaves())
