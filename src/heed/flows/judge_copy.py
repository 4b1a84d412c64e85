"""A person says of a machine's "near" whether it shows the same.

1. Note the person's word on a near copy; the same goes as the named item goes, another is let go.
2. Where the near file has a case of its own: the link between the two is judged by the same word,
   and so are the copies that the other case found of this file. Neither becomes the other.
3. Likewise for an upload that was held at the door.

Whoever was wrong says so: the other word is written down as well, and everything follows it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from heed.cases.models import Case, Copy
from heed.cases.queries import exemptions
from heed.cases.services import cases, deadlines
from heed.flows.shared import matches, states, uploads
from heed.ledger import services as ledger
from heed.media.models import Upload
from heed.rules.clocks import Done


def judge_copy(*, copy_id: UUID, same: bool, again: bool = False, by: UUID, now: datetime) -> bool:
    """False when somebody has judged this copy before, or `again`: so already. A reshare of it goes
    the same way.
    """
    copy = Copy.objects.select_related("case").get(id=copy_id)
    if not _judge(copy.case_id, copy.near_file_id, same, again, by, now):
        return False
    _judge_back(copy, same, again, by, now)
    return True


def _judge_back(copy: Copy, same: bool, again: bool, by: UUID, now: datetime) -> None:
    case, near = copy.case, copy.near_file_id
    if near is None or case.file_id is None:
        return
    other = Case.objects.filter(platform_id=case.platform_id, file_id=near).first()
    if other is not None and cases.judge_link(case, other, same=same, again=again, by=by, now=now):
        _judge(other.id, case.file_id, same, again, by, now)


@transaction.atomic
def _judge(
    case_id: UUID, near_file_id: UUID | None, same: bool, again: bool, by: UUID, now: datetime
) -> bool:
    """One case, one near file, in a transaction of its own: two cases are never locked at once."""
    case = states.lock(case_id)
    said = not same if again else None
    twins = Copy.objects.filter(case=case, how=Copy.How.NEAR, near_file_id=near_file_id, same=said)
    ids = list(twins.values_list("item_id", flat=True))
    if not cases.judge_copies(twins, same=same, again=again):
        return False
    states.apply(case, items=ids, now=now, lower=True)
    _nothing_waits(case, now)
    ledger.enter(
        "copy.judged",
        subject=f"case:{case.id}",
        body={"copies": len(ids), "same": same, "again": again, "by": str(by)},
        batch=[str(item) for item in ids],
        at=now,
    )
    return True


def settle_upload(*, upload_id: UUID, release: bool, by: UUID, now: datetime) -> bool:
    """Let a held upload in, or turn it away. False when it no longer waits."""
    with transaction.atomic():
        upload = Upload.objects.select_related("file").get(id=upload_id)
        case = None if upload.case_id is None else states.lock(upload.case_id)
        if not uploads.settle(upload, release=release, now=now, by=str(by)):
            return False
        deadlines.done(Done.PERSON_LOOKED, now=now, cause=f"upload:{upload.id}")
        if case is not None:
            matches.judged(
                case, upload.file_id, right=not release, by=f"staff:{by}", near_only=True, now=now
            )
            _nothing_waits(case, now)
    return True


def _nothing_waits(case: Case, now: datetime) -> None:
    """In a decided case the last word on what was near it meets its review clocks."""
    settled = case.state == Case.State.DECIDED
    waits = uploads.held(case.id) or exemptions.waiting([case.id]).exists()
    if settled and not waits and not cases.unjudged(case):
        deadlines.done(Done.PERSON_LOOKED, now=now, case_id=case.id)
