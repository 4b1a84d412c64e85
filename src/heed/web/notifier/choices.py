"""What the form asks, in plain words, and what each answer means to the rules.

A new path or category is a line here; the templates draw whatever stands in these tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from heed.cases.queries.private import PrivatePage
from heed.rules.claims import AgeThen, Category, Standing, about_a_body


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be ticked."""

    value: str
    label: str | Promise
    hint: str | Promise = ""


DANGER = (Choice("no", _("No")), Choice("yes", _("Yes")))

TIMED = (Choice("no", _("No")), Choice("yes", _("Yes")))

POSTED = (
    Choice("link", _("Yes, and I have the link"), _("A link to a profile or a group helps too.")),
    Choice("no-link", _("Yes, but I don't have the link")),
    Choice("threat", _("No. Someone threatens to post it")),
)

WHAT = (
    Choice(
        "picture",
        _("A nude or sexual picture or video"),
        _("Real, edited, or made by a program."),
    ),
    Choice(
        "threat",
        _("Someone threatens to show one"),
        _("To get money, more pictures, or anything else."),
    ),
    Choice("pretend", _("Someone pretends to be me or them")),
    Choice("private", _("Someone posted an address, a number or other private details")),
    Choice("hurt", _("A threat to hurt someone")),
    Choice("other", _("Something else that is not allowed here")),
)

WHO = (
    Choice("me-child", _("It is me, and I am under 18")),
    Choice("me-adult", _("It is me, and I am 18 or older")),
    Choice("my-child", _("It is my child")),
    Choice("represent", _("I look after them, or act for them")),
    Choice("pupil", _("I work at their school, or with young people")),
    Choice(
        "police",
        _("I write for the police"),
        _("To have data kept or handed over, go to “For authorities” at the end of this page."),
    ),
    Choice("flagger", _("I write for a hotline or as a trusted flagger")),
    Choice("someone", _("I saw it, or I don't know who it is")),
)

YOUNG = (
    Choice("yes", _("Yes")),
    Choice("unsure", _("Not sure")),
    Choice("no", _("No, they were 18 or older")),
)

STANDING: Mapping[str, Standing] = {
    "me-child": Standing.DEPICTED,
    "me-adult": Standing.DEPICTED,
    "my-child": Standing.GUARDIAN,
    "represent": Standing.AUTHORISED,
    "pupil": Standing.SCHOOL,
    "police": Standing.POLICE,
    "flagger": Standing.TRUSTED_FLAGGER,
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


def may_guard(page: PrivatePage) -> bool:
    """Nothing is posted yet: a code of the picture would stop it at the door, and there is none."""
    return page.threatened_only and not page.hashes and holds_uploads(page.category)


def values(choices: tuple[Choice, ...]) -> frozenset[str]:
    """What may come back from a browser."""
    return frozenset(choice.value for choice in choices)


WHO_SAID: Mapping[str, str | Promise] = {
    Standing.DEPICTED: _("You are the person shown"),
    Standing.GUARDIAN: _("You are a parent or guardian of the person shown"),
    Standing.AUTHORISED: _("You act for the person shown"),
    Standing.SCHOOL: _("You work with the young person shown"),
    Standing.POLICE: _("You write for the police"),
    Standing.TRUSTED_FLAGGER: _("You write as a trusted flagger"),
    Standing.OTHER: _("You saw it"),
}

WHAT_SAID: Mapping[str, str | Promise] = {
    Category.MINOR_SEXUAL: _("A nude or sexual picture of someone under 18"),
    Category.MINOR_EXTORTION: _("A threat with a picture of someone under 18"),
    Category.INTIMATE_IMAGE: _("A nude or sexual picture, posted without consent"),
    Category.INTIMATE_EXTORTION: _("A threat with a nude or sexual picture"),
    Category.IMPERSONATION: _("Someone pretends to be another person"),
    Category.DOXXING: _("Private details"),
    Category.THREATS: _("A threat to hurt someone"),
    Category.OTHER: _("Something else that is not allowed"),
}
