"""Writes to the outbox: tell, claim, and record how it went.

Deliveries overlap safely. A claimed row carries a lease: nobody else delivers that item until the
deliverer has recorded the outcome or the lease has run out (it was killed). A revision that arrives
meanwhile replaces the row's content and waits for the lease, so one item is never in flight twice.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from heed import ids
from heed.outbox import held, sql
from heed.outbox.models import Letter, StateTelling
from heed.outbox.settling import (
    FINAL,
    NO_RESULT_YET,
    PLATFORM_FAILED,
    Acknowledged,
    acknowledge,
    give_up,
    put_off,
    release,
)
from heed.ports import DesiredState, Result, StateResult

__all__ = [
    "BATCH",
    "LEASE",
    "Acknowledged",
    "Batch",
    "ClaimedLetter",
    "Telling",
    "claim_letter",
    "claim_states",
    "give_up_releases",
    "record_answer",
    "record_failure",
    "record_refused",
    "record_results",
    "record_sent",
    "record_unsent",
    "revive",
    "revive_letters",
    "tell",
    "tell_again",
    "tell_states",
    "tell_under",
]

BATCH = 1_000  # items in one callback
LEASE = timedelta(seconds=45)  # past the longest call that a platform port may make (30 s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a platform is to be told of one item."""

    item_id: UUID
    platform_id: UUID
    item_ref: str
    visibility: str
    revision: int
    reason: str
    not_before: datetime | None = None  # for what may wait: it is out of sight already


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Desired states in one deliverer's hands until `leased_until`. `id` serves as message id."""

    id: UUID
    platform_id: UUID
    tellings: tuple[Telling, ...]
    leased_until: datetime

    @property
    def states(self) -> tuple[DesiredState, ...]:
        """The batch in the words of the platform port."""
        return tuple(
            DesiredState(
                item_ref=telling.item_ref,
                visibility=telling.visibility,
                revision=telling.revision,
                reason=telling.reason,
            )
            for telling in self.tellings
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedLetter:
    """A letter in one deliverer's hands. `id` serves as message id."""

    id: UUID
    platform_id: UUID
    kind: str
    payload: dict[str, object]
    lease_id: UUID
    enqueued_at: datetime


# ---------------------------------------------------------------- desired states


def tell_states(rows: Sequence[Telling], *, now: datetime) -> int:
    """Queue desired states, in the caller's transaction; returns how many were news.

    A newer revision replaces a queued, told or dead one and starts its tries afresh; the same or an
    older one changes nothing. Call it once in a transaction: rows are locked in order of item.
    """
    newest: dict[UUID, Telling] = {}
    for row in rows:
        known = newest.setdefault(row.item_id, row)
        if row.revision > known.revision:
            newest[row.item_id] = row
    if not newest:
        return 0
    tellings = list(newest.values())
    with connection.cursor() as cursor:
        cursor.execute(
            sql.UPSERT,
            [
                now,
                now,
                [telling.not_before for telling in tellings],
                ids.array(telling.item_id for telling in tellings),
                ids.array(telling.platform_id for telling in tellings),
                [telling.item_ref for telling in tellings],
                [telling.visibility for telling in tellings],
                ids.array(telling.revision for telling in tellings),
                [telling.reason for telling in tellings],
            ],
        )
        return int(cursor.rowcount)


def hasten(item_ids: Iterable[UUID], *, now: datetime) -> int:
    """What waited for its time has waited long enough; returns how many."""
    waiting = StateTelling.objects.filter(item_id__in=list(item_ids), attempts=0, due_at__gt=now)
    return waiting.update(due_at=now)


def tell_again(item_ids: Iterable[UUID], *, at: datetime, waiting_too: bool = False) -> int:
    """Say the same revision once more from then on, as if never acknowledged; returns how many.

    For what was observed to differ from the platform's word. What waits for its word is left as
    it is, or with `waiting_too` has its turn then.
    """
    wanted = list(item_ids)
    answered = Q(acknowledged_revision__isnull=False) | Q(dead_at__isnull=False)
    answered = Q() if waiting_too else answered
    with transaction.atomic():
        held.locked(sql.ITEMS, [ids.array(wanted)])
        return StateTelling.objects.filter(answered, item_id__in=wanted).update(
            **_afresh(at),
            told_at=None,
            acknowledged_revision=None,
            acknowledged_result="",
            acknowledged_at=None,
        )


def claim_states(
    platform_id: UUID, *, now: datetime, limit: int = BATCH, lease: timedelta = LEASE
) -> Batch | None:
    """Take up to `limit` due states of one platform; `None` when there is nothing to take.

    News goes before what has failed before. Record the outcome with `record_answer` or
    `record_failure`; without either the rows are due again when the lease has run out.
    """
    batch_id, until = ids.mint(), now + lease
    with connection.cursor() as cursor:
        cursor.execute(sql.CLAIM, [platform_id, now, now, limit, batch_id, until])
        tellings = tuple(_telling(platform_id, row) for row in cursor.fetchall())
    if not tellings:
        return None
    return Batch(id=batch_id, platform_id=platform_id, tellings=tellings, leased_until=until)


def record_answer(
    batch: Batch, results: Iterable[StateResult], *, now: datetime
) -> list[Acknowledged]:
    """Take in the platform's answer to a batch, and give the rows back; returns what is news.

    `failed` is tried again. What the answer leaves out is awaited, then told again.
    """
    said = {(result.item_ref, result.revision): result.result for result in results}
    sent = {telling.item_id: telling.revision for telling in batch.tellings}
    luck = random.random()
    news = []
    with transaction.atomic():
        rows = held.locked(sql.ITEMS, [ids.array(sent)])
        for row in rows:
            revision = sent[row.item_id]
            result = said.get((row.item_ref, revision))
            ours = release(row, batch.id)
            if result in FINAL:
                news += acknowledge(row, revision, result, now=now)
            elif ours and row.revision == revision and row.acknowledged_revision != revision:
                row.told_at = now
                put_off(row, PLATFORM_FAILED if result else NO_RESULT_YET, now=now, luck=luck)
        held.write(rows)
    return news


def record_results(
    platform_id: UUID, results: Iterable[StateResult], *, now: datetime
) -> list[Acknowledged]:
    """Take in results that came later, by the platform's own call; returns what is news.

    Items we never told of and revisions never reached are passed over.
    """
    said: dict[str, dict[int, Result]] = {}
    for result in results:
        if "\0" not in result.item_ref:  # PostgreSQL has no such text, so we never told of it
            said.setdefault(result.item_ref, {})[result.revision] = result.result
    luck = random.random()
    news = []
    with transaction.atomic():
        rows = held.locked(sql.REFS, [platform_id, list(said)])
        for row in rows:
            for revision, word in sorted(said[row.item_ref].items()):
                if word in FINAL:
                    news += acknowledge(row, revision, word, now=now)
                elif revision == row.revision and row.due_at and row.lease_id is None:
                    put_off(row, PLATFORM_FAILED, now=now, luck=luck)
        held.write(rows)
    return news


def record_failure(batch: Batch, error: str, *, now: datetime) -> None:
    """The platform did not confirm the batch: try again later, or give up in sight.

    `error` is a name (`connection_refused`), never words from the outside.
    """
    sent = {telling.item_id: telling.revision for telling in batch.tellings}
    luck = random.random()
    with transaction.atomic():
        rows = held.locked(sql.LEASED, [ids.array(sent), batch.id])
        for row in rows:
            release(row, batch.id)
            revision = sent[row.item_id]
            if row.revision == revision and row.acknowledged_revision != revision:
                put_off(row, error, now=now, luck=luck)
        held.write(rows)


def revive(item_ids: Iterable[UUID], *, now: datetime) -> int:
    """Try dead-lettered states again from the start; returns how many there were."""
    rows = StateTelling.objects.filter(item_id__in=list(item_ids), dead_at__isnull=False)
    return rows.update(**_afresh(now))


def tell_under(revisions: Mapping[UUID, int], *, now: datetime) -> int:
    """Say again what was said of these items, under new revisions; returns how many that were."""
    rows = StateTelling.objects.filter(item_id__in=list(revisions)).exclude(visibility="visible")
    return tell_states(
        [
            Telling(
                item_id=row.item_id, platform_id=row.platform_id, item_ref=row.item_ref,
                visibility=row.visibility, revision=revisions[row.item_id], reason=row.reason,
            )
            for row in rows
        ],
        now=now,
    )  # fmt: skip


def give_up_releases(error: str, *, now: datetime) -> int:
    """Releases that were not delivered yet are not sent, in sight; returns how many.

    For what may have been hidden again since, where nobody here remembers it.
    """
    waiting = StateTelling.objects.filter(visibility="visible", due_at__isnull=False)
    return waiting.update(due_at=None, dead_at=now, last_error=error)


# ---------------------------------------------------------------- letters


def tell(
    kind: str, payload: dict[str, object], *, key: str, platform_id: UUID, now: datetime
) -> UUID:
    """Queue a letter, in the caller's transaction; returns its id. The same key is told once."""
    letter, _ = Letter.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "payload": payload,
            "platform_id": platform_id,
            "enqueued_at": now,
            "due_at": now,
        },
    )
    return letter.id


def claim_letter(
    platform_id: UUID, *, now: datetime, lease: timedelta = LEASE
) -> ClaimedLetter | None:
    """Take one due letter; `None` when there is none. Then `record_sent` or `record_unsent`."""
    with transaction.atomic():
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        due = Letter.objects.filter(free, platform_id=platform_id, due_at__lte=now)
        due = due.order_by("attempts", "due_at", "id")
        letter = due.select_for_update(skip_locked=True).first()
        if letter is None:
            return None
        letter.lease_id, letter.leased_until = ids.mint(), now + lease
        letter.save(update_fields=["lease_id", "leased_until"])
    return ClaimedLetter(
        id=letter.id,
        platform_id=letter.platform_id,
        kind=letter.kind,
        payload=letter.payload,
        lease_id=letter.lease_id,
        enqueued_at=letter.enqueued_at,
    )


def record_sent(letter: ClaimedLetter, *, now: datetime) -> None:
    """The platform took the letter. Repeating it changes nothing."""
    Letter.objects.filter(id=letter.id, sent_at__isnull=True).update(
        sent_at=now, due_at=None, dead_at=None, lease_id=None, leased_until=None, last_error=""
    )


def record_unsent(letter: ClaimedLetter, error: str, *, now: datetime) -> None:
    """The platform did not take the letter: try again later, or give up in sight."""
    with transaction.atomic():
        row = Letter.objects.select_for_update().filter(lease_id=letter.lease_id).first()
        if row is None:  # the lease ran out and another deliverer has it
            return
        release(row, letter.lease_id)
        put_off(row, error, now=now, luck=random.random())
        row.save()


def record_refused(letter: ClaimedLetter, error: str, *, now: datetime) -> None:
    """The platform has no way to take such a letter: given up at once, in sight."""
    with transaction.atomic():
        row = Letter.objects.select_for_update().filter(lease_id=letter.lease_id).first()
        if row is None:
            return
        release(row, letter.lease_id)
        give_up(row, error, now=now)
        row.save()


def revive_letters(letter_ids: Iterable[UUID], *, now: datetime) -> int:
    """Try dead letters again from the start; returns how many there were."""
    rows = Letter.objects.filter(id__in=list(letter_ids), dead_at__isnull=False)
    return rows.update(**_afresh(now))


# ---------------------------------------------------------------- how rows change


def _afresh(now: datetime) -> dict[str, Any]:
    return {
        "due_at": now,
        "attempts": 0,
        "first_failed_at": None,
        "last_error": "",
        "dead_at": None,
    }


def _telling(platform_id: UUID, row: tuple[Any, ...]) -> Telling:
    item_id, item_ref, visibility, revision, reason = row
    return Telling(
        item_id=item_id,
        platform_id=platform_id,
        item_ref=item_ref,
        visibility=visibility,
        revision=revision,
        reason=reason,
    )
