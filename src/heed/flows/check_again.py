"""Uploads that could not be checked are tried again, and a person is due for what is left.

1. Write down that the gate itself failed: how many uploads of a platform it held unseen, and why.
2. Take some that are due; leave those that the platform has registered since (they are read and
   compared where they stand). Look again, with the same rules as at the door.
3. What has an answer now ends, and the platform is told; what has none is tried again later, at
   last by nobody but a person.
4. A person lets one in, refuses it, or says that they have seen it.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from heed.flows import check_upload
from heed.flows.check_upload import Checked, NotCompared
from heed.flows.shared import uploads
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.media import unchecked
from heed.media.models import Platform, Unchecked
from heed.outbox import services as outbox
from heed.ports import NotFetched
from heed.rules.gate import LET_IN_UNSEEN, Verdict

logger = logging.getLogger(__name__)
BATCH = 5
LEASE = timedelta(minutes=5)


def note_outage(
    *, platform_id: UUID, reason: str, uploads: int, since: datetime, now: datetime
) -> None:
    """The gate held so many uploads of a platform without a look, and they come again; or it let
    them in so, where the operator of that site chose it.
    """
    platform = Platform.objects.get(id=platform_id)
    with transaction.atomic():
        unchecked.note_outage(platform, reason, uploads=uploads, since=since, now=now)
        body = {"why": reason, "uploads": uploads}
        event = "gate.let_in" if reason == LET_IN_UNSEEN else "gate.failed"
        ledger.enter(event, subject=f"platform:{platform_id}", body=body, at=now)


def check_again(*, now: datetime) -> int:
    """One batch; returns how many waited no more after it."""
    rows = unchecked.take_due(now=now, limit=BATCH, lease=LEASE)
    return each(rows, lambda row: _again(row, now), what="unchecked")


def _again(row: Unchecked, now: datetime) -> bool:
    if unchecked.is_registered(row):
        return bool(unchecked.end([row.id], Unchecked.End.REGISTERED, now=now))
    try:
        done = _looked(row, now)
    except (NotFetched, NotCompared) as why:
        unchecked.not_yet(row, str(why) or "not fetched", now=now)
        return False
    with transaction.atomic():
        if unchecked.end([row.id], Unchecked.End.CHECKED, now=now):
            unchecked.keep_time(row)
            _tell(row, done, now)
    return True


def _looked(row: Unchecked, now: datetime) -> Checked:
    """Its own row is left as it is: this flow ends it, and tells the platform."""
    asked = unchecked.asked_by(row)
    return (check_upload.look_at if row.url else check_upload.compare_again)(asked, now=now)


def _tell(row: Unchecked, done: Checked, now: datetime) -> None:
    """What is held still, waits in its case or for a person, and is told then."""
    if done.verdict is Verdict.HOLD or not row.upload_ref:
        return
    _letter(row, release=done.verdict is Verdict.ALLOW, sha256=done.sha256, by="again", now=now)


def _letter(row: Unchecked, *, release: bool, sha256: bytes, by: str, now: datetime) -> None:
    kind = "upload.released" if release else "upload.blocked"
    payload: dict[str, object] = {
        "type": kind, "upload_ref": row.upload_ref, "sha256": sha256.hex(),
    }  # fmt: skip
    outbox.tell(kind, payload, key=f"unchecked:{row.id}", platform_id=row.platform_id, now=now)
    ledger.enter(kind, subject=f"unchecked:{row.id}", body={"case": "", "by": by}, at=now)


# ------------------------------------------------------------------ a person's word


def settle(*, row_id: UUID, release: bool | None, by: UUID, now: datetime) -> bool:
    """Let in, refuse, or (None) only seen. False when it waited no more.

    Only what the platform named by a ref of its own, or whose bytes we had, can be let in.
    """
    row = unchecked.one(row_id)
    if row is None:
        return False
    with transaction.atomic():
        if not unchecked.end([row.id], _how(release), now=now):
            return False
        _settle(row, release, str(by), now)
    return True


def _how(release: bool | None) -> Unchecked.End:
    if release is None:
        return Unchecked.End.SEEN
    return Unchecked.End.RELEASED if release else Unchecked.End.BLOCKED


def _settle(row: Unchecked, release: bool | None, by: str, now: datetime) -> None:
    held = unchecked.held_of(row)
    for upload in held:
        uploads.settle(upload, release=bool(release), now=now, by=by)
    if not held and release is not None and row.upload_ref:
        sha256 = b"" if row.file is None else bytes(row.file.sha256)
        _letter(row, release=release, sha256=sha256, by=by, now=now)
