"""A platform hands over the bytes of something that is to be preserved, by itself.

1. Find the cases of that platform that ask for these very bytes, by their SHA-256.
2. Seal them for each, as if they had been fetched. Handing over twice keeps nothing twice.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db.models import Q

from heed.cases.models import Case
from heed.flows.shared import evidence
from heed.media.models import File


class NobodyAsks(Exception):
    """No case here is about these bytes: they are not kept. Check that they are the original."""


def hand_over(*, platform_id: UUID, data: bytes, now: datetime) -> list[str]:
    """Keep a file that cases ask for; returns their numbers. Raises `NobodyAsks`."""
    file = File.objects.filter(sha256=sha256(data).digest()).first()
    if file is None:
        raise NobodyAsks("No case asks for a file of this SHA-256.")
    asks = Q(file=file) | Q(copies__near_file=file) | Q(item__files__file=file)
    cases = Case.objects.filter(asks, platform_id=platform_id)
    found = list(cases.select_related("platform").distinct().order_by("opened_at"))
    if not found:
        raise NobodyAsks("No case asks for a file of this SHA-256.")
    for case in found:
        evidence.keep_handed(case, file, data, now=now)
    return [case.number for case in found]
