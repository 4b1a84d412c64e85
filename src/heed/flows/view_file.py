"""A reviewer opens a file: only who may, only on purpose, and written down before it is shown.

1. Check the role; for a child's case only the role for it.
2. Fetch the bytes from the platform's evidence address, or where they are still public.
3. Note the viewing; then render a blurred, grey derivative, or the picture itself, in the child.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from heed.cases.models import Case, Copy
from heed.flows import wiring
from heed.flows.shared import evidence
from heed.hashing import refusals
from heed.ledger import services as ledger
from heed.media.models import File, Platform
from heed.people import queries as people
from heed.people import services as writing
from heed.people.models import Role, Staff
from heed.rules.decisions import may_open

BLURRED_PX = 320


class MayNotView(Exception):
    """This person may not open this file; the message says who may."""


class NotViewable(Exception):
    """The file can't be shown: not kept by the platform, or not readable. Says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """What the viewer shows; never cached, never served from the platform's address."""

    body: bytes
    mime: str


def view_file(*, case_id: UUID, file_id: UUID, variant: str, by: UUID, now: datetime) -> Viewed:
    """Open a file of a case as `blurred` or `full`. Raises `MayNotView`, `NotViewable`."""
    case = Case.objects.select_related("platform").get(id=case_id)
    _must_be_allowed(case, by)
    data = _bytes(case.platform, _file_of(case, file_id))
    shown = _render(data, variant)
    with transaction.atomic():
        writing.note_viewing(
            staff_id=by, file_id=file_id, case_id=case.id, variant=variant, now=now
        )
        ledger.enter(
            "file.viewed",
            subject=f"case:{case.id}",
            body={"variant": variant, "purpose": "review"},
            at=now,
        )
    return shown


def _file_of(case: Case, file_id: UUID) -> File:
    """The case's own file, one that looks like it, one at its door, or one of the named item's."""
    of_case = Q(id=case.file_id) | Q(uploads__case_id=case.id)
    of_case |= Q(id__in=Copy.objects.filter(case=case).values("near_file_id"))
    of_case |= Q(places__item_id=case.item_id, places__item__isnull=False)
    file = File.objects.filter(of_case, id=file_id).first()
    if file is None:
        raise MayNotView("This file is no part of this case. Open it from a case that it is in.")
    return file


def _must_be_allowed(case: Case, by: UUID) -> None:
    roles = people.roles_of(Staff.objects.get(id=by), case.platform_id)
    allowed = may_open(
        about_a_child=case.about_child,
        reviews=bool(roles & {Role.REVIEWER, Role.CHILD_SAFETY, Role.SENIOR}),
        cleared_for_minors=Role.CHILD_SAFETY in roles,
        trusted_bank_knows=False,
    )
    if not allowed:
        raise MayNotView("Only a child-safety reviewer may open a file in a case about a minor.")


def _bytes(platform: Platform, file: File) -> bytes:
    try:
        return evidence.bytes_of(platform, file)
    except evidence.NotKept as why:
        raise NotViewable(f"{why} Or decide by what is known of the file.") from why


def _render(data: bytes, variant: str) -> Viewed:
    try:
        if variant == "full":
            return Viewed(body=wiring.decoder().full(data), mime="image/jpeg")
        return Viewed(body=wiring.decoder().derivative(data, BLURRED_PX), mime="image/webp")
    except refusals.NotViewable as why:
        raise NotViewable(
            f"The file can't be read ({why}). Decide by what is known of it."
        ) from why
