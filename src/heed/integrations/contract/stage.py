"""What the plays share: the test item, its revisions, and what was found."""

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from heed.integrations.contract.caller import Caller, Came, Message
from heed.ports import Result

LATER = (202, 204)  # it does it, and says the results afterwards
GONE = (404, 410)
Fault = str  # a name in `faults.FAULTS`


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where the bytes of the hidden test item can be fetched, and by whom."""

    url: str
    token: str


@dataclass(slots=True, kw_only=True)
class Stage:
    """One check. `item` is the site's own ref of a post that may be hidden and shown at will."""

    caller: Caller
    item: str
    looks: Sequence[str] = ()
    evidence: Evidence | None = None
    # Beyond what Heed counts, and more with every check: a check repeated is news again.
    revision: int = field(default_factory=lambda: int(time.time()))
    slowest_seconds: float = 0.0

    def next(self) -> int:
        """A revision above all before."""
        self.revision += 1
        return self.revision

    def stranger(self) -> str:
        """A ref that no site has."""
        return f"heed-check-{secrets.token_hex(8)}"

    def state(self, visibility: str, revision: int, item: str = "") -> dict[str, Any]:
        """One desired state, of the test item unless another is named."""
        ref = item or self.item or self.stranger()
        return {"item": ref, "visibility": visibility, "revision": revision, "reason": "test"}

    def message(self, *states: dict[str, Any], **wrong: Any) -> Message:
        """A message with these states."""
        return self.caller.message({"type": "states.desired", "states": states}, **wrong)

    def send(self, message: Message, **how: Any) -> Came:
        """Say it, and mind the time."""
        came = self.caller.send(message, **how)
        self.slowest_seconds = max(self.slowest_seconds, came.seconds)
        return came

    def want(self, visibility: str, revision: int) -> Came:
        """Say what the test item should be."""
        return self.send(self.message(self.state(visibility, revision)))


def taken(came: Came) -> Iterator[Fault]:
    """Whether it took an ordinary message at all."""
    if 300 <= came.status < 400:
        yield "redirects"
    elif 400 <= came.status < 500:
        yield "refuses-heed"
    elif came.status >= 500:
        yield "fails"


def spoken(came: Came, item: str, revisions: Sequence[int]) -> Iterator[Fault]:
    """Whether what it says of an item can be read. `revisions` are those that may be named."""
    yield from taken(came)
    if not came.taken or came.status in LATER:
        return
    if not isinstance(came.said, dict):
        yield "unreadable-answer"
        return
    one = came.result(item)
    if one is None:
        yield "says-nothing"
    elif one.get("result") not in set(Result):
        yield "strange-result"
    elif type(one.get("revision")) is not int or one["revision"] not in revisions:
        yield "strange-revision"


def applied(stage: Stage, came: Came, revision: int) -> Iterator[Fault]:
    """Whether the test item was made so, by the site's own word."""
    faults = list(spoken(came, stage.item, [revision]))
    yield from faults
    one = came.result(stage.item)
    if not faults and one is not None and one["result"] != Result.APPLIED:
        yield "could-not-apply"


def hidden(stage: Stage) -> Iterator[Fault]:
    """Whether visitors see it no more, at every address that was given."""
    for url in stage.looks:
        status = _settled(stage, url, lambda answer: not 200 <= answer < 300)
        if 200 <= status < 300:
            yield "still-shown"
        elif status not in GONE:
            yield "not-neutral"


def shown(stage: Stage, fault: Fault = "not-restored") -> Iterator[Fault]:
    """Whether visitors see it again."""
    for url in stage.looks:
        if not 200 <= _settled(stage, url, lambda answer: 200 <= answer < 300) < 300:
            yield fault


def went_back(stage: Stage, came: Came, newest: int, fault: Fault) -> Iterator[Fault]:
    """Whether something late showed what is hidden: by a look, or else by what the site says."""
    yield from taken(came)
    one = came.result(stage.item)
    if stage.looks:
        if any(200 <= stage.caller.look(url) < 300 for url in stage.looks):
            yield fault
    elif one is not None and type(one.get("revision")) is int and one["revision"] < newest:
        yield fault


def _settled(stage: Stage, url: str, wanted: Any) -> int:
    until = time.monotonic() + stage.caller.times.settle_seconds
    while not wanted(status := stage.caller.look(url)) and time.monotonic() < until:
        time.sleep(0.1)
    return status
