"""Writing down what is on a platform, and what it looks like."""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models.expressions import RawSQL

from heed.hashing import refusals
from heed.hashing.distance import GOOD_QUALITY
from heed.hashing.signals import FileSignals, Value
from heed.ids import array
from heed.media.models import File, Item, Match, Platform, Signal, Upload, Watermark
from heed.media.queries import Banked
from heed.media.registering import FileIn as FileIn
from heed.media.registering import ItemIn as ItemIn
from heed.media.registering import Registered as Registered
from heed.media.registering import keep_told_signals as keep_told_signals
from heed.media.registering import register as register
from heed.media.registering import transaction_id as transaction_id
from heed.rules.version import VERSION

_SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def keep_file(signals: FileSignals, *, platform: Platform | None = None, now: datetime) -> File:
    """A file that we have read ourselves, as `platform` knows it.

    Bytes win over what platforms told us of them, and over an earlier try that could not read them.
    """
    facts = _facts(signals)
    known = list(File.objects.filter(sha256=signals.sha256))
    if all(file.told_by_id is not None for file in known):
        known.append(_read(signals, facts, platform, known, now))
    for file in known:
        if _known_better(file, signals):
            _learn(file, signals, facts)
    own = (file for file in known if platform and file.told_by_id == platform.id)
    return next(own, None) or next(file for file in known if file.told_by_id is None)


def _facts(signals: FileSignals) -> dict[str, object]:
    return {
        "md5": signals.md5,
        "sha1": signals.sha1 or None,
        "size_bytes": signals.size_bytes,
        "kind": signals.kind,
        "mime": signals.mime,
        "width_px": signals.width_px,
        "height_px": signals.height_px,
        "state": signals.state,
        "reason": signals.reason or "",
        "forms": b"".join(signals.query_forms),
        "forms_at": struct.pack(f">{len(signals.asked_at_s)}H", *signals.asked_at_s),
    }


def _read(
    signals: FileSignals,
    facts: dict[str, object],
    platform: Platform | None,
    told: list[File],
    now: datetime,
) -> File:
    """The one file for all platforms: what its own sender told of it, proven now, or a new one."""
    own = [file for file in told if platform and file.told_by_id == platform.id]
    for file in own:
        try:
            with transaction.atomic():
                File.objects.filter(id=file.id).update(told_by=None)
        except IntegrityError:  # somebody read it at the same time
            break
        told.remove(file)
        file.told_by = None
        return file
    file, made = File.objects.get_or_create(
        sha256=signals.sha256, told_by=None, defaults={**facts, "first_seen_at": now}
    )
    if made:
        Signal.objects.bulk_create(_signals(file, signals))
    return file


def _known_better(file: File, signals: FileSignals) -> bool:
    unread = file.state == File.State.NOT_HASHABLE
    read = signals.state != File.State.NOT_HASHABLE
    learnt_why = file.reason in refusals.OURS and signals.reason not in refusals.OURS
    return file.state == File.State.SIGNALS_ONLY or (unread and (read or learnt_why))


def _learn(file: File, signals: FileSignals, facts: dict[str, object]) -> None:
    File.objects.filter(id=file.id).update(**facts)
    file.signals.all().delete()
    file.refresh_from_db()
    Signal.objects.bulk_create(_signals(file, signals))


def _signals(file: File, signals: FileSignals) -> list[Signal]:
    """The plain value first. A frame may have two values of one time: as shown, inside a border.

    Of a picture that stops early, what can be seen: people see it as well, and it is asked with.
    """
    rows = []
    if signals.reason == refusals.Reason.TRUNCATED and signals.query_forms:
        seen = signals.query_forms[0]
        rows += [Signal(file=file, type="pdq", value=seen, quality=GOOD_QUALITY)]
    if signals.pdq is not None:
        plain = Value(signals.pdq, signals.pdq_quality)
        rows += [
            Signal(file=file, type="pdq", value=one.pdq, quality=one.quality)
            for one in (plain, *signals.other_values)
        ]
    rows += [
        Signal(file=file, type="vpdq", value=one.pdq, quality=one.quality, at_ms=f.timestamp_ms)
        for f in signals.frames
        for one in (Value(f.pdq, f.quality), f.inside)
        if one is not None
    ]
    return rows


_FLOOR = "revisions"


def next_revision(of: str) -> str:
    """The number after `of`, in SQL. After a restore it begins above all that was ever told."""
    floor = f"(SELECT below FROM media_watermark WHERE name = '{_FLOOR}')"
    return f"greatest({of}, coalesce({floor}, 0)) + 1"


def raise_revisions(*, now: datetime) -> None:
    """Revisions told after a backup are unknown to what is restored: new ones must be above them.

    By the minute, so that every later restore is above every earlier one.
    """
    move_watermark(_FLOOR, to=int((now - _SINCE).total_seconds()) // 60)


def tell_anew() -> list[tuple[UUID, int]]:
    """Every item that is not to be visible gets a new revision; returns both. In a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE media_item SET revision = {next_revision('revision')}"
            " WHERE desired <> 'visible' RETURNING id, revision"
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def rename(item: Item, ref: str) -> Item:
    """The platform's own name for an item that was known by its address only; a new revision."""
    Item.objects.filter(id=item.id).update(
        ref=ref, registered_by="platform", revision=RawSQL(next_revision("revision"), []),
        committed=transaction_id(),
    )  # fmt: skip
    item.refresh_from_db()
    return item


def lock(item_ids: Sequence[UUID]) -> None:
    """Hold these items for this transaction. Items are always locked before outbox rows, by id.

    Reshares of a held item may still be registered: they refer to its key, which stays.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM media_item WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE",
            [array(item_ids)],
        )


def lock_refs(platform_id: UUID, refs: Sequence[str]) -> None:
    """The same, for items named by the platform's own refs."""
    held = Item.objects.select_for_update(no_key=True)
    held = held.filter(platform_id=platform_id, ref__in=list(refs))
    list(held.order_by("id").values_list("id"))


def acknowledge(rows: Sequence[tuple[UUID, int, str]], *, now: datetime, look_at: datetime) -> None:
    """The platform's word on revisions: (item, revision, result). An older one changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE media_item i
            SET acknowledged_revision = a.revision, answer = a.result, acknowledged_at = %s,
                acknowledged = CASE WHEN a.result = 'applied' AND a.revision = i.revision
                                    THEN i.desired ELSE i.acknowledged END,
                observe_due_at = least(i.observe_due_at, %s)
            FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS a(item_id, revision, result)
            WHERE i.id = a.item_id AND i.acknowledged_revision <= a.revision
              AND a.revision <= i.revision
            """,
            [now, look_at, array(row[0] for row in rows), array(row[1] for row in rows),
             [row[2] for row in rows]],
        )  # fmt: skip


def claim_observations(*, now: datetime, lease_until: datetime, limit: int) -> list[UUID]:
    """Items whose addresses are to be fetched now, in this worker's hands until `lease_until`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE media_item
            SET observe_due_at = %s, observe_tries = least(observe_tries, 1000) + 1
            WHERE id IN (
                SELECT id FROM media_item WHERE observe_due_at <= %s
                ORDER BY observe_due_at LIMIT %s FOR UPDATE SKIP LOCKED
            ) RETURNING id
            """,
            [lease_until, now, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def observe(
    item: Item, observed: str, *, now: datetime, next_at: datetime | None, seen: bool
) -> bool:
    """What a fetch showed of this revision; False when the item has moved on meanwhile.

    Also when the platform has: what was seen before its word came says nothing about its word.
    """
    unmoved = Item.objects.filter(
        id=item.id, revision=item.revision, acknowledged_revision=item.acknowledged_revision
    )
    return bool(
        unmoved.update(
            observed=observed,
            observed_revision=item.revision,
            observed_at=now,
            observe_due_at=next_at,
            seen_before=item.seen_before or seen,
        )
    )


def end_upload(upload_id: UUID, *, release: bool, now: datetime) -> bool:
    """A held upload is let in or turned away; False when somebody has said so before."""
    state = Upload.State.RELEASED if release else Upload.State.BLOCKED
    return bool(
        Upload.objects.filter(id=upload_id, state=Upload.State.HELD).update(
            state=state, ended_at=now
        )
    )


def hand_over(upload_id: UUID, case_id: UUID) -> None:
    """A held upload waits for another case from now on, with what lasting banks say of it."""
    upload = Upload.objects.filter(id=upload_id, state=Upload.State.HELD)
    for file, platform in upload.values_list("file_id", "platform_id"):
        here = Match.objects.filter(file_id=file, platform_id=platform, bank_signal__case_id=None)
        here.update(case_id=case_id)
    upload.update(case_id=case_id)


def keep_upload(
    *,
    platform: Platform,
    file: File,
    case_id: UUID | None,
    account_ref: str,
    upload_ref: str,
    held: bool,
    reason: str,
    distance_bits: int | None,
    now: datetime,
) -> tuple[Upload, bool]:
    """A file that was not let through, and whether it is new: the same attempt is one row. One that
    was held unseen, and is held for a case now, is new to that case.
    """
    state = Upload.State.HELD if held else Upload.State.BLOCKED
    same = Upload.objects.filter(platform=platform, file=file, upload_ref=upload_ref, state=state)
    known = same.first() if upload_ref else None
    if known is not None and (case_id is None or known.case_id is not None):
        return known, False
    if known is not None:
        unseen = Upload.objects.filter(id=known.id, case_id=None)
        joined = unseen.update(case_id=case_id, reason=reason, distance_bits=distance_bits)
        known.refresh_from_db()
        return known, bool(joined)
    made = Upload.objects.create(
        platform=platform,
        file=file,
        case_id=case_id,
        account_ref=account_ref,
        upload_ref=upload_ref,
        state=state,
        reason=reason,
        distance_bits=distance_bits,
        asked_at=now,
        ended_at=None if held else now,
    )
    return made, True


def note_matches(
    platform: Platform,
    file: File,
    met: Sequence[Banked],
    *,
    at_door: bool,
    case_id: UUID | None = None,
    now: datetime,
) -> int:
    """That a file met banked signals, and how nearly; each noted once. Returns how many are new.

    What was rolled back is found anew.
    """
    rows = [
        Match(
            file=file, bank_signal_id=one.signal_id, platform=platform,
            distance_bits=one.distance_bits, threshold_bits=one.threshold_bits, found_at=now,
            at_door=at_door, case_id=case_id or one.case_id, rules_version=VERSION,
        )
        for one in met
    ]  # fmt: skip
    here = Match.objects.filter(file=file, platform=platform)
    here = here.filter(bank_signal_id__in=[one.signal_id for one in met])
    again = here.filter(word=Match.Word.UNDONE)
    known = here.exclude(word=Match.Word.UNDONE).exclude(case_id=None).count()
    Match.objects.bulk_create(rows, ignore_conflicts=True)
    again.update(word="", said_by="", said_at=None, found_at=now, rules_version=VERSION)
    here.filter(case_id=None).update(case_id=case_id)
    return len({one.signal_id for one in met}) - known


def judge_matches(
    platform_id: UUID, file_id: UUID, *, right: bool, by: str, near_only: bool, now: datetime
) -> int:
    """People's word on the matches of a file on one platform. Returns how many it is news for."""
    word = Match.Word.RIGHT if right else Match.Word.WRONG
    here = Match.objects.filter(platform_id=platform_id, file_id=file_id)
    here = here.exclude(word__in=[word, Match.Word.UNDONE])
    if near_only:
        here = here.filter(distance_bits__gt=0)
    return here.update(word=word, said_by=by, said_at=now, shared_at=None)


def change(item: Item, *, views: int | None, deleted_at: datetime | None, text: str | None) -> None:
    """What the platform says changed. Views only grow; a deletion is noted, nothing is erased."""
    if views is not None:
        Item.objects.filter(id=item.id, views__lt=views).update(views=views)
    if deleted_at is not None:
        Item.objects.filter(id=item.id, deleted_at=None).update(deleted_at=deleted_at)
    if text is not None:
        Item.objects.filter(id=item.id).update(text=text)
    item.refresh_from_db()


def look_again(item_ids: Sequence[UUID], *, now: datetime) -> None:
    """Fetch the addresses of these items once more, as soon as possible."""
    Item.objects.filter(id__in=item_ids).update(observe_due_at=now, observe_tries=0)


def watermark(name: str) -> int:
    """Below this, rows were swept; 0 at first."""
    return Watermark.objects.filter(name=name).values_list("below", flat=True).first() or 0


def oldest_running() -> int:
    """Transactions below it have ended: no row marked with one of them can appear later."""
    return int(_asked_one("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))


def _asked_one(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])


def move_watermark(name: str, *, to: int) -> None:
    """All rows below were swept."""
    Watermark.objects.update_or_create(name=name, defaults={"below": to})
