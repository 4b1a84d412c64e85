"""A stand-in for a Lemmy server: keeps state, and misbehaves on demand. Sends nothing on.

`heed stand-in lemmy` runs it. What a program would ask Lemmy is where Lemmy has it; what only a
test or a demonstration asks is under `/pretend`.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from heed.integrations import stand_ins
from heed.integrations.lemmy.stand_in_state import TOKEN, Lemmy, Thing

API = "/api/v3"
LARGEST_PAGE = 50


class Visit(stand_ins.Visit):
    """One request."""

    server: "StandIn"

    def visit(self) -> None:
        """The first door that fits."""
        parts, there = urlsplit(self.path), self.server.there
        body = self.body()
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.said = json.loads(body) if body.strip() else {}
        self.after = False
        there.calls[f"{self.command} {parts.path}"] += 1
        for method, pattern, door in _DOORS:
            found = pattern.fullmatch(parts.path)
            if found is None or method != self.command:
                continue
            if parts.path.startswith(API) and not self._allowed(parts.path):
                return
            with there.lock:
                door(self, *found.groups())
            return
        self.say(404, {"error": "not_found"})

    def _allowed(self, path: str) -> bool:
        for begins, waiting in self.server.there.faults.items():
            if path.startswith(begins) and waiting:
                return self._go_wrong(waiting.pop(0))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}" and path != f"{API}/site":
            self.say(401, {"error": "incorrect_login"})
            return False
        if not self.server.there.heed.admin and path != f"{API}/site":
            self.say(400, {"error": "not_an_admin"})
            return False
        return True

    def _go_wrong(self, fault: str | int) -> bool:
        """Each fault is used once; whether the request is carried out."""
        if fault == "after":
            self.after = True
            return True
        if fault == "silent":
            self.close_connection = True
        elif fault == "half":
            self.send(200, b'{"post_reports": [', "application/json")
        elif fault == "busy":
            self.say(400, {"error": "rate_limit_error"})
        else:
            self.say(int(fault), {"error": "unknown"})
        return False

    def say(self, status: int, said: Any) -> None:
        """Answer with JSON."""
        if self.after:
            status, said = 500, {"error": "after it was done"}
        self.send(status, json.dumps(said).encode(), "application/json")

    # -------------------------------------------------------------- for everybody

    def _page(self, kind: str, number: str) -> None:
        """A removed comment leaves its place; a removed post is an error page."""
        thing = self.server.there.things.get((kind, int(number)))
        if thing is None or (thing.removed and kind == "post"):
            return self.send(self.server.there.missing, b"couldnt_find_post", "text/html")
        words = "removed by mod" if thing.removed else thing.words
        self.send(200, f"<p>{words}</p>".encode(), "text/html")

    def _picture(self, alias: str) -> None:
        there = self.server.there
        data = there.pictures.get(alias)
        if data is None or not there.gate(f"/pictrs/image/{alias}"):
            return self.send(404, b"", "text/plain")
        self.send(200, data, "image/png")

    # -------------------------------------------------------------- with a token

    def _site(self) -> None:
        there, known = self.server.there, self.headers.get("Authorization") == f"Bearer {TOKEN}"
        me = there.person_said(there.heed)
        mine = {"local_user_view": {"person": me, "local_user": {"admin": there.heed.admin}}}
        self.say(200, {"version": "0.19.11", "my_user": mine if known else None})

    def _reports(self, kind: str) -> None:
        there = self.server.there
        rows = [one for (of, _), one in there.reports.items() if of == kind]
        if self.query.get("unresolved_only") == "true":
            rows = [one for one in rows if not one.resolved]
        else:
            rows.sort(key=lambda one: one.at, reverse=True)
        limit = int(self.query.get("limit", 10))
        if limit > LARGEST_PAGE:
            return self.say(400, {"error": "invalid_limit"})
        start = (int(self.query.get("page", 1)) - 1) * limit
        said = [there.report_said(one) for one in rows[start : start + limit]]
        self.say(200, {f"{kind}_reports": said})

    def _list(self, kind: str) -> None:
        there = self.server.there
        rows = [one for (of, _), one in there.things.items() if of == kind and not one.removed]
        rows.sort(key=lambda one: one.at, reverse=self.query["sort"] == "New")
        limit = int(self.query["limit"])
        start = (int(self.query.get("page", 1)) - 1) * limit
        page = [{kind: there.thing_said(one)} for one in rows[start : start + limit]]
        self.say(200, {f"{kind}s": page})

    def _resolve(self, kind: str) -> None:
        there = self.server.there
        found = there.reports.get((kind, int(self.said["report_id"])))
        if found is None:
            return self.say(404, {"error": f"couldnt_find_{kind}_report"})
        found.resolved, found.resolver = bool(self.said["resolved"]), there.heed
        self.say(200, {f"{kind}_report_view": there.report_said(found)})

    def _found(self, kind: str, number: object) -> Thing | None:
        thing = self.server.there.things.get((kind, int(str(number))))
        if thing is None:
            self.say(404, {"error": f"couldnt_find_{kind}"})
        return thing

    def _thing(self, kind: str) -> None:
        if thing := self._found(kind, self.query["id"]):
            view = {kind: self.server.there.thing_said(thing)}
            self.say(200, {f"{kind}_view": view})

    def _remove(self, kind: str) -> None:
        there = self.server.there
        if thing := self._found(kind, self.said[f"{kind}_id"]):
            reason = str(self.said.get("reason") or "")
            if not there.remove(there.heed, thing, bool(self.said["removed"]), reason):
                return self.say(400, {"error": f"couldnt_update_{kind}"})
            self.say(200, {f"{kind}_view": {kind: there.thing_said(thing)}})

    def _log(self) -> None:
        kind = "comment" if "Comment" in self.query["type_"] else "post"
        rows = [one for one in self.server.there.log if one["kind"] == kind]
        said = [
            {f"mod_remove_{kind}": {f"{kind}_id": one["id"], "mod_person_id": one["by"],
                                    "removed": one["removed"], "when_": one["when"]}}
            for one in rows
        ]  # fmt: skip
        self.say(200, {f"removed_{kind}s": said[-LARGEST_PAGE:]})

    def _user(self) -> None:
        there = self.server.there
        person = there.people.get(int(self.query["person_id"]))
        if person is None:
            return self.say(404, {"error": "couldnt_find_person"})
        self.say(200, {"person_view": {"person": there.person_said(person)}})

    def _ban(self) -> None:
        there, said = self.server.there, self.said
        person = there.people[said["person_id"]]
        person.banned, person.expires = said["ban"], said.get("expires")
        if said.get("remove_data"):
            there.destroyed.append(f"everything of {person.id}")
        self.say(200, {"banned": person.banned})

    def _write(self) -> None:
        self.server.there.people[self.said["recipient_id"]].letters.append(self.said["content"])
        self.say(200, {"private_message_view": {}})

    def _purge(self, what: str) -> None:
        self.server.there.destroyed.append(what)
        self.say(200, {"success": True})

    # -------------------------------------------------------------- only to pretend

    def _pretend(self) -> None:
        """`{"post": {"by", "words"}}`, or `{"report": {"by", "post", "reason"}}`."""
        there = self.server.there
        if post := self.said.get("post"):
            return self.say(200, there.thing_said(there.post(self._who(post["by"]), post["words"])))
        if told := self.said.get("report"):
            about = there.things["post", int(told["post"])]
            report = there.report(self._who(told["by"]), about, told["reason"])
            return self.say(200, there.report_said(report))
        self.say(200, {"calls": dict(there.calls)})

    def _who(self, name: str) -> Any:
        there = self.server.there
        known = {one.name: one for one in there.people.values()}
        return known.get(name) or there.join(name)


def _door(method: str, path: str, door: Callable[..., None]) -> Any:
    return method, re.compile(path), door


_DOORS = [
    _door("GET", r"/(post|comment)/(\d+)", Visit._page),
    _door("GET", r"/pictrs/image/([^/]+)", Visit._picture),
    _door("GET", f"{API}/site", Visit._site),
    _door("GET", f"{API}/(post|comment)/report/list", Visit._reports),
    _door("PUT", f"{API}/(post|comment)/report/resolve", Visit._resolve),
    _door("GET", f"{API}/(post|comment)/list", Visit._list),
    _door("GET", f"{API}/(post|comment)", Visit._thing),
    _door("POST", f"{API}/(post|comment)/remove", Visit._remove),
    _door("GET", f"{API}/modlog", Visit._log),
    _door("GET", f"{API}/user", Visit._user),
    _door("POST", f"{API}/user/ban", Visit._ban),
    _door("POST", f"{API}/private_message", Visit._write),
    _door("POST", f"{API}/admin/purge/(\\w+)", Visit._purge),
    _door("POST", "/pretend", Visit._pretend),
]


class StandIn(stand_ins.Server):
    """Listens until it is closed. `there` is what it knows."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), Visit)
        self.there = Lemmy()
        self.there.base = f"http://{host}:{self.server_address[1]}"


@contextmanager
def running() -> Iterator[StandIn]:
    """A stand-in on a free port, ended at the end."""
    with stand_ins.answering(StandIn("127.0.0.1", 0)) as server:
        yield server
