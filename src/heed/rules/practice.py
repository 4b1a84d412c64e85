"""Exercises for a first day: what somebody says, a drawn picture, and the model answer with why.

No exercise shows or describes a body: what has to be learnt is the rule, and it can be learnt so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from heed.rules.claims import AgeThen, Category, Standing
from heed.rules.decisions import Ruling


class NoSuchExercise(ValueError):
    """There is no exercise of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One case to decide. `drawing` is a file under `static/practice/`."""

    id: str
    drawing: str
    shows: str  # in words, for who does not see it
    category: Category
    standing: Standing
    age_then: AgeThen
    words: str
    ruling: Ruling
    clause: str
    why: str


EXERCISES: Sequence[Exercise] = (
    Exercise(
        id="unsure-age",
        drawing="covered.svg",
        shows="A grey figure, drawn, that stands for an intimate picture.",
        category=Category.INTIMATE_IMAGE,
        standing=Standing.DEPICTED,
        age_then=AgeThen.UNSURE,
        words="That is me. I think I was 17, or it was just after my birthday. I never agreed.",
        ruling=Ruling.REMOVE,
        clause="child-sexual",
        why="“Unsure” counts as under 18, and the age that counts is the age then, not now.",
    ),
    Exercise(
        id="no-consent",
        drawing="covered.svg",
        shows="A grey figure, drawn, that stands for an intimate picture.",
        category=Category.INTIMATE_IMAGE,
        standing=Standing.DEPICTED,
        age_then=AgeThen.ADULT,
        words="I am 31. I sent it to one man, years ago. I never agreed that it is posted.",
        ruling=Ruling.REMOVE,
        clause="intimate-without-consent",
        why="To have agreed once, to somebody else, is not to have agreed to this.",
    ),
    Exercise(
        id="landscape",
        drawing="hills.svg",
        shows="Hills, a sun and a house.",
        category=Category.INTIMATE_IMAGE,
        standing=Standing.OTHER,
        age_then=AgeThen.ADULT,
        words="This is disgusting, take it down at once.",
        ruling=Ruling.KEEP,
        clause="none",
        why="Nothing intimate is shown. It is a body's category, so a second person must agree.",
    ),
    Exercise(
        id="threat-to-publish",
        drawing="message.svg",
        shows="A message bubble with a clock beside it.",
        category=Category.INTIMATE_EXTORTION,
        standing=Standing.DEPICTED,
        age_then=AgeThen.ADULT,
        words="He wrote: pay by nine or everybody at your work sees it.",
        ruling=Ruling.REMOVE,
        clause="extortion",
        why="Threats to publish break the rule before anything is published. A time was given, so "
        "the duty person was called.",
    ),
    Exercise(
        id="home-address",
        drawing="letter.svg",
        shows="An envelope with an address on it.",
        category=Category.DOXXING,
        standing=Standing.DEPICTED,
        age_then=AgeThen.ADULT,
        words="They posted where I live and wrote: go and visit her.",
        ruling=Ruling.REMOVE,
        clause="doxxing",
        why="A private person's home address against her will. Words alone are never hidden before "
        "a person has decided: that was you.",
    ),
    Exercise(
        id="office-address",
        drawing="letter.svg",
        shows="An envelope with an address on it.",
        category=Category.DOXXING,
        standing=Standing.OTHER,
        age_then=AgeThen.ADULT,
        words="They published the address of the town hall, where the mayor works.",
        ruling=Ruling.KEEP,
        clause="none",
        why="A public office's public address is nobody's private detail.",
    ),
    Exercise(
        id="false-profile",
        drawing="faces.svg",
        shows="Two round faces that are the same.",
        category=Category.IMPERSONATION,
        standing=Standing.DEPICTED,
        age_then=AgeThen.ADULT,
        words="This account has my name and my photo and writes to my friends. It is not me.",
        ruling=Ruling.REMOVE,
        clause="impersonation",
        why="It lets others believe that it comes from another, real person.",
    ),
    Exercise(
        id="parody",
        drawing="faces.svg",
        shows="Two round faces that are the same.",
        category=Category.IMPERSONATION,
        standing=Standing.OTHER,
        age_then=AgeThen.ADULT,
        words="The account is called “Not the mayor (a joke)” and makes fun of him.",
        ruling=Ruling.KEEP,
        clause="none",
        why="Nobody is led to believe that it is him. Who he is makes no difference either way.",
    ),
)
_BY_ID = {one.id: one for one in EXERCISES}


def exercise(name: str) -> Exercise:
    """Raises `NoSuchExercise`."""
    if name not in _BY_ID:
        raise NoSuchExercise(f"there is no exercise {name!r}")
    return _BY_ID[name]


def points(one: Exercise, ruling: Ruling, clause: str) -> int:
    """2: ruling and rule as in the model answer. 1: the ruling alone. 0: neither."""
    if ruling is not one.ruling:
        return 0
    return 2 if clause == one.clause else 1
