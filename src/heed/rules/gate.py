"""What an upload is answered at the door, and where uploads are looked at at all."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum


class Verdict(StrEnum):
    """Let it in, keep it back until a person has looked, or turn it away."""

    ALLOW = "allow"
    HOLD = "hold"
    BLOCK = "block"


class Surface(StrEnum):
    """Who will see it."""

    PUBLIC = "public"  # a post, a profile picture, a story
    PRIVATE = "private"  # a message between people


class WhenAway(StrEnum):
    """What becomes of an upload while Heed can't look, where there is nobody who could hold it."""

    REFUSE = "refuse"
    LET_IN = "let-in-unseen"


NOTHING = "nothing-found"
NOT_LOOKED_AT = "not-looked-at"
NOT_CHECKED = "could-not-be-checked"  # it could not be had, read or compared
# Nothing was written down then: the platform asks again.
DATABASE_AWAY = "database-away"
TOO_SLOW = "no-answer-in-time"
TOO_MANY = "too-many-at-once"
FAILED = "failed-here"
ASK_AGAIN = frozenset({DATABASE_AWAY, TOO_SLOW, TOO_MANY, FAILED})
LET_IN_UNSEEN = "let-in-unseen"  # Heed failed, and the operator of the site chose this for it
OUTAGES = ASK_AGAIN | {LET_IN_UNSEEN}
LOOK_WITHIN = timedelta(hours=4)  # nobody sees it; somebody's picture waits (as a hidden one)
OUTAGE_SEEN_WITHIN = timedelta(hours=1)  # everybody's pictures wait
# Member states of the European Union, ISO 3166. There, scanning messages without a court's order
# rests on Regulation (EU) 2021/1232, for a time and not for every service: the operator decides.
_MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU = frozenset(_MEMBERS.split(" "))
_ALWAYS = ("public", "private", "-private:EU")  # where nothing else is said


class NoSuchSwitch(Exception):
    """A word in `HEED_GATE` names nothing. The message says what words may be."""


def switches(words: str) -> tuple[str, ...]:
    """What the operator switched: `private:EU`, `-public`, `-private:US`. Raises `NoSuchSwitch`."""
    found = tuple(word.strip() for word in words.split(",") if word.strip())
    for word in found:
        surface, _, where = word.removeprefix("-").partition(":")
        fits = surface in tuple(Surface) and (where == "" or (len(where) == 2 and where.isupper()))
        if not fits:
            raise NoSuchSwitch(
                f"{word!r}: say public or private, with :EU or :XX for one country, - for off"
            )
    return found


def looks(surface: Surface, country: str, switched: Sequence[str]) -> bool:
    """Whether an upload of this surface is looked at. `country`: two letters, or empty.

    What names the country goes before what names the Union, and that before what names neither;
    the operator's word before ours. Messages need a country: see `needs_country`.
    """
    union = ["EU"] if country in EU else []
    for where in (country, *union, ""):
        name = f"{surface.value}:{where}" if where else surface.value
        for words in (switched, _ALWAYS):
            if f"-{name}" in words:
                return False
            if name in words:
                return True
    return True


def needs_country(surface: Surface) -> bool:
    """Whether nobody can tell if it may be looked at without knowing where people are."""
    return surface is Surface.PRIVATE


def verdict(
    *, action: str | None, exact: bool, unreadable: bool, released: bool = False
) -> tuple[Verdict, str]:
    """The answer and its reason's name.

    `action` is that of the gravest bank met ("block" or "hold"), None when none was. Only the same
    bytes are turned away by a machine alone; what merely looks alike is held for a person. A
    picture or video that can't be read is held: "could not check" is never "nothing found". What a
    person has let in is let in, unless the same bytes were removed since.
    """
    if action == "block" and exact:
        return Verdict.BLOCK, "removed-before"
    if released:
        return Verdict.ALLOW, "released"
    if action is not None:
        return Verdict.HOLD, "same-as-claimed" if exact else "looks-like-claimed"
    if unreadable:
        return Verdict.HOLD, NOT_CHECKED
    return Verdict.ALLOW, NOTHING
