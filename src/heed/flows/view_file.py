"""A reviewer opens a file: only who may, only on purpose, and written down before it is shown.

A still is shown at once. A video in motion comes in parts, and what was played of them is noted.

1. Check the role; for a child's case only the role for it. Is there rest to be had first?
2. Have the viewer render the review copy, which it alone may open; where there is none, fetch the
   bytes from the platform's evidence address, or where they are still public, and render those.
3. Note the viewing; then show the small grey derivative, blurred or clear, or the picture itself.
4. Of a part of a video: note what was played. Who has played all of it in full has seen it.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from heed.cases.models import Case, Copy
from heed.cases.queries import known_files
from heed.filings import queries
from heed.flows import wiring
from heed.flows.shared import evidence, fetching
from heed.hashing import refusals
from heed.hashing.kinds import PICTURE
from heed.hashing.parts import LOOKS
from heed.ledger import services as ledger
from heed.media.models import File
from heed.people import exposure
from heed.people import queries as people
from heed.people import services as writing
from heed.people.models import Role, Staff
from heed.ports import NotShown, Purpose, Rendered, ViewerAway
from heed.rules import health, watching
from heed.rules.claims import Category
from heed.rules.decisions import may_open
from heed.rules.watching import Span

logger = logging.getLogger(__name__)
BLURRED_PX = 320
METADATA = "exif"  # what a picture says of itself; without any it is written down as `NO_METADATA`
NO_METADATA = "exif-none"
STILL, MOVING = ("blurred", "clear", "full"), tuple(LOOKS)
_ENOUGH = {
    "files": "You have opened as many files as is good for a shift.",
    "shift": "You have looked for as long as is good for a shift.",
    "week": "You have looked for as long as is good for a week.",
}
_ELSE = "Until then hand this on, or do what needs no looking: appeals, words, known files."


class MayNotView(Exception):
    """This person may not open this file; the message says who may."""


class NeedsRest(Exception):
    """This person has looked at enough for now; the message says until when. Hand the case on."""


class NotViewable(Exception):
    """The file can't be shown: not kept by the platform, or not readable. Says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """What the viewer shows; never cached, never served from the platform's address."""

    body: bytes
    mime: str
    viewing_id: UUID | None = None  # of the log: what was unblurred is counted to it
    until_ms: int | None = None  # of a part of a video: where the next one begins
    last: bool = True
    about_ms: int | None = None  # how long the file says that it is


def view_file(
    *, case_id: UUID, file_id: UUID, variant: str, from_ms: int = 0, by: UUID, now: datetime
) -> Viewed:
    """Open a file of a case, one of `STILL`; or a part of a video from `from_ms` on, of `MOVING`;
    or read its `METADATA`, as JSON.

    Raises `MayNotView`, `NeedsRest`, `NotViewable`.
    """
    case = Case.objects.select_related("platform").get(id=case_id)
    file = _file_of(case, file_id)
    _must_be_allowed(case, file, by)
    _must_be_rested(file_id, by, now)
    shown = _render(case, file, variant, from_ms, now)
    if variant == METADATA and not json.loads(shown.body):
        variant = NO_METADATA
    with transaction.atomic():
        noted = writing.note_viewing(
            staff_id=by,
            file_id=file_id,
            case_id=case.id,
            variant=variant,
            severity=health.severity(Category(case.category), about_a_child=case.about_child),
            seconds=health.AT_LEAST_SECONDS if variant in ("full", "moving-full") else 0,
            whole=variant == "full" and file.kind == PICTURE,
            part_ms=None if shown.until_ms is None else (from_ms, shown.until_ms),
            last=shown.last and shown.until_ms is not None,
            now=now,
        )
        ledger.enter(
            "file.viewed",
            subject=f"case:{case.id}",
            body={"variant": variant, "purpose": "review"},
            at=now,
        )
    return replace(shown, viewing_id=noted.id)


def note_played(*, viewing_id: UUID, spans: Sequence[Span], by: UUID, now: datetime) -> bool:
    """What the page played of a part, in ms from its beginning. May be repeated: it only grows.

    False when that is nothing new, or more than can have been played by now.
    """
    with transaction.atomic():
        part = exposure.part_of(viewing_id, by)
        if part is None or not watching.believable(spans, now - part.opened_at):
            return False
        begin = part.from_ms or 0
        moved = [(begin + one, begin + other) for one, other in spans[: watching.MOST_SPANS]]
        if not exposure.note_played(part, moved):
            return False
        whole = exposure.watched(by, part.case_id, part.file_id).whole
        if part.variant == "moving-full" and whole and exposure.note_whole(part):
            ledger.enter(
                "video.seen", subject=f"case:{part.case_id}", body={"purpose": "review"}, at=now
            )
    return True


def _file_of(case: Case, file_id: UUID) -> File:
    """The case's own file, one that looks like it, one at its door, or one of the named item's."""
    of_case = Q(id=case.file_id) | Q(uploads__case_id=case.id)
    of_case |= Q(id__in=Copy.objects.filter(case=case).values("near_file_id"))
    of_case |= Q(places__item_id=case.item_id, places__item__isnull=False)
    file = File.objects.filter(of_case, id=file_id).first()
    if file is None:
        raise MayNotView("This file is no part of this case. Open it from a case that it is in.")
    return file


def _must_be_rested(file_id: UUID, by: UUID, now: datetime) -> None:
    """The limit stops the next file, never the one that is being looked at."""
    looks, limits = exposure.looks_of(by, now=now), exposure.limits_of(by)
    rest = health.rest_needed(looks, limits, str(file_id), now)
    if rest is not None:
        until = f"{rest.until:%-d %B %H:%M} UTC"
        raise NeedsRest(f"{_ENOUGH[rest.why]} The next file opens for you from {until} on. {_ELSE}")


def _must_be_allowed(case: Case, file: File, by: UUID) -> None:
    closed = case.about_child and known_files.is_kept_closed(case, file)
    if closed:
        raise MayNotView(
            "A trusted bank knows this file byte for byte, so it stays unopened: decide by what "
            "is known of it."
        )
    roles = people.roles_of(Staff.objects.get(id=by), case.platform_id)
    allowed = may_open(
        about_a_child=case.about_child,
        reviews=bool(roles & {Role.REVIEWER, Role.CHILD_SAFETY, Role.SENIOR}),
        cleared_for_minors=Role.CHILD_SAFETY in roles,
        trusted_bank_knows=closed,
    )
    if not allowed:
        raise MayNotView("Only a child-safety reviewer may open a file in a case about a minor.")


def _render(case: Case, file: File, variant: str, from_ms: int, now: datetime) -> Viewed:
    """From the review copy, in the viewer; else from the platform, in the child."""
    copy = queries.review_copy_of(case.id, file.id)
    if copy is not None:
        try:
            sealing = evidence.sealing_of(copy, Purpose.REVIEW, now=now)
            shown = wiring.viewer().show(sealing, variant, from_ms)
            return _part(shown)
        except NotShown as why:
            raise NotViewable(f"The file can't be read ({why}). Decide by what is known.") from why
        except (evidence.NotPreserved, ViewerAway) as why:
            logger.warning("review copy not shown", extra={"sealed": str(copy.id), "why": str(why)})
    return _rendered(_bytes(case, file), variant, from_ms)


def _part(shown: Rendered) -> Viewed:
    return Viewed(
        body=shown.body,
        mime=shown.mime,
        until_ms=shown.until_ms,
        last=shown.last,
        about_ms=shown.about_ms,
    )


def _bytes(case: Case, file: File) -> bytes:
    try:
        return fetching.file_bytes(case.platform, file).body
    except fetching.NotGiven as why:
        evidence.start(case)  # a review copy can be made from the evidence copy
        raise NotViewable(
            f"The platform does not give these bytes ({why}). If they were preserved, a copy to "
            "look at is being made: try again in a minute. Else check the platform's evidence "
            "address and token, or decide by what is known of the file."
        ) from why


def _rendered(data: bytes, variant: str, from_ms: int) -> Viewed:
    try:
        if variant == METADATA:
            return Viewed(body=wiring.decoder().metadata(data), mime="application/json")
        if variant in MOVING:
            part = wiring.decoder().clip(data, from_ms, variant)
            return _part(
                Rendered(
                    body=part.body,
                    mime="video/webm",
                    until_ms=part.until_ms,
                    last=part.last,
                    about_ms=part.about_ms,
                )
            )
        if variant == "full":
            return Viewed(body=wiring.decoder().full(data), mime="image/jpeg")
        small = wiring.decoder().derivative(data, BLURRED_PX, blurred=variant != "clear")
        return Viewed(body=small, mime="image/webp")
    except refusals.NotViewable as why:
        raise NotViewable(
            f"The file can't be read ({why}). Decide by what is known of it."
        ) from why
