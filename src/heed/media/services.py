"""Writing down what is on a platform, and what it looks like."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q

from heed.hashing.distance import GOOD_QUALITY
from heed.hashing.signals import FileSignals
from heed.media.models import Account, File, Item, ItemFile, Platform, Signal, Upload, Watermark


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIn:
    """A file as a platform names it: by SHA-256 of bytes checked before, by URL, or by signals."""

    sha256: bytes | None = None
    url: str = ""
    preview_url: str = ""
    md5: bytes | None = None
    pdq: bytes | None = None
    pdq_quality: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemIn:
    """An item as a platform names it."""

    ref: str
    url: str
    kind: str = "post"
    account_ref: str = ""
    reshare_of: str = ""
    published_at: datetime | None = None
    views: int = 0
    text: str = ""
    files: tuple[FileIn, ...] | None = None  # None: nothing said about files
    registered_by: str = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What became of one row."""

    item_id: UUID
    ref: str
    status: str  # registered | known | changed
    visibility: str
    revision: int


@dataclass(slots=True)
class _Batch:
    """One batch on its way into the database."""

    platform: Platform
    now: datetime
    transaction: int
    items: dict[str, Item] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)


def transaction_id() -> int:
    """This transaction's id: rows marked with it can be swept in the order of commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def register(platform: Platform, rows: Sequence[ItemIn], *, now: datetime) -> list[Registered]:
    """Write a batch of items down; repeating it changes nothing.

    A later row of the same ref wins. Must run in a transaction.
    """
    wanted = {row.ref: row for row in rows}
    batch = _Batch(platform, now, transaction_id())
    batch.items = _known(platform, wanted)
    _add_new(batch, wanted)
    _change_known(batch, wanted)
    _place_files(batch, wanted)
    _adopt_orphans(batch)
    return [
        Registered(
            item_id=batch.items[ref].id,
            ref=ref,
            status=batch.status[ref],
            visibility=batch.items[ref].desired,
            revision=batch.items[ref].revision,
        )
        for ref in wanted
    ]


def _known(platform: Platform, refs: Iterable[str]) -> dict[str, Item]:
    found = Item.objects.filter(platform=platform, ref__in=list(refs))
    return {item.ref: item for item in found}


def _accounts(platform: Platform, refs: set[str]) -> dict[str, UUID]:
    rows = [Account(platform=platform, ref=ref) for ref in sorted(refs)]
    Account.objects.bulk_create(rows, ignore_conflicts=True)
    found = Account.objects.filter(platform=platform, ref__in=refs)
    return dict(found.values_list("ref", "id"))


def _add_new(batch: _Batch, wanted: dict[str, ItemIn]) -> None:
    new = [row for ref, row in wanted.items() if ref not in batch.items]
    if not new:
        return
    accounts = _accounts(batch.platform, {row.account_ref for row in new if row.account_ref})
    parents = _known(batch.platform, {row.reshare_of for row in new if row.reshare_of})
    made = {row.ref: _new_item(batch, row, accounts) for row in new}
    for row in new:
        parent = parents.get(row.reshare_of) or made.get(row.reshare_of)
        if parent is not None and parent.id != made[row.ref].id:
            made[row.ref].reshare_of_id = parent.id
    # Parents may stand in the same batch: the foreign key is checked at the end of the statement.
    Item.objects.bulk_create(made.values(), ignore_conflicts=True, batch_size=2_000)
    batch.items |= _known(batch.platform, made)  # another door may have been first
    for ref in made:
        mine = batch.items[ref].id == made[ref].id
        batch.status[ref] = "registered" if mine else "known"


def _new_item(batch: _Batch, row: ItemIn, accounts: dict[str, UUID]) -> Item:
    return Item(
        platform=batch.platform,
        ref=row.ref,
        url=row.url,
        kind=row.kind,
        account_id=accounts.get(row.account_ref),
        reshare_of_ref=row.reshare_of,
        text=row.text,
        published_at=row.published_at,
        registered_at=batch.now,
        registered_by=row.registered_by,
        views=row.views,
        observe_due_at=batch.now,  # a first look: only what was seen can be verified to be gone
        committed=batch.transaction,
    )


def _change_known(batch: _Batch, wanted: dict[str, ItemIn]) -> None:
    changed = []
    for ref, row in wanted.items():
        if ref in batch.status:
            continue
        item = batch.items[ref]
        batch.status[ref] = "known"
        if _taken_over(item, row, batch.transaction):
            batch.status[ref] = "changed"
            changed.append(item)
    fields = ["url", "text", "views", "reshare_of_ref", "committed", "registered_by", "kind"]
    Item.objects.bulk_update(changed, fields, batch_size=1_000)


def _taken_over(item: Item, row: ItemIn, transaction: int) -> bool:
    """Take over what the row says that differs; views only ever grow."""
    before = (item.views, item.text, item.reshare_of_ref, item.registered_by)
    item.views = max(item.views, row.views)
    item.text = row.text or item.text
    if row.registered_by == "platform":
        item.registered_by, item.kind = "platform", row.kind
        item.reshare_of_ref = row.reshare_of or item.reshare_of_ref
    after = (item.views, item.text, item.reshare_of_ref, item.registered_by)
    if after[1:] != before[1:]:
        item.committed = transaction
    return after != before


def _place_files(batch: _Batch, wanted: dict[str, ItemIn]) -> None:
    rows = {ref: row.files for ref, row in wanted.items() if row.files}
    if not rows:
        return
    files = _files_named(rows, batch.now)
    ids = [batch.items[ref].id for ref in rows]
    old = {
        (place.item_id, place.position): place for place in ItemFile.objects.filter(item_id__in=ids)
    }
    fresh, moved = [], []
    for ref, named in rows.items():
        for position, one in enumerate(named):
            place = _place(batch.items[ref].id, position, one, files)
            was = old.get((place.item_id, position))
            if was is None:
                fresh.append(place)
            elif _moved(was, place):
                moved.append(was)
    ItemFile.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2_000)
    ItemFile.objects.bulk_update(
        moved, ["file", "url", "preview_url", "state", "retry_at", "tries"]
    )
    touched = {place.item_id for place in moved}
    if touched:
        Item.objects.filter(id__in=touched).update(committed=batch.transaction)


def _place(item_id: UUID, position: int, one: FileIn, files: dict[bytes, UUID]) -> ItemFile:
    file_id = files.get(one.sha256) if one.sha256 else None
    return ItemFile(
        item_id=item_id,
        position=position,
        file_id=file_id,
        url=one.url,
        preview_url=one.preview_url,
        state=ItemFile.State.KNOWN if file_id else ItemFile.State.WAITING,
    )


def _moved(was: ItemFile, now: ItemFile) -> bool:
    """Another file stands at this place than the one we knew."""
    same_file = now.file_id is None or was.file_id == now.file_id
    if same_file and was.url == (now.url or was.url):
        return False
    was.file_id, was.state = now.file_id, now.state
    was.url, was.preview_url = now.url or was.url, now.preview_url or was.preview_url
    was.tries, was.retry_at = 0, None
    return True


def _files_named(rows: dict[str, tuple[FileIn, ...]], now: datetime) -> dict[bytes, UUID]:
    """Ids of the files named by hash, making those that we knew nothing of."""
    named = {one.sha256: one for many in rows.values() for one in many if one.sha256}
    found = dict(File.objects.filter(sha256__in=named).values_list("sha256", "id"))
    ids = {bytes(sha256): file_id for sha256, file_id in found.items()}
    told = [one for sha256, one in named.items() if sha256 not in ids and not one.url]
    for one in told:
        assert one.sha256 is not None
        ids[one.sha256] = keep_told_signals(one, now=now).id
    return ids


def _adopt_orphans(batch: _Batch) -> None:
    """Reshares that were registered before what they reshare find it now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE media_item child SET reshare_of_id = parent.id, committed = %s
            FROM media_item parent
            WHERE child.platform_id = %s AND parent.platform_id = %s
              AND child.reshare_of_id IS NULL AND child.reshare_of_ref <> ''
              AND parent.ref = child.reshare_of_ref AND parent.id <> child.id
              AND (child.ref = ANY(%s) OR parent.ref = ANY(%s))
            """,
            [batch.transaction, batch.platform.id, batch.platform.id] + [list(batch.items)] * 2,
        )


def keep_told_signals(one: FileIn, *, now: datetime) -> File:
    """A file of which a platform told us signals, and no bytes. Repeating changes nothing."""
    assert one.sha256 is not None
    file, made = File.objects.get_or_create(
        sha256=one.sha256,
        defaults={
            "md5": one.md5,
            "state": File.State.SIGNALS_ONLY,
            "kind": "picture" if one.pdq else "other",
            "forms": one.pdq or b"",
            "first_seen_at": now,
        },
    )
    if made and one.pdq:
        Signal.objects.create(file=file, type="pdq", value=one.pdq, quality=one.pdq_quality)
    return file


def keep_file(signals: FileSignals, *, now: datetime) -> File:
    """A file that we have read ourselves. Bytes win over what a platform told us of them."""
    facts = {
        "md5": signals.md5,
        "size_bytes": signals.size_bytes,
        "kind": signals.kind,
        "mime": signals.mime,
        "width_px": signals.width_px,
        "height_px": signals.height_px,
        "state": signals.state,
        "reason": signals.reason or "",
        "forms": _forms(signals),
    }
    file, made = File.objects.get_or_create(
        sha256=signals.sha256, defaults={**facts, "first_seen_at": now}
    )
    told_only = not made and file.state == File.State.SIGNALS_ONLY
    if told_only:
        File.objects.filter(id=file.id).update(**facts)
        file.signals.all().delete()
        file.refresh_from_db()
    if made or told_only:
        Signal.objects.bulk_create(_signals(file, signals))
    return file


def _forms(signals: FileSignals) -> bytes:
    """What to ask an index with; of a video, each good frame as it is and as a mirror shows it."""
    if signals.kind != "video":
        return b"".join(signals.query_forms)
    good = [frame for frame in signals.frames if frame.quality >= GOOD_QUALITY]
    return b"".join(frame.pdq + (frame.mirrored or frame.pdq) for frame in good)


def _signals(file: File, signals: FileSignals) -> list[Signal]:
    rows = []
    if signals.pdq is not None:
        rows.append(Signal(file=file, type="pdq", value=signals.pdq, quality=signals.pdq_quality))
    rows += [
        Signal(file=file, type="vpdq", value=f.pdq, quality=f.quality, at_ms=f.timestamp_ms)
        for f in signals.frames
    ]
    return rows


def rename(item: Item, ref: str) -> Item:
    """The platform's own name for an item that was known by its address only; a new revision."""
    Item.objects.filter(id=item.id).update(
        ref=ref, registered_by="platform", revision=item.revision + 1, committed=transaction_id()
    )
    item.refresh_from_db()
    return item


def acknowledge(rows: Sequence[tuple[UUID, int, str]], *, now: datetime, look_at: datetime) -> None:
    """The platform's word on revisions: (item, revision, result). An older one changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE media_item i
            SET acknowledged_revision = a.revision, answer = a.result, acknowledged_at = %s,
                acknowledged = CASE WHEN a.result = 'applied' AND a.revision = i.revision
                                    THEN i.desired ELSE i.acknowledged END,
                observe_due_at = %s, observe_tries = 0
            FROM unnest(%s::uuid[], %s::int[], %s::text[]) AS a(item_id, revision, result)
            WHERE i.id = a.item_id AND i.acknowledged_revision < a.revision
              AND a.revision <= i.revision
            """,
            [now, look_at, [row[0] for row in rows], [row[1] for row in rows],
             [row[2] for row in rows]],
        )  # fmt: skip


def claim_observations(*, now: datetime, lease_until: datetime, limit: int) -> list[UUID]:
    """Items whose addresses are to be fetched now, in this worker's hands until `lease_until`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE media_item SET observe_due_at = %s, observe_tries = observe_tries + 1
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
    """What a fetch showed of this revision; False when the item has moved on meanwhile."""
    return bool(
        Item.objects.filter(id=item.id, revision=item.revision).update(
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
) -> Upload:
    """A file that was not let through at once. The same attempt, asked again, is one row."""
    same = Upload.objects.filter(platform=platform, file=file, upload_ref=upload_ref)
    known = same.filter(state=Upload.State.HELD).first() if upload_ref and held else None
    return known or Upload.objects.create(
        platform=platform,
        file=file,
        case_id=case_id,
        account_ref=account_ref,
        upload_ref=upload_ref,
        state=Upload.State.HELD if held else Upload.State.BLOCKED,
        reason=reason,
        distance_bits=distance_bits,
        asked_at=now,
        ended_at=None if held else now,
    )


def take_waiting(*, now: datetime, limit: int, lease: timedelta) -> list[ItemFile]:
    """Files to be fetched, in this worker's hands until the lease is over."""
    due = Q(retry_at=None) | Q(retry_at__lte=now)
    waiting = ItemFile.objects.filter(due, file=None, state=ItemFile.State.WAITING)
    with transaction.atomic():
        ids = list(waiting.select_for_update(skip_locked=True).values_list("id", flat=True)[:limit])
        ItemFile.objects.filter(id__in=ids).update(retry_at=now + lease, tries=F("tries") + 1)
    return list(ItemFile.objects.filter(id__in=ids).select_related("item__platform"))


def put_in_place(place: ItemFile, file: File) -> None:
    """The bytes at this place are known now; its item is to be compared again."""
    ItemFile.objects.filter(id=place.id).update(
        file=file, state=ItemFile.State.KNOWN, reason="", retry_at=None
    )
    Item.objects.filter(id=place.item_id).update(committed=transaction_id())


def retry_place(place: ItemFile, reason: str, *, retry_at: datetime) -> None:
    """It could not be read this time."""
    ItemFile.objects.filter(id=place.id).update(reason=reason[:80], retry_at=retry_at)


def give_up_place(place: ItemFile, reason: str) -> None:
    """It can't be read: a state of its own, in sight, never a silent pass."""
    ItemFile.objects.filter(id=place.id).update(
        state=ItemFile.State.FAILED, reason=reason[:80], retry_at=None
    )


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


def move_watermark(name: str, *, to: int) -> None:
    """All rows below were swept."""
    Watermark.objects.update_or_create(name=name, defaults={"below": to})
