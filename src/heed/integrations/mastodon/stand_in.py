"""A stand-in for a Mastodon server: keeps state, and misbehaves on demand. Sends nothing on.

`heed stand-in mastodon` runs it. What a program would ask Mastodon is where Mastodon has it; what
only a test or a demonstration asks is under `/pretend`.
"""

import json
import mimetypes
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from heed.integrations import stand_ins
from heed.integrations.mastodon.stand_in_state import TOKEN, WINDOW, Mastodon, Status

DENIED = {"error": "This action is outside the authorized scopes"}
UNDO = {"unsilence", "unsuspend"}


class Visit(stand_ins.Visit):
    """One request."""

    server: "StandIn"

    def visit(self) -> None:
        """The first door that fits."""
        parts = urlsplit(self.path)
        body = self.body()
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.said = json.loads(body) if body.strip() else {}
        self.after = False
        there = self.server.there
        there.calls[f"{self.command} {parts.path}"] += 1
        for pattern, scope, door in _DOORS.get(self.command, ()):
            found = pattern.fullmatch(parts.path)
            if found is None:
                continue
            if scope and not self._allowed(scope, parts.path):
                return
            with there.lock:
                return door(self, *found.groups())
        self.say(404, {"error": "Record not found"})

    def _allowed(self, scope: str, path: str) -> bool:
        there = self.server.there
        if self._fault(path) or self._over_the_limit():
            return False
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.say(401, {"error": "The access token is invalid"})
        elif scope != "any" and scope not in there.scopes:
            self.say(403, DENIED)
        else:
            return True
        return False

    def _fault(self, path: str) -> bool:
        """Whether something goes wrong with this one; each fault is used once."""
        for begins, waiting in self.server.there.faults.items():
            if path.startswith(begins) and waiting:
                fault = waiting.pop(0)
                if fault == "after":
                    self.after = True
                    return False
                return self._go_wrong(fault)
        return False

    def _go_wrong(self, fault: str | int) -> bool:
        if fault == "silent":
            self.close_connection = True
        elif fault == "half":
            self.send(200, b'{"id": "12', "application/json")
        else:
            self.say(int(fault), {"error": "not now"})
        return True

    def _over_the_limit(self) -> bool:
        there, now = self.server.there, self.server.there.now()
        there.asked = [at for at in there.asked if now - at < WINDOW]
        if len(there.asked) >= there.per_window:
            self.say(429, {"error": "Too many requests"})
            return True
        there.asked.append(now)
        return False

    def say(self, status: int, said: Any, **headers: str) -> None:
        """Answer with JSON, and with what is left of the limit."""
        there = self.server.there
        reset = (there.asked[0] if there.asked else there.now()) + WINDOW
        limits = {
            "X-RateLimit-Limit": str(there.per_window),
            "X-RateLimit-Remaining": str(max(there.per_window - len(there.asked), 0)),
            "X-RateLimit-Reset": reset.isoformat().replace("+00:00", "Z"),
        }
        if self.after:
            status, said = 500, {"error": "after it was done"}
        self.send(status, json.dumps(said).encode(), "application/json", {**limits, **headers})

    # -------------------------------------------------------------- for everybody

    def _page(self, name: str, ref: str) -> None:
        found = self.server.there.statuses.get(ref)
        if found is None or found.account.suspended_at:
            return self.send(404, b"not here", "text/html")
        self.send(200, f"<p>{found.words}</p>".encode(), "text/html")

    def _file(self, path: str) -> None:
        there = self.server.there
        place = (there.disk / path).resolve()
        if not place.is_relative_to(there.disk.resolve()) or not place.is_file():
            return self.send(404, b"", "text/plain")
        kind = mimetypes.guess_type(place.name)[0] or "application/octet-stream"
        self.send(200, place.read_bytes(), kind)

    # -------------------------------------------------------------- with a token

    def _app(self) -> None:
        self.say(200, {"name": "Heed", "scopes": self.server.there.scopes})

    def _reports(self) -> None:
        there = self.server.there
        about = self.query.get("target_account_id")
        asked_for_resolved = "resolved" in self.query  # some versions take any value for a yes
        rows = [
            there.report_said(one)
            for one in there.reports.values()
            if (one.resolved_at is not None) == asked_for_resolved
            and (about is None or one.about.id == about)
        ]
        self._pages("/api/v1/admin/reports", rows, 100)

    def _pages(self, path: str, rows: list[dict[str, Any]], most: int) -> None:
        rows = sorted(rows, key=lambda row: int(row["id"]), reverse=True)
        below = int(self.query.get("max_id", 2**63))
        page = [row for row in rows if int(row["id"]) < below]
        page = page[: min(int(self.query.get("limit", most)), 2 * most)]
        headers = {}
        if page:
            query = urlencode({**self.query, "max_id": page[-1]["id"]})
            headers["Link"] = f'<{self.server.there.base}{path}?{query}>; rel="next"'
        self.say(200, page, **headers)

    def _report(self, ref: str) -> None:
        there = self.server.there
        found = there.reports.get(ref)
        if found is None:
            return self.say(404, {"error": "Record not found"})
        self.say(200, there.report_said(found))

    def _resolve(self, ref: str) -> None:
        there = self.server.there
        if ref in there.reports:
            there.resolve(there.reports[ref])
        self._report(ref)

    def _accounts(self) -> None:
        there = self.server.there
        rows = [there.account_said(one) for one in there.accounts.values()]
        self._pages("/api/v1/admin/accounts", rows, 100)

    def _account(self, ref: str) -> None:
        there = self.server.there
        found = there.accounts.get(ref)
        if found is None or found.purged:
            return self.say(404, {"error": "Record not found"})
        self.say(200, there.account_said(found))

    def _act(self, ref: str) -> None:
        there = self.server.there
        if ref not in there.accounts:
            return self.say(404, {"error": "Record not found"})
        there.act(there.accounts[ref], str(self.said["type"]), str(self.said.get("text") or ""))
        self.say(200, {})

    def _undo(self, ref: str, what: str) -> None:
        found = self.server.there.accounts.get(ref)
        if found is None or what not in UNDO:
            return self.say(404, {"error": "Record not found"})
        if what == "unsilence":
            found.silenced = False
        else:
            found.suspended_at = None
        self._account(ref)

    def _statuses(self, ref: str) -> None:
        there = self.server.there
        with_files = self.query.get("only_media") == "true"
        rows = [
            there.status_said(one)
            for one in there.statuses.values()
            if one.account.id == ref
            and one.visibility in ("public", "unlisted")  # to whoever does not follow them
            and (one.files or not with_files)
        ]
        self._pages(f"/api/v1/accounts/{ref}/statuses", rows, 20)

    # -------------------------------------------------------------- only to pretend

    def _pretend(self) -> None:
        """`{"report": {"by", "about", "comment", "statuses"}}`, `{"post": {"by", "words"}}`, and
        `{"hook": URL}`, to which both are told from then on.
        """
        there = self.server.there
        if "hook" in self.said:
            self.server.hook = str(self.said["hook"])
        if post := self.said.get("post"):
            status = there.post(self._who(post["by"]), post["words"], *self._read(post))
            self.server.tell("status.created", there.status_said(status))
            return self.say(200, there.status_said(status))
        if told := self.said.get("report"):
            named: list[Status] = [there.statuses[ref] for ref in told.get("statuses", [])]
            who = (self._who(told["by"]), self._who(told["about"]))
            report = there.report(*who, told.get("comment", ""), *named, **told.get("more", {}))
            self.server.tell("report.created", there.report_said(report))
            return self.say(200, there.report_said(report))
        self.say(200, {"calls": dict(there.calls)})

    def _who(self, name: str) -> Any:
        there = self.server.there
        known = {one.name: one for one in there.accounts.values()}
        return known.get(name) or there.join(name)

    def _read(self, post: dict[str, Any]) -> list[bytes]:
        return [Path(name).read_bytes() for name in post.get("files", [])]


Door = Callable[..., None]


def _door(path: str, scope: str, door: Door) -> tuple[re.Pattern[str], str, Door]:
    return re.compile(path), scope, door


_DOORS: dict[str, list[tuple[re.Pattern[str], str, Door]]] = {}
_DOORS["GET"] = [
    _door(r"/@([^/]+)/(\d+)", "", Visit._page),
    _door(r"/system/(.+)", "", Visit._file),
    _door(r"/api/v1/apps/verify_credentials", "any", Visit._app),
    _door(r"/api/v1/admin/reports", "admin:read:reports", Visit._reports),
    _door(r"/api/v1/admin/reports/(\d+)", "admin:read:reports", Visit._report),
    _door(r"/api/v1/admin/accounts", "admin:read:accounts", Visit._accounts),
    _door(r"/api/v1/admin/accounts/(\d+)", "admin:read:accounts", Visit._account),
    _door(r"/api/v1/accounts/(\d+)/statuses", "read:statuses", Visit._statuses),
]
_DOORS["POST"] = [
    _door(r"/api/v1/admin/reports/(\d+)/resolve", "admin:write:reports", Visit._resolve),
    _door(r"/api/v1/admin/accounts/(\d+)/action", "admin:write:accounts", Visit._act),
    _door(r"/api/v1/admin/accounts/(\d+)/(\w+)", "admin:write:accounts", Visit._undo),
    _door(r"/pretend", "", Visit._pretend),
]


class StandIn(stand_ins.Server):
    """Listens until it is closed. `there` is what it knows; `hook` is told of what happens."""

    def __init__(self, host: str, port: int, disk: Path) -> None:
        super().__init__((host, port), Visit)
        self.there, self.hook = Mastodon(disk), ""
        self.there.base = self.there.media = f"http://{host}:{self.server_address[1]}"

    def tell(self, event: str, thing: dict[str, Any]) -> int:
        """Send a webhook; returns the status that came back, 0 where none did."""
        if not self.hook:
            return 0
        body, headers = self.there.hook(event, thing)
        request = urllib.request.Request(self.hook, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except OSError as error:
            return int(getattr(error, "code", 0))


@contextmanager
def running(disk: Path | None = None) -> Iterator[StandIn]:
    """A stand-in on a free port, ended at the end."""
    with TemporaryDirectory() as here:
        server = StandIn("127.0.0.1", 0, disk or Path(here))
        with stand_ins.answering(server):
            yield server
