"""What somebody told us, as the form asked it: for a case file that a mother or a judge reads.

The words are those of `web/notifier/choices.py` and of the form; a test holds them together.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Words = str | Promise

_YES_NO: Mapping[str, Words] = {"yes": _("Yes"), "no": _("No")}
_LINK = _("The link of the post, picture or video")
_YOUNG = _("Was the person shown under 18 when it was made?")

ASKED: Mapping[str, Words] = {  # by the name of its field, in the order of the form
    "site": _("Site"),
    "who": _("Who is it about, and who are you?"),
    "what": _("What is it?"),
    "young": _YOUNG,
    "age_then": _YOUNG,
    "stated_age": _("How old was the person shown when it was made?"),
    "posted": _("Is it posted already?"),
    "links": _LINK,
    "url": _LINK,
    "urls": _LINK,
    "danger": _("Is anyone in danger right now?"),
    "danger_now": _("Is anyone in danger right now?"),
    "timed": _("Did someone give you a time?"),
    "time_given": _("The time they gave"),
    "why": _("Your words"),
    "words": _("Your words"),
    "seen_where": _("Where did you see it?"),
    "seen_when": _("When?"),
    "seen_words": _("What words stood with it?"),
    "their_account": _("Whose account is it, if you know?"),
    "other_app": _("Do they write to you in another app?"),
    "hashes": _("Codes, one on each line"),
    "police_agency": _("Which police?"),
    "police_reference": _("Police number"),
    "country": _("Country"),
    "school": _("School"),
    "not_consensual": _("The person shown has not agreed that it is posted here."),
    "good_faith": _("I believe this in good faith, and what I told you is true."),
    "acting_for": _("I may act for the person shown."),
    "signature": _("Your name, as a signature"),
    "true": _("I am telling the truth, as far as I know."),
}
ANSWERED: Mapping[str, Mapping[str, Words]] = {
    "who": {
        "me-child": _("It is me, and I am under 18"),
        "me-adult": _("It is me, and I am 18 or older"),
        "my-child": _("It is my child"),
        "represent": _("I look after them, or act for them"),
        "pupil": _("I work at their school, or with young people"),
        "police": _("I write for the police"),
        "flagger": _("I write for a hotline or as a trusted flagger"),
        "someone": _("I saw it, or I don't know who it is"),
    },
    "what": {
        "picture": _("A nude or sexual picture or video"),
        "threat": _("Someone threatens to show one"),
        "pretend": _("Someone pretends to be me or them"),
        "private": _("Someone posted an address, a number or other private details"),
        "hurt": _("A threat to hurt someone"),
        "other": _("Something else that is not allowed here"),
    },
    "young": {
        "yes": _("Yes"), "unsure": _("Not sure"), "no": _("No, they were 18 or older"),
    },
    "age_then": {
        "under_18": _("Yes"), "unsure": _("Not sure"), "adult": _("No, they were 18 or older"),
    },
    "posted": {
        "link": _("Yes, and I have the link"),
        "no-link": _("Yes, but I don't have the link"),
        "threat": _("No. Someone threatens to post it"),
    },
    "danger": _YES_NO, "timed": _YES_NO, "time_given": _YES_NO, "true": _YES_NO,
}  # fmt: skip
_NOT_SAID = ("form",)  # a mark of the sending, not of the person
_EMPTY: tuple[Any, ...] = ("", None, False, [], {})


def in_words(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Question and answer, in the order of the form; what other doors sent stands after it."""
    order = {name: place for place, name in enumerate(ASKED)}
    for name in sorted(said, key=lambda name: order.get(name, len(order))):
        if name not in _NOT_SAID and said[name] not in _EMPTY:
            yield str(ASKED.get(name, name.replace("_", " "))), _answer(name, said[name])


def _answer(name: str, value: Any) -> str:
    chosen = ANSWERED.get(name, {}).get(value) if isinstance(value, str) else None
    return plain(value) if chosen is None else str(chosen)


def plain(value: Any) -> str:
    """Any value as a reader sees it."""
    if isinstance(value, list):
        return "\n".join(plain(one) for one in value)
    if isinstance(value, dict):
        return "\n".join(f"{name}: {plain(inner)}" for name, inner in value.items())
    return gettext("Yes") if value is True else str(value)
