"""What a site has published before Heed came is registered, and meets the banks.

1. Of one page, the files that were read are kept, with their signals.
2. The items are registered with them, as if the platform had done it; so they meet cases and banks.
   A file that could not be read is registered by its address: the worker tries it again. So it
   does with one that could not be looked into for a reason of our own.
3. At the end the log says how much there was, and what was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256 as digest_of
from uuid import UUID

from django.db import transaction

from heed.flows.fetch_files import ask_again
from heed.flows.register_items import register_items
from heed.hashing.signals import FileSignals
from heed.ledger import services as ledger
from heed.media import services as media
from heed.media.models import FormerAddress, Item, Match, Platform
from heed.media.services import FileIn, ItemIn
from heed.ports import Listed, ListedFile

LONGEST_REF = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """One published thing, and what its files look like; None where a file could not be read."""

    listed: Listed
    files: tuple[FileSignals | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What became of a page."""

    items: int
    new: int
    not_visible: int  # items that a bank or a case restricts
    matched: int  # files that meet a bank here, by now


def backfill(*, platform_id: UUID, page: Sequence[Seen], now: datetime) -> Filled:
    """Register a page. Repeating it changes nothing."""
    if not page:
        return Filled(items=0, new=0, not_visible=0, matched=0)
    platform = Platform.objects.get(id=platform_id)
    file_ids = _keep(platform, page, now)
    rows = _rows(platform, page)
    done = register_items(platform_id=platform_id, rows=rows, now=now)
    ask_again(item_ids=[one.item_id for one in done], now=now)
    met = Match.objects.filter(platform=platform, file_id__in=file_ids)
    return Filled(
        items=len(done),
        new=sum(one.status == "registered" for one in done),
        not_visible=sum(one.visibility != "visible" for one in done),
        matched=met.values("file_id").distinct().count(),
    )


def _keep(platform: Platform, page: Sequence[Seen], now: datetime) -> list[UUID]:
    """All of a page in one transaction, always in one order: no two of us wait for each other."""
    found = {one.sha256: one for seen in page for one in seen.files if one}
    with transaction.atomic():
        return [
            media.keep_file(found[sha256], platform=platform, now=now).id
            for sha256 in sorted(found)
        ]


def _rows(platform: Platform, page: Sequence[Seen]) -> list[ItemIn]:
    """Who is known by an address alone keeps the name that the platform has given it."""
    bare = [seen.listed.url for seen in page if seen.listed.ref == seen.listed.url]
    known = Item.objects.filter(platform=platform, url__in=bare).values_list("url", "ref")
    moved = FormerAddress.objects.filter(item__platform=platform, url__in=bare).order_by("id")
    names = {**dict(moved.values_list("url", "item__ref")), **dict(known)}
    return [_row(seen, names) for seen in page]


def _row(seen: Seen, names: dict[str, str]) -> ItemIn:
    told, files = seen.listed, zip(seen.listed.files, seen.files, strict=True)
    bare = told.ref == told.url
    return ItemIn(
        ref=names.get(told.url, _short(told.ref)) if bare else told.ref,
        url=told.url,
        kind=told.kind,
        account_ref=told.account_ref,
        reshare_of=told.reshare_of,
        published_at=told.published_at,
        text=told.text,
        files=tuple(_file(one, signals) for one, signals in files) or None,
        registered_by="notice" if bare else "platform",
    )


def _short(url: str) -> str:
    return url if len(url) <= LONGEST_REF else "sha256:" + digest_of(url.encode()).hexdigest()


def _file(told: ListedFile, signals: FileSignals | None) -> FileIn:
    if signals is None:
        return FileIn(url=told.url, preview_url=told.preview_url)
    return FileIn(sha256=signals.sha256, url=told.url, preview_url=told.preview_url)


def end_backfill(
    *, platform_id: UUID, items: int, files: int, could_not: int, matched: int, now: datetime
) -> None:
    """A listing was gone through to its end."""
    body = {"items": items, "files": files, "could_not": could_not, "matched": matched}
    ledger.enter("site.backfilled", subject=f"platform:{platform_id}", body=body, at=now)
