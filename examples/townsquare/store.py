"""Everything Townsquare remembers, in one SQLite file."""

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

Json = dict[str, Any]

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;  -- survives a killed process; after a power cut, states are caught up
CREATE TABLE IF NOT EXISTS items (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    text TEXT NOT NULL,
    sender TEXT NOT NULL DEFAULT '',              -- address and port that sent it
    reshare_of TEXT,
    published_at TEXT NOT NULL,
    status TEXT NOT NULL,                         -- held, published, refused, deleted
    views INTEGER NOT NULL DEFAULT 0,
    visibility TEXT NOT NULL DEFAULT 'visible',   -- what Heed asks for
    revision INTEGER NOT NULL DEFAULT 0,          -- of that wish; an older one is ignored
    told_views INTEGER,                           -- NULL: Heed has not confirmed the item yet
    told_deleted INTEGER NOT NULL DEFAULT 0,
    retry_at TEXT                                 -- Heed refused it; try again then
);
CREATE INDEX IF NOT EXISTS items_by_parent ON items (reshare_of);
CREATE INDEX IF NOT EXISTS items_by_account ON items (account, seq);
CREATE INDEX IF NOT EXISTS items_by_views ON items (views) WHERE status = 'published';
CREATE TABLE IF NOT EXISTS files (
    item TEXT NOT NULL,
    n INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    type TEXT NOT NULL,
    verdict TEXT NOT NULL,                        -- unasked, allow, hold, block
    home TEXT NOT NULL,                           -- the item at whose address the bytes are served
    PRIMARY KEY (item, n)
);
CREATE INDEX IF NOT EXISTS files_by_bytes ON files (sha256);
CREATE TABLE IF NOT EXISTS applied (
    seq INTEGER PRIMARY KEY, item TEXT NOT NULL, revision INTEGER NOT NULL,
    visibility TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, item TEXT NOT NULL,
    statement TEXT NOT NULL, appeal_url TEXT NOT NULL, at TEXT NOT NULL
);
"""
# Nothing is promoted, found or earned from unless it is plainly visible.
PROMOTED = "i.status = 'published' AND i.visibility = 'visible'"
LISTED = "i.status = 'published' AND i.visibility IN ('visible', 'limited')"
POSTS = """
SELECT i.*, (SELECT count(*) FROM items r WHERE r.reshare_of = i.id AND r.status = 'published'
             AND r.visibility = 'visible') AS reshares FROM items i
"""


class NotReshareable(Exception):
    """The post is limited, or not there: it can't be reshared."""


class Upload(NamedTuple):
    """One file as it came from a browser, its type found from its bytes."""

    sha256: str
    type: str


def stamp() -> str:
    """Now, as it is written in the file."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def answer_for(item: sqlite3.Row | None) -> int:
    """What a visitor gets for an item: 200, 404 or 410. Hidden looks just like never there."""
    if item is None or item["status"] in ("held", "refused"):
        return 404
    if item["visibility"] == "removed":
        return 410
    if item["visibility"] not in ("visible", "limited"):
        return 404
    return 410 if item["status"] == "deleted" else 200


class Store:
    """The only place that speaks SQL."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(folder / "townsquare.sqlite3")
        self.db.row_factory = sqlite3.Row
        self.db.executescript(SCHEMA)

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.db.execute(query, values).fetchall()

    def item(self, ref: str) -> sqlite3.Row | None:
        """One item, in whatever state."""
        found: sqlite3.Row | None = self.db.execute(f"{POSTS} WHERE i.id = ?", (ref,)).fetchone()
        return found

    def revision(self, ref: str) -> int | None:
        """Which wish of Heed's it is in; None where there is no such item."""
        rows = self.rows("SELECT revision FROM items WHERE id = ?", ref)
        return int(rows[0]["revision"]) if rows else None

    def files(self, refs: Sequence[str]) -> dict[str, list[sqlite3.Row]]:
        """The files of some items, in order."""
        marks = ",".join("?" * len(refs))
        found: dict[str, list[sqlite3.Row]] = {ref: [] for ref in refs}
        query = f"SELECT * FROM files WHERE item IN ({marks}) ORDER BY item, n"
        for row in self.rows(query, *refs):
            found[row["item"]].append(row)
        return found

    def feed(self, before: int | None = None) -> list[sqlite3.Row]:
        """The newest posts, twenty at a time."""
        last = before if before is not None else 1 << 62
        return self.rows(
            f"{POSTS} WHERE {PROMOTED} AND i.seq < ? ORDER BY i.seq DESC LIMIT 20", last
        )

    def search(self, words: str) -> list[sqlite3.Row]:
        """Posts by what they say or who says it."""
        escaped = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        like = rf"{POSTS} WHERE {PROMOTED} AND (i.text LIKE ? ESCAPE '\' OR i.account = ?)"
        return self.rows(f"{like} ORDER BY i.seq DESC LIMIT 40", f"%{escaped}%", words.lower())

    def trending(self, limit: int = 10) -> list[sqlite3.Row]:
        """The most viewed posts. The advertising slot takes the first of them."""
        return self.rows(f"{POSTS} WHERE {PROMOTED} ORDER BY i.views DESC LIMIT ?", limit)

    def profile(self, account: str) -> list[sqlite3.Row]:
        """What one account has published."""
        query = f"{POSTS} WHERE {LISTED} AND i.account = ? ORDER BY i.seq DESC LIMIT 60"
        return self.rows(query, account)

    def waiting(self, account: str) -> list[sqlite3.Row]:
        """The account's own posts that are being checked, or could not be published."""
        query = (
            f"{POSTS} WHERE i.account = ? AND i.status IN ('held', 'refused') ORDER BY i.seq DESC"
        )
        return self.rows(query, account)

    def reshares(self, ref: str) -> list[sqlite3.Row]:
        """The newest reshares of a post."""
        query = f"{POSTS} WHERE {PROMOTED} AND i.reshare_of = ? ORDER BY i.seq DESC LIMIT 20"
        return self.rows(query, ref)

    def seen(self, refs: Iterable[str], times: int = 1) -> None:
        """Count a view of each."""
        with self.db:
            update = "UPDATE items SET views = views + ? WHERE id = ?"
            self.db.executemany(update, [(times, ref) for ref in refs])

    def post(self, account: str, text: str, uploads: Sequence[Upload], sender: str = "") -> str:
        """A new post. With files it is held until Heed has allowed each of them."""
        files = [(n, *upload, "unasked", "") for n, upload in enumerate(uploads)]
        return self._add(account, text, None, "held" if files else "published", files, sender)

    def reshare(self, account: str, ref: str) -> str:
        """Reshare a post or a reshare. Raises `NotReshareable`."""
        parent = self.item(ref)
        if parent is None or answer_for(parent) != 200 or parent["visibility"] != "visible":
            raise NotReshareable(ref)
        kept = ("n", "sha256", "type", "verdict", "home")
        files = [tuple(f[name] for name in kept) for f in self.files([ref])[ref]]
        return self._add(account, parent["text"], ref, "published", files)

    def _add(
        self,
        account: str,
        text: str,
        reshare_of: str | None,
        status: str,
        files: Iterable[tuple[int, str, str, str, str]],
        sender: str = "",
    ) -> str:
        ref = secrets.token_hex(6)
        with self.db:
            self.db.execute(
                "INSERT INTO items (id, account, text, sender, reshare_of, published_at, status)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (ref, account, text, sender, reshare_of, stamp(), status),
            )
            rows = [(ref, *file[:4], file[4] or ref) for file in files]
            self.db.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", rows)
        return ref

    def delete(self, account: str, ref: str) -> bool:
        """The author deletes a post. Its bytes stay: somebody may still have to look at them."""
        mine = "id = ? AND account = ? AND status = 'published'"
        with self.db:
            query = f"UPDATE items SET status = 'deleted' WHERE {mine}"
            return self.db.execute(query, (ref, account)).rowcount == 1

    def judge(self, ref: str, n: int, verdict: str, *, unasked_only: bool = False) -> None:
        """Note Heed's word on one file, and publish or refuse the post once all are known.

        `unasked_only`: a release that came by callback meanwhile is newer than this answer.
        """
        only = " AND verdict = 'unasked'" if unasked_only else ""
        with self.db:
            update = f"UPDATE files SET verdict = ? WHERE item = ? AND n = ?{only}"
            self.db.execute(update, (verdict, ref, n))
            verdicts = {row["verdict"] for row in self.files([ref])[ref]}
            settled = (
                "UPDATE items SET status = ?, published_at = ? WHERE id = ? AND status = 'held'"
            )
            if "block" in verdicts:
                self.db.execute(settled, ("refused", stamp(), ref))
            elif verdicts == {"allow"}:
                self.db.execute(settled, ("published", stamp(), ref))

    def unneeded(self, ref: str) -> list[str]:
        """The bytes that only this refused post held."""
        kept = (
            "SELECT 1 FROM files g JOIN items i ON i.id = g.item"
            " WHERE g.sha256 = f.sha256 AND i.status <> 'refused'"
        )
        query = f"SELECT DISTINCT sha256 FROM files f WHERE item = ? AND NOT EXISTS ({kept})"
        refused = "SELECT 1 FROM items WHERE id = ? AND status = 'refused'"
        return [row["sha256"] for row in self.rows(query, ref)] if self.rows(refused, ref) else []
