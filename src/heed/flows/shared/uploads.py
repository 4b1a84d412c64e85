"""Uploads that were held at the door for a case, and what a decision makes of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from heed.cases.models import Case
from heed.filings import custody, vault
from heed.filings.models import SealedObject
from heed.flows.shared import evidence, matches, states
from heed.ledger import services as ledger
from heed.media import queries as looking
from heed.media import services as media
from heed.media.models import Upload
from heed.media.queries import Banked
from heed.outbox import services as outbox
from heed.rules.banks import at_the_door
from heed.rules.claims import BankAction


def settle(upload: Upload, *, release: bool, now: datetime, by: str = "decision") -> bool:
    """Release or block one held upload, and tell the platform. False when it waits no more.

    `by` is the person who said so; else it follows from a decision on the case.
    """
    if not media.end_upload(upload.id, release=release, now=now):
        return False
    _end_kept(upload, release=release, now=now)
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
    """Let stand: nothing of this case holds an upload any more. What another case or a bank holds,
    waits for that; of the case's own file people have said what a bank's word is worth.

    Call it when the case's signals have left the banks.
    """
    for upload in held(case.id):
        met = _met(upload)
        if upload.file_id == case.file_id:
            met = [one for one in met if one.case_id is not None]
        _end_or_hand_over(upload, _holder(upload, met, besides=case.id, now=now), now)


def let_in(case: Case, *, by: str, now: datetime) -> int:
    """Some of what spoke for this case is undone: what nothing holds any more is let in, and what
    another case or a bank holds, waits for that. Returns how many were let in.
    """
    count = 0
    for upload in held(case.id):
        met = _met(upload)
        waits = at_the_door(met) is not None
        ours = upload.file_id == case.file_id or any(one.case_id == case.id for one in met)
        if not (waits and ours):
            other = _holder(upload, met, now=now) if waits else None
            count += _end_or_hand_over(upload, other, now, by=by)
    return count


def _met(upload: Upload) -> list[Banked]:
    met = looking.banked(upload.platform, upload.file)
    return matches.standing(upload.platform, upload.file, met)


def _end_or_hand_over(
    upload: Upload, other: Case | None, now: datetime, *, by: str = "decision"
) -> bool:
    if other is None:
        return settle(upload, release=True, now=now, by=by)
    media.hand_over(upload.id, other.id)
    _hand_kept_over(upload, other, now)
    states.set_review(other, cause=f"upload:{upload.id}/{other.number}", now=now)
    return False


def _holder(
    upload: Upload, met: Sequence[Banked], *, besides: UUID | None = None, now: datetime
) -> Case | None:
    """The gravest case on the same platform that holds it: what a shared bank has of another's case
    is not for us. Where a bank of nobody's case does, the case of its own file.
    """
    here = Case.objects.filter(platform_id=upload.platform_id)
    here = here if besides is None else here.exclude(id=besides)
    of = here.in_bulk([one.case_id for one in met if one.case_id is not None])
    known = next((of[one.case_id] for one in met if one.case_id in of), None)
    if known is not None:
        return known
    lasting = [one for one in met if one.case_id is None]
    if at_the_door(lasting) is None:
        return None
    return matches.take_in(upload.platform, upload.file, lasting, BankAction.HOLD, now)


# ------------------------------------------------------------------ what the vault has of them


def _end_kept(upload: Upload, *, release: bool, now: datetime) -> None:
    """Somebody has decided on a held upload. What was let in is no evidence of anything: it goes,
    but where a legal hold, an order or a dispute asks for all of its case to stay.
    """
    gone = [
        one
        for one in _kept_of(upload)
        if one.copy == SealedObject.Copy.REVIEW or (release and not custody.must_stay(one.case_id))
    ]
    evidence.destroy(gone, why="released" if release else "refused", now=now)


def _hand_kept_over(upload: Upload, case: Case, now: datetime) -> None:
    """A held upload waits for this case now, and what was kept of it goes along. Where somebody
    asked for all of its old case to stay, only what is there to look at goes; the rest is found
    from this case all the same (`evidence_of`), and goes when that is over (`hand_on`).
    """
    for one in _kept_of(upload):
        if one.copy == SealedObject.Copy.REVIEW or not custody.must_stay(one.case_id):
            _hand_over(one, case.id, now)


def hand_on(sealed: Sequence[SealedObject], *, now: datetime) -> list[SealedObject]:
    """What a hold had kept with an old case goes to the case that the upload waits for, or was
    refused for; that one says how long. Returns what is no other's.
    """
    of = Upload.objects.exclude(state=Upload.State.RELEASED).exclude(case_id=None)
    cases = dict(of.filter(id__in=[one.upload_id for one in sealed]).values_list("id", "case_id"))
    left = []
    for one in sealed:
        other = cases.get(one.upload_id) if one.upload_id else None
        if other is None or other == one.case_id:
            left.append(one)
        else:
            _hand_over(one, other, now)
    return left


def _hand_over(one: SealedObject, case_id: UUID, now: datetime) -> None:
    vault.hand_over(one, case_id)
    if one.state == SealedObject.State.KEPT:
        evidence.enter_kept(one, now)


def _kept_of(upload: Upload) -> list[SealedObject]:
    of_upload = SealedObject.objects.filter(upload_id=upload.id)
    return list(of_upload.exclude(state=SealedObject.State.DESTROYED))
