"""Evidence in the vault: fetched, sealed, opened for a purpose that is written down, destroyed."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Appeal, Case
from heed.cases.queries import exemptions
from heed.filings import forgotten, queries, vault
from heed.filings.models import SealedObject
from heed.filings.vault import Copy, Kept, State, Subject
from heed.flows import jobs, wiring
from heed.flows.shared import fetching, peers
from heed.flows.shared.fetching import NotGiven
from heed.ids import mint
from heed.ledger import services as ledger
from heed.media.models import File, Upload
from heed.ports import (
    KeyLost,
    NotForThisProcess,
    NotOpened,
    ObjectMissing,
    Purpose,
    Sealing,
    VaultTrouble,
)
from heed.rules.holding import Mode, mode

logger = logging.getLogger(__name__)
PURPOSES = {
    Copy.REVIEW: (Purpose.REVIEW,),
    Copy.EVIDENCE: (Purpose.FILING, Purpose.SEAL),
    Copy.CONTEXT: (Purpose.FILING, Purpose.SEAL),
    Copy.ORDER: (Purpose.FILING, Purpose.SEAL),
}
LOCKED_FOR = timedelta(days=365)  # where the store has locks; without its key it is noise anyway
LEASE = timedelta(minutes=10)
AGAIN_IN = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1)]


def _about(sealed: SealedObject) -> str:
    """Whom the ledger's entry is about: a case, or an officer's order."""
    return f"{'order' if sealed.copy == Copy.ORDER else 'case'}:{sealed.case_id}"


class NotPreserved(Exception):
    """Nothing can be read: it was not kept, is damaged, or its key is lost. The message says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file as it was when it was preserved, for one stated purpose. Never write it anywhere."""

    body: bytes
    sha256: bytes
    file_id: UUID
    sealed_id: UUID
    kept_at: datetime


def bytes_for_filing(*, case_id: UUID, file_id: UUID, purpose: str, now: datetime) -> Evidence:
    """A file's original bytes, for `purpose` (such as `cybertip`), which the ledger keeps.

    For the worker, which holds the filer's key. What is not kept yet is kept now if it can be.
    Raises `NotPreserved`; the case then shows what is wrong.
    """
    if not purpose.strip():
        raise NotPreserved("Say for what purpose it is read: the ledger keeps it.")
    sealed = queries.evidence_of(case_id, file_id)
    if sealed is None and queries.was_destroyed(case_id, file_id):
        raise NotPreserved("This evidence was destroyed; the chain of custody says when and why.")
    if sealed is None or sealed.state in vault.OPEN_STATES:
        keep_file(_case(case_id), File.objects.get(id=file_id), now=now)
        sealed = queries.evidence_of(case_id, file_id)
    if sealed is None:
        raise NotPreserved("Nobody has asked for this file to be preserved.")
    body = open_sealed(sealed, Purpose.FILING, why=purpose, now=now)
    assert sealed.kept_at is not None
    return Evidence(
        body=body,
        sha256=sha256(body).digest(),
        file_id=file_id,
        sealed_id=sealed.id,
        kept_at=sealed.kept_at,
    )


# ------------------------------------------------------------------ keeping


def keep_file(case: Case, file: File, *, now: datetime) -> bool:
    """Keep the evidence copy of a case's file, and while it is undecided a review copy.

    Repeating keeps what is missing. True when the evidence is kept.
    """
    if queries.was_destroyed(case.id, file.id, since=case.round_at):
        return False  # what was let go of stays so, unless the case begins anew
    subjects = [_subject(case, Copy.EVIDENCE, file_id=file.id)]
    if _is_looked_at(case):
        subjects.append(_subject(case, Copy.REVIEW, file_id=file.id))
    vault.ask_for(subjects, now=now)
    taken = [vault.take(vault.of(one).id, now=now, lease_until=now + LEASE) for one in subjects]
    mine = [one for one in taken if one is not None]
    if mine and may_hold(case):
        _fetch_and_keep(case, file, mine, now)
    elif mine:
        for one in mine:
            _missed(one, _forbidden(), now, forbidden=True)
    return vault.of(subjects[0]).state == State.KEPT


def _is_looked_at(case: Case) -> bool:
    """Somebody has still to look, in order to decide, to agree, or to answer an appeal."""
    asked = Appeal.objects.filter(case=case, state=Appeal.State.OPEN)
    waits = exemptions.waiting([case.id])
    return case.state != Case.State.DECIDED or waits.exists() or asked.exists()


def keep_handed(case: Case, file: File, data: bytes, *, now: datetime) -> None:
    """The platform has brought the bytes itself: kept at once, whatever was tried before."""
    copies = [Copy.EVIDENCE] + ([Copy.REVIEW] if _is_looked_at(case) else [])
    for copy in copies:
        subject = _subject(case, copy, file_id=file.id)
        vault.ask_for([subject], now=now)
        row = vault.of(subject)
        sealed = vault.take(row.id, now=now, lease_until=now + LEASE, early=True)
        if sealed is None:
            continue
        if may_hold(case):
            keep(sealed, data, source="handed", now=now)
        else:
            _missed(sealed, _forbidden(), now, forbidden=True)


def keep_context(case: Case, facts: Callable[[], dict[str, object]], *, now: datetime) -> bool:
    """What stood around the files, as it was at the hide. Once kept, `facts` is not called."""
    subject = _subject(case, Copy.CONTEXT)
    vault.ask_for([subject], now=now)
    sealed = vault.take(vault.of(subject).id, now=now, lease_until=now + LEASE)
    if sealed is None:
        return False
    body = json.dumps(facts(), ensure_ascii=False, sort_keys=True, default=str).encode()
    return keep(sealed, body, source="records", now=now)


def keep_upload(upload: Upload, case: Case, data: bytes, *, now: datetime) -> None:
    """The bytes of an upload that is held: to be looked at, and to prove with if it is refused.

    For the door that holds them, which never waits for it: what can't be kept is marked.
    """
    for copy in (Copy.REVIEW, Copy.EVIDENCE):
        subject = _subject(case, copy, file_id=upload.file_id, upload_id=upload.id)
        vault.ask_for([subject], now=now)
        sealed = vault.take(vault.of(subject).id, now=now, lease_until=now + LEASE)
        if sealed is None:
            continue
        if may_hold(case):
            keep(sealed, data, source="upload", now=now)
        else:
            _missed(sealed, _forbidden(), now, forbidden=True)


def keep(sealed: SealedObject, data: bytes, *, source: str, now: datetime) -> bool:
    """Seal these bytes, put them into the vault, and write down for whom the key is wrapped."""
    old = sealed.name
    try:
        sealing = wiring.seals().seal(data, PURPOSES[Copy(sealed.copy)])
        name = f"{sealed.copy}/{str(sealed.id)[:2]}/{mint()}.age"
        lock = None if sealed.copy == Copy.REVIEW else now + LOCKED_FOR
        wiring.vault().put(name, sealing.body, keep_until=lock)
    except (VaultTrouble, KeyLost) as why:
        _missed(sealed, str(why), now)
        return False
    with transaction.atomic():
        kept = vault.note_kept(sealed, _kept(name, source, data, sealing), now=now)
        if kept:
            enter_kept(sealed, now)
    leftover = old if kept else name
    if leftover:
        wiring.vault().erase(leftover)
    return kept


def _kept(name: str, source: str, data: bytes, sealing: Sealing) -> Kept:
    return Kept(
        name=name,
        source=source,
        plain_sha256=sha256(data).digest(),
        plain_bytes=len(data),
        sealed_sha256=sha256(sealing.body).digest(),
        wrappings=sealing.wrappings,
    )


def enter_kept(sealed: SealedObject, now: datetime) -> None:
    """The chain of custody of the case that it is kept for begins with this."""
    assert sealed.sealed_sha256 is not None
    ledger.enter(
        "evidence.kept",
        subject=_about(sealed),
        body={
            "sealed": str(sealed.id),
            "copy": sealed.copy,
            "source": sealed.source,
            "sealed_sha256": bytes(sealed.sealed_sha256).hex(),
        },
        at=now,
    )


def _fetch_and_keep(case: Case, file: File, mine: list[SealedObject], now: datetime) -> None:
    try:
        found = fetching.file_bytes(case.platform, file)
    except NotGiven as why:
        body = _from_evidence(case, file, now)
        if body is None:
            for one in mine:
                _missed(one, str(why), now)
            return
        found = fetching.Given(body=body, source="vault")
    for one in mine:
        keep(one, found.body, source=found.source, now=now)


def _from_evidence(case: Case, file: File, now: datetime) -> bytes | None:
    """A review copy can be made from the evidence copy, where the filer's key lies."""
    sealed = queries.evidence_of(case.id, file.id)
    if sealed is None or sealed.state != State.KEPT:
        return None
    try:
        return open_sealed(sealed, Purpose.FILING, why="a new review copy", now=now)
    except NotPreserved:
        return None


def _missed(sealed: SealedObject, why: str, now: datetime, *, forbidden: bool = False) -> None:
    """Marked and alarmed; tried again as long as the case has it waiting."""
    wait = AGAIN_IN[min(sealed.tries, len(AGAIN_IN)) - 1]
    retry_at = None if forbidden else now + wait
    with transaction.atomic():
        if not vault.note_missed(sealed, why, retry_at=retry_at, forbidden=forbidden):
            return
        if sealed.copy != Copy.REVIEW:
            ledger.enter(
                "evidence.missed",
                subject=_about(sealed),
                body={"sealed": str(sealed.id), "copy": sealed.copy, "forbidden": forbidden},
                at=now,
            )
    logger.error("evidence not kept", extra={"sealed": str(sealed.id), "reason": why})


def may_hold(case: Case) -> bool:
    """Whether bytes of this case may be held where this server stands."""
    kept = mode(
        jurisdiction=settings.HEED_JURISDICTION,
        own=settings.HEED_EVIDENCE_MODE,
        about_a_child=case.about_child,
    )
    return kept is Mode.BYTES


def _forbidden() -> str:
    return f"in {settings.HEED_JURISDICTION} the bytes stay at the platform: see HEED_EVIDENCE_MODE"


def _case(case_id: UUID) -> Case:
    return Case.objects.select_related("platform").get(id=case_id)


def _subject(
    case: Case, copy: Copy, *, file_id: UUID | None = None, upload_id: UUID | None = None
) -> Subject:
    return Subject(
        copy=copy,
        platform_id=case.platform_id,
        case_id=case.id,
        file_id=file_id,
        upload_id=upload_id,
        round=case.round if copy is Copy.CONTEXT else 1,
    )


# ------------------------------------------------------------------ opening


def sealing_of(sealed: SealedObject, purpose: Purpose, *, now: datetime) -> Sealing:
    """The object and its wrapped key, as they lie; damage is noted. Raises `NotPreserved`."""
    if sealed.state != State.KEPT:
        why = f": {sealed.reason}" if sealed.reason else ""
        raise NotPreserved(f"This evidence is {sealed.get_state_display()}{why}.")
    wrapped = vault.wrapping(sealed, purpose)
    if wrapped is None:
        raise NotPreserved(f"This copy is not for {purpose}: its key was never wrapped for that.")
    try:
        body = wiring.vault().get(sealed.name)
    except ObjectMissing as why:
        _damaged(sealed, str(why), now)
        raise NotPreserved(str(why)) from why
    except VaultTrouble as why:
        raise NotPreserved(str(why)) from why
    if sealed.sealed_sha256 is None or sha256(body).digest() != bytes(sealed.sealed_sha256):
        _damaged(sealed, "the sealed bytes were altered", now)
        raise NotPreserved("The sealed bytes were altered; the case says so.")
    return Sealing(body=body, wrappings=(wrapped,))


def open_sealed(sealed: SealedObject, purpose: Purpose, *, why: str, now: datetime) -> bytes:
    """Decrypt a copy, after the ledger has been told who reads it for what.

    Raises `NotPreserved`. Losing a key is no damage to the object, and is told apart from it.
    """
    sealing = sealing_of(sealed, purpose, now=now)
    try:
        data = wiring.seals().open(sealing.body, sealing.wrappings[0])
    except NotForThisProcess as why_not:
        raise NotPreserved(f"Not opened here: {why_not}.") from why_not
    except KeyLost as lost:
        logger.error("vault key lost", extra={"purpose": purpose.value})
        vault.note_unreadable(sealed, f"the key is lost: {lost}")
        raise NotPreserved(f"The key is lost: {lost}.") from lost
    except NotOpened as altered:
        _damaged(sealed, "its key does not open it", now)
        raise NotPreserved(str(altered)) from altered
    note_read(sealed, purpose, why=why, now=now)
    return data


def note_read(sealed: SealedObject, purpose: Purpose, *, why: str, now: datetime) -> None:
    """An entry for each reading: which copy, for whom, for what."""
    vault.note_whole(sealed, opened=True, now=now)
    ledger.enter(
        "evidence.read",
        subject=_about(sealed),
        body={"sealed": str(sealed.id), "copy": sealed.copy, "for": purpose.value, "why": why},
        at=now,
    )


def _damaged(sealed: SealedObject, why: str, now: datetime) -> None:
    with transaction.atomic():
        if not vault.note_damaged(sealed, why, now=now):
            return
        ledger.enter(
            "evidence.damaged",
            subject=_about(sealed),
            body={"sealed": str(sealed.id), "copy": sealed.copy, "why": why},
            at=now,
        )
    logger.error("evidence damaged", extra={"sealed": str(sealed.id), "reason": why})


# ------------------------------------------------------------------ destroying


def destroy(sealed: list[SealedObject], *, why: str, now: datetime) -> int:
    """Destroy keys, in the caller's transaction; the noise is erased afterwards. How many."""
    ended = vault.destroy([one.id for one in sealed], now=now)
    ids = [one.id for one in ended]
    transaction.on_commit(lambda: forgotten.note(ids, at=now))
    for one in ended:
        ledger.enter(
            "evidence.destroyed",
            subject=_about(one),
            body={"sealed": str(one.id), "copy": one.copy, "why": why},
            at=now,
        )
    return len(ended)


def end_review(case: Case, *, now: datetime) -> None:
    """Decided, and nobody has to look any more. Copies of uploads that still wait stay."""
    if _is_looked_at(case):
        return
    waiting = Upload.objects.filter(case_id=case.id, state=Upload.State.HELD)
    copies = queries.sealed_of(case.id).filter(copy=Copy.REVIEW)
    copies = copies.exclude(upload_id__in=waiting.values("id"))
    destroy(list(copies.exclude(state=State.DESTROYED)), why="decided", now=now)


def is_being_kept(case: Case) -> bool:
    """Whether a case's evidence is just being fetched and sealed, or is about to be."""
    if not peers.gives_evidence(case.platform):
        return False  # it comes when the platform brings it, or never
    asked = queries.sealed_of(case.id).exclude(copy=Copy.REVIEW)
    waits = asked.filter(state=State.WAITING).exists()
    return waits or jobs.waits_or_runs(f"preserve:{case.id}")


def start(case: Case) -> None:
    """Ask the worker to preserve, in the transaction of the hide; the hide waits for nothing."""
    jobs.later("preserve", once=f"preserve:{case.id}", queue="keep", case_id=str(case.id))
