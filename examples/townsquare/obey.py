"""Keep what Heed asks for: the desired state and revision of each item, never going back."""

import json
from collections.abc import Iterable

from .heed_client import Json
from .store import Store, stamp

KNOWN = ("visible", "limited", "hidden", "removed")


def obey(store: Store, states: Iterable[Json]) -> list[Json]:
    """Apply a batch in one transaction. An older revision, or the same again, changes nothing.

    Each result names the revision that the site has now, which may be newer than the one asked.
    """
    with store.db:
        return [_obey_one(store, state) for state in states]


def _obey_one(store: Store, state: Json) -> Json:
    ref, revision = state["item"], int(state["revision"])
    row = store.db.execute("SELECT revision FROM items WHERE id = ?", (ref,)).fetchone()
    if row is None:
        return {"item": ref, "revision": revision, "result": "not_found"}
    if revision > row["revision"]:
        # A word we don't know can only be one we don't know yet: the careful reading is hidden.
        visibility = state["visibility"] if state["visibility"] in KNOWN else "hidden"
        change = "UPDATE items SET visibility = ?, revision = ? WHERE id = ?"
        store.db.execute(change, (visibility, revision, ref))
        note = "INSERT INTO applied (item, revision, visibility, at) VALUES (?, ?, ?, ?)"
        store.db.execute(note, (ref, revision, visibility, stamp()))
    return {"item": ref, "revision": max(revision, row["revision"]), "result": "applied"}


def keep_statements(store: Store, message_id: str, statements: Iterable[Json]) -> None:
    """Put statements of reasons before the uploaders. Delivered twice, each is shown once."""
    rows = [
        (
            f"{message_id}/{one['item']}",
            one["account"],
            one["item"],
            json.dumps(one.get("statement", [])),
            one["appeal_url"],
            stamp(),
        )
        for one in statements
    ]
    with store.db:
        store.db.executemany("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?)", rows)


def judge_upload(store: Store, event: Json) -> str:
    """A held upload was released or blocked. Returns the post it belongs to."""
    ref, _, n = str(event["upload_ref"]).rpartition(".")
    if n.isdecimal():
        store.judge(ref, int(n), "allow" if event["type"] == "upload.released" else "block")
    return ref
