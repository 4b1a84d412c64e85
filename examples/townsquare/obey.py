"""Keep what Heed asks for: the desired state and revision of each item, never going back."""

import json
from collections.abc import Iterable

from heed_client import follow
from heed_client.shapes import Event, ItemResult, State, Visibility

from .store import Json, Store, stamp


def obey(store: Store, states: Iterable[State]) -> list[ItemResult]:
    """Apply a batch in one transaction. An older revision, or the same again, changes nothing.

    Each result names the revision that the site has now, which may be newer than the one asked.
    """

    def apply(ref: str, visibility: Visibility, revision: int) -> None:
        change = "UPDATE items SET visibility = ?, revision = ? WHERE id = ?"
        store.db.execute(change, (visibility, revision, ref))
        note = "INSERT INTO applied (item, revision, visibility, at) VALUES (?, ?, ?, ?)"
        store.db.execute(note, (ref, revision, visibility, stamp()))

    with store.db:
        return follow(states, known=store.revision, apply=apply)


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


def judge_upload(store: Store, event: Event) -> str:
    """A held upload was released or blocked. Returns the post it belongs to."""
    ref, _, n = str(event["upload_ref"]).rpartition(".")
    if n.isdecimal():
        store.judge(ref, int(n), "allow" if event["type"] == "upload.released" else "block")
    return ref
