"""See that Heed learns of everything, in whatever order the two are up.

The queue is the database itself: an item is due until Heed has confirmed the views it has now.
"""

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime, timedelta

from heed_client import AsyncHeed, HeedError, wished
from heed_client.shapes import File, Item, LineAnswer, Uploader

from .media import Shelf
from .obey import obey
from .store import Json, Store

log = logging.getLogger("townsquare")
BATCH = 1000  # items in one registration; Heed takes 5,000
VIEWS_EVERY = 3.0  # seconds
LONGEST_PAUSE = 5.0  # seconds between tries while Heed is down
REFUSED_AGAIN_AFTER = timedelta(minutes=1)


class NotAnswered(Exception):
    """Heed had no answer about an upload: the post stays held, and it is asked about again."""


class Courier:
    """Runs beside the site. `wake` it when there is something new."""

    def __init__(self, store: Store, shelf: Shelf, heed: AsyncHeed, public_url: str) -> None:
        self.store, self.shelf, self.heed, self.public_url = store, shelf, heed, public_url
        self.obey = obey
        self.wake = asyncio.Event()
        self._asking: set[str] = set()
        self._views_told_at = 0.0

    async def run(self) -> None:
        """Until cancelled: deliver what is due, again and again, slower while Heed is down."""
        pause, caught_up = 0.2, False
        while True:
            try:
                await self.deliver()
                caught_up = caught_up or await self.catch_up()
                pause = 0.2
                timeout = VIEWS_EVERY
            except (HeedError, NotAnswered) as error:
                log.warning("Heed did not confirm, will try again: %s", error)
                pause = timeout = min(pause * 2, LONGEST_PAUSE)
            except Exception:  # whatever it was, the queue is still there: never stop delivering
                log.exception("a delivery failed, will try again")
                timeout = LONGEST_PAUSE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), timeout)
            await asyncio.sleep(min(pause, 0.05))  # let a burst gather into one batch
            self.wake.clear()

    async def catch_up(self) -> bool:
        """After a start: take up every restriction that was said while the site was away."""
        self.obey(self.store, [state async for state in self.heed.all_states()])
        return True

    async def deliver(self) -> None:
        """One round: register what is new, say what changed, ask about held uploads."""
        with_views = time.monotonic() - self._views_told_at >= VIEWS_EVERY
        while await self._register(with_views=with_views):
            pass
        if with_views:
            self._views_told_at = time.monotonic()
        await self._tell_deletions()
        held = "SELECT DISTINCT item FROM files f JOIN items i ON i.id = f.item"
        unasked = f"{held} WHERE verdict = 'unasked' AND status = 'held' ORDER BY random()"
        for row in self.store.rows(unasked):  # any order: one that always fails blocks no other
            await self.ask(row["item"])
            self.wake.set()  # what is published now wants to be registered

    async def ask(self, ref: str) -> None:
        """Ask about each file of a held post. Raises `NotAnswered`: then it stays held."""
        if ref in self._asking:
            return
        self._asking.add(ref)
        try:
            item = self.store.rows("SELECT account FROM items WHERE id = ?", ref)[0]
            for file in self.store.files([ref])[ref]:
                if file["verdict"] == "unasked":
                    await self._ask_one(item["account"], file["item"], file["n"], file["sha256"])
        finally:
            self._asking.discard(ref)
            self.drop_refused(ref)

    async def _ask_one(self, account: str, ref: str, n: int, sha256: str) -> None:
        data = self.shelf.path(sha256).read_bytes()
        upload = f"{ref}.{n}"
        word = await self.heed.may_publish(data, account_ref=account, upload_ref=upload)
        if word.ask_again:
            raise NotAnswered(f"{upload}: {word.reason}")
        self.store.judge(ref, n, word.verdict, unasked_only=True)

    def drop_refused(self, ref: str) -> None:
        """Of a refused post, keep no bytes that nothing else needs."""
        for sha256 in self.store.unneeded(ref):
            self.shelf.drop(sha256)

    async def _register(self, *, with_views: bool) -> bool:
        """Send one batch. True when there may be more."""
        due = "told_views IS NULL" + (" OR told_views <> views" if with_views else "")
        rows = self.store.rows(
            f"SELECT * FROM items WHERE status IN ('published', 'deleted') AND ({due})"
            " AND (retry_at IS NULL OR retry_at < ?) ORDER BY told_views IS NOT NULL, seq LIMIT ?",
            datetime.now(UTC).isoformat(),
            BATCH,
        )
        if not rows:
            return False
        files = self.store.files([row["id"] for row in rows])
        results = await self.heed.register_all(
            self.described(dict(row), [dict(f) for f in files[row["id"]]]) for row in rows
        )
        views = {row["id"]: row["views"] for row in rows}
        return self._note_confirmed(results, views) > 0 and len(rows) == BATCH

    def _note_confirmed(self, results: list[LineAnswer], views: dict[str, int]) -> int:
        again = (datetime.now(UTC) + REFUSED_AGAIN_AFTER).isoformat()
        taken = [one for one in results if one["status"] in ("registered", "known", "changed")]
        refused = [(again, one.get("ref")) for one in results if one not in taken]
        if refused:
            log.error("Heed refused %d items, first %s", len(refused), refused[0][1])
        with self.store.db:
            told = "UPDATE items SET told_views = ?, retry_at = NULL WHERE id = ?"
            confirmed = [(views[ref], ref) for one in taken if (ref := one["ref"])]
            self.store.db.executemany(told, confirmed)
            self.store.db.executemany("UPDATE items SET retry_at = ? WHERE id = ?", refused)
        # A reshare of a hidden post is born hidden: the answer says so before any callback does.
        self.obey(self.store, wished(taken))
        return len(taken)

    async def _tell_deletions(self) -> None:
        due = "status = 'deleted' AND told_deleted = 0 AND told_views IS NOT NULL"
        for row in self.store.rows(f"SELECT id FROM items WHERE {due}"):
            await self.heed.change(row["id"], {"deleted_at": datetime.now(UTC)})
            with self.store.db:
                self.store.db.execute(
                    "UPDATE items SET told_deleted = 1 WHERE id = ?", (row["id"],)
                )

    def described(self, item: Json, files: list[Json]) -> Item:
        """An item as Heed's API takes it; its files are named by the bytes that were checked."""
        ref = item["id"]
        return {
            "ref": ref,
            "url": f"{self.public_url}/p/{ref}",
            "account_ref": item["account"],
            "kind": "reshare" if item["reshare_of"] else "post",
            "reshare_of": item["reshare_of"],
            "published_at": item["published_at"],
            "views": item["views"],
            "text": item["text"] or None,
            "files": [self._file(ref, file) for file in files],
            "uploader": self._uploader(item),
        }

    def _uploader(self, item: Json) -> Uploader | None:
        """From where it was uploaded: with port and time, for without them it leads nowhere."""
        ip, _, port = item["sender"].partition(" ")
        if not ip:
            return None
        return {
            "ip": ip,
            "port": int(port),
            "at": item["published_at"],
            "screen_name": item["account"],
            "profile_url": f"{self.public_url}/u/{item['account']}",
        }

    def _file(self, ref: str, file: Json) -> File:
        """A reshare shows the bytes at the address of the first post: it has none of its own."""
        if file["home"] != ref:
            return {"sha256": file["sha256"]}
        at = f"{ref}/{file['n']}"
        url, preview = f"{self.public_url}/f/{at}", f"{self.public_url}/t/{at}"
        return {"sha256": file["sha256"], "url": url, "preview_url": preview}
