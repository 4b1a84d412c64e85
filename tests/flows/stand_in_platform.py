"""A platform that really listens, keeps a state with a revision for each item, and misbehaves."""

import base64
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from tests.integrations.site import Site, Visit, open_site

MOODS = ("well", "down", "silent", "half", "lying", "failing", "later")
TOKEN = "evidence-token"


class _Pages(dict[str, Any]):
    """Any path has an answer: the platform looks at it itself."""

    def __init__(self, platform: "StandInPlatform") -> None:
        self.platform = platform

    def __missing__(self, path: str) -> Any:
        if path == "/callback":
            return self.platform.callback
        return self.platform.file if path.startswith("/files/") else self.platform.page


class StandInPlatform:
    """`mood` is one of `MOODS`; `told` holds what it took in, `wrongs` what it should not see."""

    def __init__(self, site: Site) -> None:
        self.site, self.mood, self.secret = site, "well", ""
        self.states: dict[str, tuple[str, int]] = {}
        self.bytes: dict[str, bytes] = {}  # path under /files/ to what lies there
        self.applied: Counter[tuple[str, int]] = Counter()
        self.letters: list[dict[str, Any]] = []
        self.deleted: set[str] = set()  # refs that their authors took down themselves
        self.wrongs: list[str] = []
        self.calls = 0
        self.lock = threading.Lock()
        site.pages = _Pages(self)

    @property
    def at(self) -> str:
        return self.site.url("")

    def url(self, ref: str) -> str:
        return self.site.url(f"/{ref}")

    # -------------------------------------------------------------- what Heed says

    def callback(self, visit: Visit) -> None:
        self.calls += 1
        if self.mood == "down":
            visit.say(503)
            return
        said = self._verified(visit)
        if said["type"] != "states.desired":
            self.letters.append(said)
            visit.say(204)
            return
        results = [self._take(state) for state in said["states"]]
        self._answer(visit, results)

    def _verified(self, visit: Visit) -> dict[str, Any]:
        """Signed for the time that the test says it is, which need not be the clock's."""
        at = datetime.fromtimestamp(int(visit.headers["webhook-timestamp"]), UTC)
        body = visit.body.decode()
        if (
            Webhook(self.secret).sign(visit.headers["webhook-id"], at, body)
            != visit.headers["webhook-signature"]
        ):
            self.wrongs.append("signature")
        return dict(json.loads(visit.body))

    def _take(self, state: dict[str, Any]) -> dict[str, Any]:
        ref, revision = state["item"], state["revision"]
        if ref in self.deleted:
            return {"item": ref, "revision": revision, "result": "not_found"}
        with self.lock:
            _, known = self.states.get(ref, ("visible", 0))
            if self.mood != "failing" and revision > known:
                self.states[ref] = (state["visibility"], revision)
                self.applied[ref, revision] += 1
        result = "failed" if self.mood == "failing" else "applied"
        return {"item": ref, "revision": revision, "result": result}

    def _answer(self, visit: Visit, results: list[dict[str, Any]]) -> None:
        if self.mood == "silent":
            visit.close_connection = True
        elif self.mood == "later":
            visit.say(202)
        else:
            said = results[: len(results) // 2] if self.mood == "half" else results
            visit.say(200, json.dumps({"results": said}).encode())

    # -------------------------------------------------------------- what everybody sees

    def visibility(self, ref: str) -> str:
        return "removed" if ref in self.deleted else self.states.get(ref, ("visible", 0))[0]

    def page(self, visit: Visit) -> None:
        ref = visit.path.lstrip("/")
        shown = "visible" if self.mood == "lying" else self.visibility(ref)
        visit.say({"hidden": 404, "removed": 410}.get(shown, 200), b"a post")

    def file(self, visit: Visit) -> None:
        """Files of hidden items are served to who knows the evidence token, and nobody else."""
        name = visit.path.removeprefix("/files/")
        hidden = self.visibility(name.partition(".")[0]) in ("hidden", "removed")
        knows = visit.headers.get("Authorization") == f"Bearer {TOKEN}"
        if name not in self.bytes or (hidden and not knows):
            visit.say(404)
        else:
            visit.say(200, self.bytes[name], Content_Type="image/jpeg")


@contextmanager
def open_platform() -> Iterator[StandInPlatform]:
    """A running platform, stopped at the end."""
    with open_site() as site:
        platform = StandInPlatform(site)
        platform.secret = "whsec_" + base64.b64encode(b"stand-in").decode()
        yield platform
