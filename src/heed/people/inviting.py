"""Writing who is invited, who changes their role, and who leaves."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Q, QuerySet

from heed.ids import secret
from heed.people.models import Membership, Role, Staff
from heed.people.staff_models import Invitation

LASTS = timedelta(days=7)


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def invite(
    *, email: str, name: str, platform_ids: Sequence[UUID], roles: Sequence[Role], outside: bool,
    by: UUID | None, now: datetime, staff: Staff | None = None,
) -> tuple[Invitation, str]:  # fmt: skip
    """A new invitation and the secret of its link; earlier ones to the same address end, but for
    those of other platforms, which are not this one's to take back.
    """
    earlier = Invitation.objects.filter(email__iexact=email, taken_at=None, withdrawn_at=None)
    ours = Q(platform_ids__overlap=list(platform_ids)) if platform_ids else Q(staff=staff)
    earlier.filter(ours).update(withdrawn_at=now)
    token = secret()
    made = Invitation.objects.create(
        email=email, name=name, platform_ids=list(platform_ids),
        roles=[role.value for role in roles], is_outside=outside, staff=staff,
        token_hash=_hashed(token), made_by=by, made_at=now, expires_at=now + LASTS,
    )  # fmt: skip
    return made, token


def invitation_of(token: str, *, now: datetime) -> Invitation | None:
    """The invitation behind a link, while it can be taken up."""
    live = Invitation.objects.filter(taken_at=None, withdrawn_at=None, expires_at__gt=now)
    return live.filter(token_hash=_hashed(token)).select_related("staff").first()


def take_up(invitation: Invitation, *, now: datetime) -> bool:
    """False when somebody did so before, or it was withdrawn."""
    live = Invitation.objects.filter(id=invitation.id, taken_at=None, withdrawn_at=None)
    return bool(live.filter(expires_at__gt=now).update(taken_at=now))


def withdraw(invitation_id: UUID, *, now: datetime) -> bool:
    """False when it was taken up or withdrawn before."""
    live = Invitation.objects.filter(id=invitation_id, taken_at=None, withdrawn_at=None)
    return bool(live.update(withdrawn_at=now))


def waiting(platform_ids: Sequence[UUID], *, now: datetime) -> "QuerySet[Invitation]":
    """Invitations to these platforms that nobody has taken up."""
    live = Invitation.objects.filter(taken_at=None, withdrawn_at=None, expires_at__gt=now)
    return live.filter(platform_ids__overlap=list(platform_ids)).order_by("made_at")


def end_role(staff: Staff, platform_id: UUID, role: Role, *, now: datetime) -> bool:
    """False when they did not hold it."""
    held = Membership.objects.filter(
        staff=staff, platform_id=platform_id, role=role.value, ended_at=None
    )
    return bool(held.update(ended_at=now))


def new_password(staff: Staff, password: str) -> None:
    """Set a password; every session that began with the old one ends by that."""
    staff.set_password(password)
    Staff.objects.filter(id=staff.id).update(password=staff.password)


def forget_factors(staff: Staff) -> None:
    """Take off every second factor: the next sign-in sets up a new one before anything else."""
    Authenticator.objects.filter(user_id=staff.id).delete()


def end_sessions(staff: Staff) -> int:
    """Sign somebody out everywhere; returns how many sessions ended."""
    sessions = list(UserSession.objects.filter(user_id=staff.id))
    for session in sessions:
        session.end()
    return len(sessions)


def close_account(staff: Staff, *, now: datetime) -> bool:
    """Nobody signs in with it any more; what they did keeps their name. False when repeated."""
    closed = Staff.objects.filter(id=staff.id, is_active=True).update(is_active=False)
    Membership.objects.filter(staff=staff, ended_at=None).update(ended_at=now)
    end_sessions(staff)
    return bool(closed)


def open_account(staff: Staff) -> bool:
    """It may be signed in with again, by what its owner sets up anew. False when it is open."""
    opened = Staff.objects.filter(id=staff.id, is_active=False).update(is_active=True)
    if opened:
        staff.set_unusable_password()
        Staff.objects.filter(id=staff.id).update(password=staff.password)
        forget_factors(staff)
    return bool(opened)


def colleagues(platform_ids: Sequence[UUID], role: Role | None = None) -> "QuerySet[Staff]":
    """Everybody who holds, or held, a role at these platforms; or who holds this one."""
    held = Membership.objects.filter(platform_id__in=list(platform_ids))
    held = held if role is None else held.filter(role=role.value, ended_at=None)
    found = Staff.objects.filter(id__in=held.values("staff_id"))
    return found.order_by("-is_active", "name", "id")
