"""What became of a partner's notices."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from heed.cases.models import Decision, Notice
from heed.rules.decisions import Ruling
from heed.rules.partners import Record


def record(partner_id: UUID, *, since: datetime | None = None) -> Record:
    """How many it gave, and how many of those people removed or let stand."""
    given = Notice.objects.filter(partner_id=partner_id)
    if since is not None:
        given = given.filter(received_at__gte=since)
    final = Decision.objects.filter(
        case__joins__notice=OuterRef("pk"), case__joins__undone_at=None, state=Decision.State.FINAL
    )
    removed = given.filter(Exists(final.filter(ruling=Ruling.REMOVE.value)))
    stands = given.filter(Exists(final.filter(ruling=Ruling.KEEP.value)))
    alone = stands.exclude(Exists(final.filter(ruling=Ruling.REMOVE.value)))
    return Record(given=given.count(), removed=removed.count(), stands=alone.count())


def same_of(partner_id: UUID, alike: bytes, *, since: datetime) -> Notice | None:
    """The notice by which this partner has said exactly this before."""
    said = Notice.objects.filter(partner_id=partner_id, alike_index=alike, received_at__gte=since)
    return said.order_by("received_at").first()


def recent(partner_id: UUID, most: int = 50) -> list[Notice]:
    """Its latest notices, newest first."""
    return list(Notice.objects.filter(partner_id=partner_id).order_by("-received_at")[:most])
