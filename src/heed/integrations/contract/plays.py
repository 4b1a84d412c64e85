"""The plays: each says something to the callback and names what the site did wrong."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from heed.integrations.contract.caller import STRANGER, Came, Message
from heed.integrations.contract.stage import (
    LATER,
    Fault,
    Stage,
    applied,
    hidden,
    shown,
    spoken,
    taken,
    went_back,
)
from heed.ports import Result

TOO_OLD = timedelta(minutes=6)
MOST_REVISION = 2**31 - 10_000  # Heed's own are smaller by far
MANY = 1_000  # as many as Heed tells in one message
ROUNDS = 5  # of two messages at the same moment


@dataclass(frozen=True, slots=True)
class Play:
    """One of them. Without the test item some can't be played."""

    name: str
    title: str
    play: Callable[[Stage], Iterator[Fault]]
    needs_item: bool = True


# ------------------------------------------------------------------ who speaks


def hello(stage: Stage) -> Iterator[Fault]:
    """A message of Heed's about an item that is not there."""
    ref, revision = stage.stranger(), stage.next()
    came = stage.send(stage.message(stage.state("hidden", revision, ref)))
    faults = list(spoken(came, ref, [revision, 0]))
    yield from faults
    one = came.result(ref)
    if not faults and one is not None and one["result"] == Result.APPLIED:
        yield "claims-what-it-lacks"


def strangers(stage: Stage) -> Iterator[Fault]:
    """Another's secret, other bytes than were signed, no signature, and nonsense for one."""
    state = stage.state("hidden", stage.next())
    message = stage.message(state, secret=STRANGER)
    odd = {"webhook-id": "1", "webhook-timestamp": "soon", "webhook-signature": "v1 ,%%"}
    yield from _refused(stage.send(message))
    yield from _refused(stage.send(stage.message(state, signed_body="{}")))
    yield from _refused(stage.send(message, headers={"Content-Type": "application/json"}))
    yield from _refused(stage.send(message, headers={"Content-Type": "application/json", **odd}))


def recordings(stage: Stage) -> Iterator[Fault]:
    """Rightly signed, and too old, or of a time to come."""
    for late in (TOO_OLD, -TOO_OLD):
        state = stage.state("hidden", stage.next())
        yield from _refused(stage.send(stage.message(state, late=late)), "takes-old")


def _refused(came: Came, fault: Fault = "obeys-strangers") -> Iterator[Fault]:
    if came.taken:
        yield fault
    elif came.status >= 500:
        yield "breaks-on-bad-signature"


def two_secrets(stage: Stage) -> Iterator[Fault]:
    """As while a secret is being changed: signatures of others stand before the right one."""
    other = stage.message(secret=STRANGER).headers["webhook-signature"]
    state = stage.state("hidden", stage.next(), stage.stranger())
    if not stage.send(stage.message(state, before=f"v1a,AAAA {other}")).taken:
        yield "one-signature-only"


# ------------------------------------------------------------------ what grows


def more_fields(stage: Stage) -> Iterator[Fault]:
    """Fields of a later version."""
    state = {**stage.state("hidden", stage.next(), stage.stranger()), "of_later": {"a": [1]}}
    event = {"type": "states.desired", "states": [state], "of_later": True}
    if not stage.send(stage.caller.message(event)).taken:
        yield "chokes-on-more"


def new_events(stage: Stage) -> Iterator[Fault]:
    """A type of a later version."""
    event = {"type": "heed.of_a_later_version", "about": {"anything": 1}}
    if not stage.send(stage.caller.message(event)).taken:
        yield "chokes-on-new-events"


# ------------------------------------------------------------------ one item


def hide(stage: Stage) -> Iterator[Fault]:
    """Hide the test item. A site that was checked a moment ago says how far it is."""
    one = stage.want("visible", stage.next()).result(stage.item) or {}
    if type(one.get("revision")) is int:
        stage.revision = min(max(stage.revision, one["revision"]), MOST_REVISION)
    revision = stage.next()
    faults = list(applied(stage, stage.want("hidden", revision), revision))
    yield from faults or hidden(stage)


def serve_evidence(stage: Stage) -> Iterator[Fault]:
    """The bytes of what is hidden: for the token, and for nobody else."""
    if stage.evidence is None:
        return
    url, token = stage.evidence.url, stage.evidence.token
    if not 200 <= stage.caller.look(url, bearer=token) < 300:
        yield "evidence-away"
    for wrong in ("", "not-" + token):
        if 200 <= stage.caller.look(url, bearer=wrong) < 300:
            yield "evidence-open"


def repeat(stage: Stage) -> Iterator[Fault]:
    """The same message again, as after an answer that was lost."""
    message = stage.message(stage.state("hidden", stage.next()))
    stage.send(message)
    again = stage.send(message)
    if not again.taken or _denied(again, stage.item):
        yield "repeat-breaks"


def _denied(came: Came, item: str) -> bool:
    one = came.result(item)
    return came.status not in LATER and (one is None or one.get("result") != Result.APPLIED)


def late_restore(stage: Stage) -> Iterator[Fault]:
    """A restore that is older than the hide comes after it."""
    older, newer = stage.next(), stage.next()
    stage.want("hidden", newer)
    yield from went_back(stage, stage.want("visible", older), newer, "goes-back")


def replay(stage: Stage) -> Iterator[Fault]:
    """A recorded restore, to the letter and with its old id, after a newer hide."""
    restore = stage.message(stage.state("visible", stage.next()))
    stage.send(restore)
    newer = stage.next()
    stage.want("hidden", newer)
    yield from went_back(stage, stage.send(restore), newer, "goes-back")


def restore(stage: Stage) -> Iterator[Fault]:
    """Show it again."""
    revision = stage.next()
    came = stage.want("visible", revision)
    if list(applied(stage, came, revision)):
        yield "not-restored"
    else:
        yield from shown(stage)


def limit(stage: Stage) -> Iterator[Fault]:
    """Limited: still at its address."""
    came = stage.want("limited", stage.next())
    one = came.result(stage.item)
    yield from taken(came)
    if one is None or one.get("result") != Result.UNSUPPORTED:
        yield from shown(stage, "limited-hides")


def unknown_word(stage: Stage) -> Iterator[Fault]:
    """A visibility of a later version."""
    stage.want("visible", stage.next())
    revision = stage.next()
    came = stage.want("of-a-later-version", revision)
    one = came.result(stage.item)
    told = came.status in LATER or (one is not None and one.get("result") == Result.APPLIED)
    if not came.taken or not told or list(hidden(stage)):
        yield "shows-unknown"


# ------------------------------------------------------------------ many, and in disorder


def one_is_missing(stage: Stage) -> Iterator[Fault]:
    """A batch whose first item is not there."""
    stage.want("visible", stage.next())
    revision = stage.next()
    first = stage.state("hidden", revision, stage.stranger())
    came = stage.send(stage.message(first, stage.state("hidden", revision)))
    if list(applied(stage, came, revision)) or list(hidden(stage)):
        yield "one-stops-all"


def many(stage: Stage) -> Iterator[Fault]:
    """As many as Heed tells at once; the test item is in the middle."""
    revision = stage.next()
    states = [stage.state("hidden", revision, stage.stranger()) for _ in range(MANY)]
    if stage.item:
        states[MANY // 2] = stage.state("hidden", revision)
    came = stage.send(stage.message(*states))
    if not came.taken or (stage.item and list(applied(stage, came, revision))):
        yield "chokes-on-many"
    elif came.status not in LATER and not all(came.result(one["item"]) for one in states[::37]):
        yield "leaves-some"


def slow_body(stage: Stage) -> Iterator[Fault]:
    """A body that comes in two halves, as over a bad line."""
    state = stage.state("hidden", stage.next(), stage.stranger())
    yield from taken(stage.caller.send_slowly(stage.message(state)))


def lost_answer(stage: Stage) -> Iterator[Fault]:
    """Heed's end breaks down before the answer comes; it asks again with another id."""
    revision = stage.next()
    stage.caller.hang_up(stage.message(stage.state("hidden", revision)))
    came = stage.want("hidden", revision)
    if list(applied(stage, came, revision)):
        yield "repeat-breaks"


def broken_body(stage: Stage) -> Iterator[Fault]:
    """Half of a message, and then nothing more: it is none."""
    stage.want("hidden", hid := stage.next())
    stage.caller.break_off(stage.message(stage.state("visible", stage.next())))
    time.sleep(stage.caller.times.pause_seconds)  # it acts on its half, if it does, by itself
    came = stage.want("visible", hid)  # so that it says what it has
    one = came.result(stage.item) or {}
    if not came.taken or one.get("revision", hid) != hid:
        yield "half-heard"


def at_once(stage: Stage) -> Iterator[Fault]:
    """An older and a newer wish at the same moment, several times."""
    with ThreadPoolExecutor(2) as both:
        for _ in range(ROUNDS):
            older, newer = stage.next(), stage.next()
            late = stage.message(stage.state("visible", older))
            two = [late, stage.message(stage.state("hidden", newer))]
            came = list(both.map(stage.caller.send, two))
            again = stage.send(late)  # an older one, so that the answer says what it has
            went = list(went_back(stage, again, newer, "races"))
            if went or not all(one.taken for one in came):
                yield "races"
                return


def in_time(stage: Stage) -> Iterator[Fault]:
    """The slowest answer of all."""
    if stage.slowest_seconds > stage.caller.times.slow_seconds:
        yield "slow"


PLAYS = (
    Play("hello", "a signed message about an item that is not there", hello, False),
    Play("strangers", "messages that are not signed by Heed", strangers, False),
    Play("recordings", "messages that were signed too long ago, or ahead", recordings, False),
    Play("two-secrets", "several signatures, as while a secret is changed", two_secrets, False),
    Play("more-fields", "fields of a later version", more_fields, False),
    Play("new-events", "a type of message of a later version", new_events, False),
    Play("hide", "hide the test item", hide),
    Play("evidence", "the bytes of what is hidden", serve_evidence),
    Play("repeat", "the same message again", repeat),
    Play("late-restore", "an older restore after a newer hide", late_restore),
    Play("replay", "a recorded restore, played again", replay),
    Play("restore", "show the test item again", restore),
    Play("limit", "limit the test item", limit),
    Play("unknown-word", "a visibility of a later version", unknown_word),
    Play("one-is-missing", "a batch in which one item is not there", one_is_missing),
    Play("many", f"a batch of {MANY:,} items", many, False),
    Play("slow-body", "a body that comes slowly", slow_body, False),
    Play("lost-answer", "an answer that is lost, and asked for again", lost_answer),
    Play("broken-body", "a message that breaks off", broken_body),
    Play("at-once", "an older and a newer wish at the same moment", at_once),
    Play("left-as-found", "show the test item, as it was found", restore),
    Play("in-time", "how long the answers took", in_time, False),
)
__all__ = ["PLAYS", "Message", "Play"]
