"""Letters: what reviewers write most often, by the question that was asked.

Data: a new one is an entry of `LETTERS`. A reviewer may change the words before they are sent. The
replies stand as buttons on the private page: one tap answers, and tells the rules what it says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from heed.rules.claims import AgeThen

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Reply:
    """What a notifier can answer with one tap. `facts` are taken in as a supplement."""

    text: Words
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. `asked` is the notifier's question, or ours, as a reviewer looks for it."""

    id: str
    asked: str
    text: Words
    replies: tuple[Reply, ...] = ()


_YES, _NO = Reply(_("Yes")), Reply(_("No"))
_DONT_KNOW = Reply(_("I don't know"))

LETTERS: tuple[Letter, ...] = (
    Letter(
        "how-long",
        "They ask: how long does it take?",
        _(
            "We have not decided yet. The time we promise stands on this page, under “What we "
            "promise next”. You don't have to do anything until then. If we are late, it counts "
            "in our public numbers, and somebody here is told."
        ),
    ),
    Letter(
        "who-knows",
        "They ask: who is told about me?",
        _(
            "We don't tell the person who posted it that you wrote to us, or who you are. Only the "
            "people who work on this read what you write. But if it shows somebody under 18 in a "
            "sexual way, the law can make us tell the authorities. They then get the picture and "
            "what you wrote to us, so that they can find whoever did this. You are not in trouble "
            "because of that."
        ),
    ),
    Letter(
        "in-trouble",
        "They ask: am I in trouble?",
        _(
            "No. You are not in trouble, and it is not your fault. What somebody did with the "
            "picture is wrong, however it was made and whoever sent it first. You did the right "
            "thing when you told us."
        ),
    ),
    Letter(
        "parents",
        "They ask: will my parents find out?",
        _(
            "We don't write to your parents. This page is yours, and the mails we send say nothing "
            "about it. It often helps to tell one grown-up you trust: somebody at home, at school, "
            "or on a help line. “Who else can help”, at the end of this page, has people "
            "who listen, and you don't have to give them your name."
        ),
    ),
    Letter(
        "they-threaten",
        "They ask: he wants money or more pictures, what now?",
        _(
            "Please don't pay, and don't send anything more: it nearly never makes them stop. Keep "
            "what they wrote to you and their user name, then block them. Don't delete the chat. "
            "If you have paid already, stop now, and tell us: you are not in trouble for that. "
            "What do they call themselves, and on which app?"
        ),
    ),
    Letter(
        "still-there",
        "They say: I can still see it",
        _(
            "Thank you for telling us. Where do you still see it? Please press “It is back” and "
            "give us the link, if you have it. Sometimes a phone shows an old copy that it kept: "
            "close the app, open the link again, and look whether it is still there."
        ),
    ),
    Letter(
        "other-sites",
        "They ask: what about other sites?",
        _(
            "We can only take down what is on our own site. For other sites there is free help "
            "that doesn't need the picture: Take It Down (takeitdown.ncmec.org) if the person "
            "shown was under 18, and StopNCII.org if they were 18 or older. Both make a mark of "
            "the picture on your own device, and the picture stays with you."
        ),
    ),
    Letter(
        "police",
        "They ask: should I go to the police?",
        _(
            "You decide that. If somebody is in danger, call 112, 999 or 911 now. If you go, take "
            "the case file with you: it stands on this page, and it proves when we knew and what "
            "we did. If the police have given you a number, add it under “Tell us more”. That "
            "lets us answer them quickly."
        ),
    ),
    Letter(
        "not-well",
        "They sound as if they might hurt themselves",
        _(
            "What happened to you is hard, and many people have come through it. You don't have to "
            "carry it alone. If you think about hurting yourself, please call 112, 999 or 911 now, "
            "or 988 in the United States. “Who else can help”, at the end of this page, has "
            "people who listen at any hour. Is somebody with you right now?"
        ),
        (_YES, _NO),
    ),
    Letter(
        "which-link",
        "We ask: the link of the post itself",
        _(
            "The link you sent leads to a profile or a search, and we can't tell which post you "
            "mean. Please open the post, choose “share” or “copy link”, and paste it under “Tell "
            "us more”. If you can't find it, write what it shows or where it stands on the page, "
            "and we look for it."
        ),
    ),
    Letter(
        "is-it-you",
        "We ask: are you the one shown?",
        _("To decide, it helps us to know: are you the person in the picture?"),
        (
            _YES,
            Reply(_("It is my child")),
            Reply(_("It is somebody else")),
            Reply(_("I don't want to say")),
        ),
    ),
    Letter(
        "how-old",
        "We ask: were they under 18?",
        _(
            "To decide, it helps us to know: was the person shown under 18 when it was made? If "
            "you are not sure, say so. Then we treat it as a picture of a child, to be safe."
        ),
        (
            Reply(_("Yes, under 18"), {"age_then": AgeThen.UNDER_18.value}),
            Reply(_("18 or older")),
            Reply(_("I am not sure")),
        ),
    ),
    Letter(
        "agreed",
        "We ask: did the person shown agree that it is posted?",
        _(
            "It looks as if the person shown might have posted this, or agreed to it. Did they? "
            "Somebody may agree to a picture being made, and not to its being posted: then say no."
        ),
        (_YES, _NO, _DONT_KNOW),
    ),
    Letter(
        "anything-else",
        "We ask: is there anything else?",
        _("We have done what we can see to do. Is there anything else that we should look at?"),
        (Reply(_("No, thank you")), Reply(_("Yes, I write it below"))),
    ),
)

_BY_ID = {letter.id: letter for letter in LETTERS}


class NoSuchLetter(Exception):
    """There is no letter of this name. Choose one of those in `heed/filings/letters.py`."""


def letter(name: str) -> Letter:
    """The letter of this name. Raises `NoSuchLetter`."""
    if name not in _BY_ID:
        raise NoSuchLetter(name)
    return _BY_ID[name]


def replies(name: str) -> tuple[Reply, ...]:
    """What can be answered to it with one tap; nothing for a letter of earlier days."""
    return _BY_ID[name].replies if name in _BY_ID else ()
