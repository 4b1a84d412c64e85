"""The files that a case's page may open, and who has looked at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max

from heed.cases.models import Case, Copy
from heed.media.models import File, ItemFile, Signal, Upload
from heed.people.models import Viewing


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file that may be asked for on this page, and why it is here."""

    file: File
    distance_bits: int | None = None  # of a near copy; None: this is the case's own
    quality: int | None = None
    copies: Sequence[Copy] = ()


def files(case: Case) -> list[Shown]:
    """The files that the case is about."""
    if case.file is not None:
        return _shown([case.file])
    if case.item is None:
        return []
    places = ItemFile.objects.filter(item=case.item, file__isnull=False).select_related("file")
    found = [place.file for place in places.order_by("position") if place.file is not None]
    return _shown(found)


def to_be_seen(case: Case) -> list[File]:
    """What somebody must have seen, all of it, before they may say that nothing is wrong."""
    return [one.file for one in files(case)]


def unread(case: Case) -> list[ItemFile]:
    """Places of the case's item whose bytes we could not get (yet). Never a silent pass."""
    named = Copy.objects.filter(case=case, how=Copy.How.NAMED).values("item_id")
    return list(ItemFile.objects.filter(item__in=named, file=None).order_by("item_id", "position"))


def _shown(found: Sequence[File]) -> list[Shown]:
    signals = Signal.objects.filter(file__in=found).order_by()
    best = dict(signals.values_list("file_id").annotate(best=Max("quality")))
    return [Shown(file=file, quality=best.get(file.id)) for file in found]


def near_files(case: Case) -> tuple[list[Shown], list[Shown]]:
    """Files that look like the case's, each once with its copies, the closest first.

    Those that wait for a person's word, and those that have it.
    """
    found = Copy.objects.filter(case=case, how=Copy.How.NEAR, near_file__isnull=False)
    found = found.select_related("near_file", "item__account")
    by_file: dict[bool, dict[UUID, list[Copy]]] = {False: {}, True: {}}
    for copy in found.order_by("distance_bits", "found_at", "id"):
        assert copy.near_file_id is not None
        by_file[copy.same is not None].setdefault(copy.near_file_id, []).append(copy)
    waiting, judged = ([_near(one) for one in by_file[said].values()] for said in (False, True))
    return waiting, judged


def _near(copies: Sequence[Copy]) -> Shown:
    first = copies[0]
    assert first.near_file is not None
    return Shown(
        file=first.near_file,
        distance_bits=first.distance_bits,
        quality=first.quality,
        copies=tuple(copies),
    )


def file_of(case: Case, file_id: UUID) -> File | None:
    """A file that belongs on this case's page: its own, a near copy's or a held upload's."""
    own = {one.file.id for one in files(case)}
    near = Copy.objects.filter(case=case, near_file_id=file_id).exists()
    held = Upload.objects.filter(case_id=case.id, file_id=file_id).exists()
    if file_id not in own and not near and not held:
        return None
    return File.objects.filter(id=file_id).first()


def viewings(case: Case) -> list[Viewing]:
    """Who looked at which file of this case, and when: from the viewer's own log."""
    return list(Viewing.objects.filter(case_id=case.id).order_by("opened_at"))


def has_seen(case: Case, staff_id: UUID, near_file_id: UUID) -> bool:
    """Whether somebody has looked at a near copy and at the case's own file."""
    looks = Viewing.objects.filter(case_id=case.id, staff_id=staff_id)
    seen = set(looks.values_list("file_id", flat=True))
    return near_file_id in seen and (case.file_id is None or case.file_id in seen)
