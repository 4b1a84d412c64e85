"""What a stand-in for Lemmy knows: people, posts, comments, reports, pictures, its public log.

It has the ways of the real one that Heed must mind: to remove a thing resolves every report about
it, and leaves its pictures where they are; a removed comment leaves its place in the thread; a
comment that its writer deleted can't be removed; a ban with `remove_data` would destroy evidence.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TOKEN = "stand-in-token"


@dataclass
class Person:
    """One account; `home` is another server's name, where it is of one."""

    id: int
    name: str
    home: str = ""
    admin: bool = False
    banned: bool = False
    expires: int | None = None
    letters: list[str] = field(default_factory=list)


@dataclass
class Thing:
    """A post or a comment."""

    id: int
    kind: str
    by: Person
    words: str
    link: str = ""
    small: str = ""
    removed: bool = False
    deleted: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Report:
    """One report of a thing."""

    id: int
    by: Person
    about: Thing
    reason: str
    resolved: bool = False
    resolver: Person | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Lemmy:
    """The state behind the doors. `faults` maps a path's beginning to what goes wrong there next.

    A fault is a status such as 500, or `busy` (its rate limit, as a 400), `silent`, `half`, `after`
    (done, and then a 500). `gate` is asked before a picture is served, as a proxy would.
    """

    def __init__(self) -> None:
        self.base = ""
        self.people: dict[int, Person] = {}
        self.things: dict[tuple[str, int], Thing] = {}
        self.reports: dict[tuple[str, int], Report] = {}
        self.pictures: dict[str, bytes] = {}
        self.log: list[dict[str, Any]] = []
        self.destroyed: list[str] = []  # what a purge or `remove_data` would have taken
        self.faults: dict[str, list[str | int]] = {}
        self.calls: Counter[str] = Counter()
        self.gate: Callable[[str], bool] = lambda path: True
        self.missing = 404  # what a page of a removed post answers; older ones answer 500
        self.lock = threading.RLock()
        self._last = 0
        self.heed = self.join("heed", admin=True)

    def _id(self) -> int:
        with self.lock:
            self._last += 1
            return self._last

    # -------------------------------------------------------------- what members do

    def join(self, name: str, **more: Any) -> Person:
        """Somebody has an account."""
        person = Person(self._id(), name, **more)
        self.people[person.id] = person
        return person

    def upload(self, data: bytes) -> str:
        """A picture, at an address of its own; that of its small version is another."""
        alias = f"{self._id():08x}-0000-4000-8000-000000000000.png"
        self.pictures[alias] = data
        return f"{self.base}/pictrs/image/{alias}"

    def post(self, by: Person, words: str, picture: bytes = b"", **more: Any) -> Thing:
        """Somebody posts, with a picture as its link."""
        link, small = (self.upload(picture), self.upload(picture[:64])) if picture else ("", "")
        return self._keep(Thing(self._id(), "post", by, words, **{"link": link, "small": small,
                                                                  **more}))  # fmt: skip

    def comment(self, by: Person, words: str) -> Thing:
        """Somebody comments."""
        return self._keep(Thing(self._id(), "comment", by, words))

    def _keep(self, thing: Thing) -> Thing:
        self.things[thing.kind, thing.id] = thing
        return thing

    def report(self, by: Person, about: Thing, reason: str) -> Report:
        """Somebody reports a thing."""
        report = Report(self._id(), by, about, reason)
        self.reports[about.kind, report.id] = report
        return report

    # -------------------------------------------------------------- what moderators do

    def remove(self, by: Person, thing: Thing, removed: bool, reason: str) -> bool:
        """Whether it could be done. Every report about it is resolved by it, also by a restore."""
        if thing.kind == "comment" and thing.deleted:
            return False
        thing.removed = removed
        self.log.append({
            "kind": thing.kind, "id": thing.id, "by": by.id, "removed": removed, "reason": reason,
            "when": _at(datetime.now(UTC)),
        })  # fmt: skip
        for report in self.reports.values():
            if report.about is thing and not report.resolved:
                report.resolved, report.resolver = True, by
        return True

    # -------------------------------------------------------------- what it says

    def person_said(self, person: Person) -> dict[str, Any]:
        """A person, as its interface gives one."""
        home = f"https://{person.home}" if person.home else self.base
        return {"id": person.id, "name": person.name, "actor_id": f"{home}/u/{person.name}",
                "banned": person.banned, "local": not person.home, "deleted": False,
                "matrix_user_id": f"@{person.name}:matrix.example"}  # fmt: skip

    def thing_said(self, thing: Thing) -> dict[str, Any]:
        """A post or a comment, as its interface gives one."""
        said = {"id": thing.id, "creator_id": thing.by.id, "removed": thing.removed,
                "deleted": thing.deleted, "published": _at(thing.at), "local": True,
                "ap_id": f"{self.base}/{thing.kind}/{thing.id}"}  # fmt: skip
        if thing.kind == "comment":
            return {**said, "content": thing.words, "post_id": 1, "path": f"0.{thing.id}"}
        link = {"url": thing.link, "thumbnail_url": thing.small} if thing.link else {}
        return {**said, "name": thing.words, "community_id": 1, "nsfw": False, **link}

    def report_said(self, report: Report) -> dict[str, Any]:
        """A report, as its interface gives one."""
        kind = report.about.kind
        said = {
            "id": report.id, "creator_id": report.by.id, f"{kind}_id": report.about.id,
            "reason": report.reason, "resolved": report.resolved, "published": _at(report.at),
        }  # fmt: skip
        if report.resolver is not None:
            said["resolver_id"] = report.resolver.id
        return {
            f"{kind}_report": said,
            kind: self.thing_said(report.about),
            f"{kind}_creator": self.person_said(report.about.by),
            "creator": self.person_said(report.by),
        }


def _at(when: datetime) -> str:
    return when.isoformat(timespec="microseconds").replace("+00:00", "Z")
