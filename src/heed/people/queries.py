"""Reading who works here, and what they have looked at."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from heed.people.models import Contact, Membership, Role, Staff, Viewing


def roles_of(staff: Staff, platform_id: UUID | None = None) -> set[Role]:
    """The roles somebody holds, at one platform or anywhere."""
    held = Membership.objects.filter(staff=staff, ended_at=None)
    if platform_id is not None:
        held = held.filter(platform_id=platform_id)
    return {Role(role) for role in held.values_list("role", flat=True)}


def every_role_of(staff: Staff) -> dict[UUID, frozenset[Role]]:
    """The roles somebody holds, platform by platform."""
    held: dict[UUID, set[Role]] = {}
    mine = Membership.objects.filter(staff=staff, ended_at=None)
    for platform, role in mine.values_list("platform_id", "role"):
        held.setdefault(platform, set()).add(Role(role))
    return {platform: frozenset(roles) for platform, roles in held.items()}


def platforms_of(staff: Staff) -> set[UUID]:
    """The platforms somebody works for."""
    held = Membership.objects.filter(staff=staff, ended_at=None)
    return set(held.values_list("platform_id", flat=True))


def has_viewed(staff_id: UUID, case_id: UUID, file_id: UUID) -> bool:
    """Whether somebody has seen all of this file in this case, a video from beginning to end.

    A blurred look is not a view, nor is a still of a video.
    """
    looks = Viewing.objects.filter(staff_id=staff_id, case_id=case_id, file_id=file_id)
    return looks.filter(whole=True).exists()


def contact_confirmed(notice_id: UUID) -> bool:
    """Whether a mailbox has answered for this notice."""
    return Contact.objects.filter(notice_id=notice_id, confirmed_at__isnull=False).exists()


def contact_of(notice_id: UUID) -> Contact | None:
    """How the notifier can be reached, if they said so."""
    return Contact.objects.filter(notice_id=notice_id, erased_at=None).first()


def contacts_of(notice_ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """The same for many notices at once, by notice."""
    found = Contact.objects.filter(notice_id__in=list(notice_ids), erased_at=None)
    return {one.notice_id: one for one in found}


def staff_named(ids: set[UUID]) -> dict[UUID, str]:
    """Names for a page, by id."""
    return dict(Staff.objects.filter(id__in=ids).values_list("id", "name"))


DECIDE = (Role.REVIEWER, Role.CHILD_SAFETY, Role.SENIOR)
SPEAK = (Role.LIAISON, Role.SENIOR)


def deciders(platform_id: UUID) -> set[UUID]:
    """The active people who may decide cases of this platform, outside reviewers among them."""
    held = Membership.objects.filter(
        platform_id=platform_id, ended_at=None, role__in=DECIDE, staff__is_active=True
    )
    return set(held.values_list("staff_id", flat=True))


def speakers(platform_id: UUID) -> set[UUID]:
    """The active people who may answer officers of this platform."""
    held = Membership.objects.filter(
        platform_id=platform_id, ended_at=None, role__in=SPEAK, staff__is_active=True
    )
    return set(held.values_list("staff_id", flat=True))


def whole_by_ours(case_id: UUID, file_id: UUID) -> bool:
    """Whether one of our own people saw all of a file in this case."""
    looks = Viewing.objects.filter(case_id=case_id, file_id=file_id, staff__is_outside=False)
    return looks.filter(whole=True).exists()


def looks_of_ours(case_id: UUID, file_id: UUID) -> set[str]:
    """How our own people looked at a file in this case: a partner's reviewer is not ours."""
    looks = Viewing.objects.filter(case_id=case_id, file_id=file_id, staff__is_outside=False)
    return set(looks.values_list("variant", flat=True))


def seen_elsewhere(case_id: UUID, file_id: UUID) -> datetime | None:
    """When our own people last saw all of the same bytes in another case."""
    looks = Viewing.objects.filter(file_id=file_id, whole=True, staff__is_outside=False)
    last = looks.exclude(case_id=case_id).order_by("-opened_at").first()
    return None if last is None else last.opened_at


def others_with(role: Role, platform_id: UUID, but: UUID) -> bool:
    """Whether somebody else holds this role there."""
    held = Membership.objects.filter(
        platform_id=platform_id, role=role, ended_at=None, staff__is_active=True
    )
    return held.exclude(staff_id=but).exists()


def holds(staff_id: UUID, role: Role, platform_id: UUID) -> bool:
    """Whether somebody holds a role at a platform."""
    held = Membership.objects.filter(staff_id=staff_id, platform_id=platform_id, role=role)
    return held.filter(ended_at=None, staff__is_active=True).exists()


def with_roles(roles: Iterable[Role]) -> set[UUID]:
    """The active people who hold one of these roles anywhere."""
    held = Membership.objects.filter(ended_at=None, role__in=list(roles), staff__is_active=True)
    return set(held.values_list("staff_id", flat=True))
