"""Uploads that were held at the door for a case, and what a decision makes of them."""

from datetime import datetime
from uuid import UUID

from heed.cases.models import Case
from heed.flows.shared import evidence, states
from heed.ledger import services as ledger
from heed.media import queries as looking
from heed.media import services as media
from heed.media.models import Upload
from heed.outbox import services as outbox


def settle(upload: Upload, *, release: bool, now: datetime, by: str = "decision") -> bool:
    """Release or block one held upload, and tell the platform. False when it waits no more.

    `by` is the person who said so; else it follows from a decision on the case.
    """
    if not media.end_upload(upload.id, release=release, now=now):
        return False
    evidence.end_upload(upload, release=release, now=now)
    kind = "upload.released" if release else "upload.blocked"
    payload: dict[str, object] = {
        "type": kind,
        "upload_ref": upload.upload_ref,
        "sha256": bytes(upload.file.sha256).hex(),
    }
    outbox.tell(kind, payload, key=f"upload:{upload.id}", platform_id=upload.platform_id, now=now)
    body = {"case": str(upload.case_id), "by": by}
    ledger.enter(kind, subject=f"upload:{upload.id}", body=body, at=now)
    return True


def held(case_id: UUID) -> list[Upload]:
    """Uploads that wait at the door for this case."""
    waiting = Upload.objects.filter(case_id=case_id, state=Upload.State.HELD)
    return list(waiting.select_related("file", "platform"))


def settle_exact(case: Case, *, now: datetime) -> None:
    """Removed: the same bytes that wait at the door are blocked. Near ones wait for a person."""
    for upload in held(case.id):
        if upload.file_id == case.file_id:
            settle(upload, release=False, now=now)


def release_all(case: Case, *, now: datetime) -> None:
    """Let stand: nothing of this case holds an upload any more. What another case holds, it keeps.

    Call it when the case's signals have left the banks.
    """
    for upload in held(case.id):
        other = _other_holder(upload, case)
        if other is None:
            settle(upload, release=True, now=now)
        else:
            media.hand_over(upload.id, other.id)
            states.set_review(other, cause=f"upload:{upload.id}/{other.number}", now=now)


def _other_holder(upload: Upload, case: Case) -> Case | None:
    """The gravest on the same platform: what a shared bank has of another's case is not for us."""
    met = [one.case_id for one in looking.banked(upload.platform, upload.file)]
    here = Case.objects.filter(platform_id=upload.platform_id).exclude(id=case.id).in_bulk(met)
    return next((here[case_id] for case_id in met if case_id in here), None)
