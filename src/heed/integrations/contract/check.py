"""Plays everything, one after the other, and gathers what was found."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from heed.integrations.contract.caller import NotReached, TooSlow
from heed.integrations.contract.faults import FAULTS
from heed.integrations.contract.plays import PLAYS, Play
from heed.integrations.contract.stage import Stage

# Where one of these is found in a first message, everything after it would only say the same.
FATAL = {"redirects", "refuses-heed", "fails", "unreadable-answer", "says-nothing", "too-slow",
         "could-not-apply"}  # fmt: skip
FIRST = {"hello", "hide"}


class Outcome(StrEnum):
    """How a play ended."""

    HELD = "held"
    MIND = "mind"
    WRONG = "wrong"
    NOT_PLAYED = "not_played"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One play, and one fault that it found; "" where it found none."""

    play: str
    title: str
    outcome: Outcome
    fault: str = ""
    words: str = ""  # of a play that was left out: why

    @property
    def mend(self) -> str:
        """What to do about it."""
        return FAULTS[self.fault].mend if self.fault else ""


def check(stage: Stage) -> Iterator[Finding]:
    """Each play's findings as it ends. Raises `NotReached` when nothing at all could be said."""
    stopped = ""
    for play in PLAYS:
        if stopped or (play.needs_item and not stage.item):
            why = stopped or "no test item was named (--item)"
            yield _finding(play, Outcome.NOT_PLAYED, words=why)
            continue
        faults = sorted(set(_faults(stage, play)))
        yield from (_found(play, fault) for fault in faults)
        if not faults:
            words = _unseen(stage, play)
            yield _finding(play, Outcome.HELD, words=words)
        if play.name in FIRST and FATAL.intersection(faults):
            stopped = f"mend “{play.title}” first"


def _faults(stage: Stage, play: Play) -> Iterator[str]:
    try:
        yield from play.play(stage)
    except TooSlow:
        yield "too-slow"
    except NotReached:
        if play.name == "hello":
            raise
        yield "fails"  # it was there a moment ago


def _found(play: Play, fault: str) -> Finding:
    outcome = Outcome.WRONG if FAULTS[fault].wrong else Outcome.MIND
    return _finding(play, outcome, fault=fault, words=FAULTS[fault].what)


def _finding(play: Play, outcome: Outcome, *, fault: str = "", words: str = "") -> Finding:
    return Finding(play=play.name, title=play.title, outcome=outcome, fault=fault, words=words)


def _unseen(stage: Stage, play: Play) -> str:
    """What is only the site's own word is said to be that."""
    if play.name == "evidence" and stage.evidence is None:
        return "not asked: no evidence address was named (--evidence-url, --evidence-token)"
    if play.needs_item and not stage.looks and play.name != "evidence":
        return "by its own word: no address was named to look at (--item-url)"
    return ""
