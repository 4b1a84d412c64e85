"""A person found the post that somebody told of without a link.

1. Keep its address beside the notice, as found by staff, and the job that protects.
2. Judge the notice again: from now on it has a place, and is protected as if it had always had it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Notice
from heed.cases.services import notices
from heed.cases.services.notices import Place
from heed.flows import jobs
from heed.flows.protect_target import protect_at_once
from heed.flows.receive_notice import TargetState, target_states
from heed.ledger import services as ledger
from heed.media import queries as media


class NotThisCase(Exception):
    """This case has a file or an item: only one whose place nobody knows can be given one."""


class NotThere(Exception):
    """The address is not one of this platform. Copy it from the post itself."""


def name_place(*, case_id: UUID, url: str, by: UUID, now: datetime) -> tuple[TargetState, ...]:
    """What became of all its places. Raises `NotThisCase`, `NotThere`. Repeating adds nothing."""
    case = Case.objects.get(id=case_id)
    if case.threat_of is None:
        raise NotThisCase(f"case {case.number} has a place")
    notice = Notice.objects.get(id=case.threat_of)
    platform = media.platform_of(url.strip())
    if platform is None or platform.id != case.platform_id:
        raise NotThere("the address is not one of this platform")
    with transaction.atomic():
        notices.add_places(notice, [Place(url=url.strip())])
        ledger.enter(
            "notice.supplemented",
            subject=f"notice:{notice.id}",
            body={"place": True, "by": str(by)},
            at=now,
        )
        jobs.later("protect", once=f"protect:{notice.id}", notice_id=str(notice.id))
    protect_at_once(notice_id=notice.id, now=now)
    return target_states(notice)
