"""What the form asks, in plain words, and what each answer means to the rules.

A new path or category is a line here; the templates draw whatever stands in these tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from heed.rules.claims import AgeThen, Category, Standing, about_a_body


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be ticked."""

    value: str
    label: str
    hint: str = ""


WHO = (
    Choice("me-child", "Me, and I am under 18"),
    Choice("me-adult", "Me, and I am 18 or older"),
    Choice("my-child", "My child"),
    Choice("represent", "Someone I look after or act for"),
    Choice("pupil", "A pupil, or a young person I work with"),
    Choice("someone", "Someone else, or I don't know who"),
)

WHAT = (
    Choice("picture", "A nude or sexual picture or video", "Real, edited, or made by a program."),
    Choice(
        "threat",
        "Someone threatens to show one",
        "To get money, more pictures, or anything else. Nothing has to be posted yet.",
    ),
    Choice("pretend", "Someone pretends to be me or them"),
    Choice("private", "Someone posted an address, a number or other private details"),
    Choice("hurt", "A threat to hurt someone"),
    Choice("other", "Something else that is not allowed here"),
)

YOUNG = (
    Choice("yes", "Yes"),
    Choice("unsure", "Not sure"),
    Choice("no", "No, they were 18 or older"),
)

DANGER = (Choice("no", "No"), Choice("yes", "Yes"))

STANDING: Mapping[str, Standing] = {
    "me-child": Standing.DEPICTED,
    "me-adult": Standing.DEPICTED,
    "my-child": Standing.GUARDIAN,
    "represent": Standing.AUTHORISED,
    "pupil": Standing.SCHOOL,
    "someone": Standing.OTHER,
}

AGE: Mapping[str, AgeThen] = {
    "yes": AgeThen.UNDER_18,
    "unsure": AgeThen.UNSURE,
    "no": AgeThen.ADULT,
}

_ORDINARY: Mapping[str, Category] = {
    "pretend": Category.IMPERSONATION,
    "private": Category.DOXXING,
    "hurt": Category.THREATS,
    "other": Category.OTHER,
}

BODY = frozenset({"picture", "threat"})


def age_then(who: str, young: str) -> AgeThen:
    """Whoever is under 18 now was so then. Left out means unsure, which protects as under 18."""
    if who == "me-child":
        return AgeThen.UNDER_18
    return AGE.get(young, AgeThen.UNSURE)


def category(what: str, age: AgeThen) -> Category:
    """The category that the ticks come to."""
    adult = age is AgeThen.ADULT
    if what == "picture":
        return Category.INTIMATE_IMAGE if adult else Category.MINOR_SEXUAL
    if what == "threat":
        return Category.INTIMATE_EXTORTION if adult else Category.MINOR_EXTORTION
    return _ORDINARY[what]


def holds_uploads(category: str) -> bool:
    """Whether new uploads of the same file wait for a person: only where a body is concerned."""
    return about_a_body(Category(category))


def values(choices: tuple[Choice, ...]) -> frozenset[str]:
    """What may come back from a browser."""
    return frozenset(choice.value for choice in choices)


WHO_SAID: Mapping[str, str] = {
    Standing.DEPICTED: "You are the person shown",
    Standing.GUARDIAN: "You are a parent or guardian of the person shown",
    Standing.AUTHORISED: "You act for the person shown",
    Standing.SCHOOL: "You work with the young person shown",
    Standing.POLICE: "You write for the police",
    Standing.TRUSTED_FLAGGER: "You write as a trusted flagger",
    Standing.OTHER: "You saw it",
}

WHAT_SAID: Mapping[str, str] = {
    Category.MINOR_SEXUAL: "A nude or sexual picture of someone under 18",
    Category.MINOR_EXTORTION: "A threat with a picture of someone under 18",
    Category.INTIMATE_IMAGE: "A nude or sexual picture, posted without consent",
    Category.INTIMATE_EXTORTION: "A threat with a nude or sexual picture",
    Category.IMPERSONATION: "Someone pretends to be another person",
    Category.DOXXING: "Private details",
    Category.THREATS: "A threat to hurt someone",
    Category.OTHER: "Something else that is not allowed",
}
