"""Writing down what lies in the vault. The bytes are `ports.Vault`'s, the keys' wrappings ours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from heed.filings.models import KeyWrapping, SealedObject
from heed.ports import Purpose, Wrapping

Copy = SealedObject.Copy
State = SealedObject.State
OPEN_STATES = (State.WAITING, State.MISSED, State.DAMAGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be sealed: which copy of which file, for which case."""

    copy: str
    platform_id: UUID
    case_id: UUID
    file_id: UUID | None = None
    upload_id: UUID | None = None
    round: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How it lies in the vault."""

    name: str
    source: str
    plain_sha256: bytes
    plain_bytes: int
    sealed_sha256: bytes
    wrappings: Sequence[Wrapping]


def ask_for(subjects: Iterable[Subject], *, now: datetime) -> None:
    """Each of these is to be kept; what is asked for already stays as it is."""
    rows = [
        SealedObject(
            copy=one.copy,
            platform_id=one.platform_id,
            case_id=one.case_id,
            file_id=one.file_id,
            upload_id=one.upload_id,
            round=one.round,
            asked_at=now,
            retry_at=now,
        )
        for one in subjects
    ]
    SealedObject.objects.bulk_create(rows, ignore_conflicts=True)


def of(subject: Subject) -> SealedObject:
    """The row that was asked for. Call `ask_for` before."""
    return SealedObject.objects.exclude(state=State.DESTROYED).get(
        copy=subject.copy,
        case_id=subject.case_id,
        file_id=subject.file_id,
        upload_id=subject.upload_id,
        round=subject.round,
    )


def take(
    sealed_id: UUID, *, now: datetime, lease_until: datetime, early: bool = False
) -> SealedObject | None:
    """One that is due (or `early`: not yet), in this worker's hands until the lease is over.

    None when it is kept, or not due.
    """
    due = SealedObject.objects.filter(id=sealed_id, state__in=OPEN_STATES)
    due = due if early else due.filter(retry_at__lte=now)
    if not due.update(retry_at=lease_until, tries=F("tries") + 1):
        return None
    return SealedObject.objects.get(id=sealed_id)


def put_off(case_id: UUID, *, now: datetime, until: datetime) -> None:
    """What is due of this case is due again then: something here failed before it was taken."""
    due = SealedObject.objects.filter(case_id=case_id, state__in=OPEN_STATES, retry_at__lte=now)
    due.update(retry_at=until)


def note_kept(sealed: SealedObject, kept: Kept, *, now: datetime) -> bool:
    """It lies in the vault. False when it was destroyed, or kept by another, meanwhile."""
    with transaction.atomic():
        done = SealedObject.objects.filter(id=sealed.id, state__in=OPEN_STATES).update(
            state=State.KEPT,
            reason="",
            source=kept.source,
            name=kept.name,
            plain_sha256=kept.plain_sha256,
            plain_bytes=kept.plain_bytes,
            sealed_sha256=kept.sealed_sha256,
            kept_at=now,
            checked_at=now,
            retry_at=None,
        )
        if done:
            KeyWrapping.objects.filter(sealed=sealed).delete()  # of the object that was damaged
            KeyWrapping.objects.bulk_create(_row(sealed.id, one, now) for one in kept.wrappings)
    sealed.refresh_from_db()
    return bool(done)


def _row(sealed_id: UUID, one: Wrapping, now: datetime) -> KeyWrapping:
    return KeyWrapping(
        sealed_id=sealed_id,
        purpose=one.purpose.value,
        recipient=one.recipient,
        wrapped=one.wrapped,
        made_at=now,
    )


def note_missed(
    sealed: SealedObject, reason: str, *, retry_at: datetime | None, forbidden: bool = False
) -> bool:
    """It could not be kept, or may not be; True when that is news."""
    state = State.FORBIDDEN if forbidden else State.MISSED
    still = SealedObject.objects.filter(id=sealed.id, state__in=(State.WAITING, State.MISSED))
    news = still.exclude(state=state, reason=reason[:200]).exists()
    still.update(state=state, reason=reason[:200], retry_at=retry_at)
    sealed.refresh_from_db()
    return news


def note_damaged(sealed: SealedObject, reason: str, *, now: datetime) -> bool:
    """What lay in the vault is missing or altered; True when that is news. It is fetched again."""
    kept = SealedObject.objects.filter(id=sealed.id, state=State.KEPT)
    return bool(kept.update(state=State.DAMAGED, reason=reason[:200], retry_at=now))


def note_whole(sealed: SealedObject, *, opened: bool = False, now: datetime) -> None:
    """It was read, and is as it was put; `opened`: with its key, so whatever was said is over."""
    kept = SealedObject.objects.filter(id=sealed.id, state=State.KEPT)
    kept.update(checked_at=now, **({"reason": ""} if opened else {}))


def note_unreadable(sealed: SealedObject, reason: str) -> None:
    """It lies there whole, and its key is lost: no damage, and the case says so all the same."""
    SealedObject.objects.filter(id=sealed.id, state=State.KEPT).update(reason=reason[:200])


def hand_over(sealed: SealedObject, case_id: UUID) -> None:
    """It is another case's from now on: what that asks for, and how long, holds for it."""
    SealedObject.objects.filter(id=sealed.id).exclude(state=State.DESTROYED).update(case_id=case_id)
    sealed.refresh_from_db()


def destroy(sealed_ids: Sequence[UUID], *, now: datetime) -> list[SealedObject]:
    """Destroy these objects' keys: from here on they are noise. Returns those that this ended."""
    with transaction.atomic():
        rows = SealedObject.objects.select_for_update().filter(id__in=sealed_ids)
        live = list(rows.exclude(state=State.DESTROYED).order_by("id"))
        ids = [one.id for one in live]
        KeyWrapping.objects.filter(sealed_id__in=ids).delete()
        SealedObject.objects.filter(id__in=ids).update(
            state=State.DESTROYED, destroyed_at=now, retry_at=None
        )
    return live


def wrapping(sealed: SealedObject, purpose: Purpose) -> Wrapping | None:
    """The object's key as it is wrapped for a purpose."""
    row = KeyWrapping.objects.filter(sealed=sealed, purpose=purpose.value).first()
    if row is None:
        return None
    return Wrapping(purpose=purpose, recipient=row.recipient, wrapped=bytes(row.wrapped))


def swap(sealed: SealedObject, old: Wrapping, new: Wrapping, *, now: datetime) -> bool:
    """Put a new wrapping in the old one's place; False when somebody did so before."""
    same = Q(sealed=sealed, purpose=old.purpose.value, recipient=old.recipient)
    return bool(
        KeyWrapping.objects.filter(same).update(
            recipient=new.recipient, wrapped=new.wrapped, made_at=now
        )
    )


def note_erased(sealed: SealedObject) -> None:
    """The noise, too, is gone from the vault."""
    SealedObject.objects.filter(id=sealed.id, state=State.DESTROYED).update(name="")


def give_up(sealed_id: UUID) -> None:
    """It is not tried again; it stays marked as it is."""
    SealedObject.objects.filter(id=sealed_id, state__in=OPEN_STATES).update(
        state=State.MISSED, retry_at=None
    )
