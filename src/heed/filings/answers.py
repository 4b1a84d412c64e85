"""The words of answers and statements. Read by people who are afraid: short, plain, and true."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as later

from heed.cases.queries import policies
from heed.rules.claims import EXTORTION, Category
from heed.rules.decisions import Ruling
from heed.rules.letters import BLANK, reasons_for
from heed.rules.policy import Clause


def text(
    *,
    ruling: Ruling,
    clause: str,
    reasons: str,
    policy_version: str,
    unseconded: bool,
    body: bool,
    foreign: bool = False,
    placed: bool = True,
    stays: Sequence[str] = (),
) -> str:
    """The answer to a notifier, in the language in force. Always says what can be done next.

    `body` says that a body is concerned: then two people must have looked before it may stay.
    `foreign`: the reasons are in the language of somebody else who told us of the same.
    Not `placed`: only a threat, or nobody knows where it is. There is nothing to take down or let
    stand, and nobody can have looked at it.
    `stays`: links of theirs that a removal leaves alone.
    """
    rule = _(policies.clause(clause, policy_version).title)
    if foreign and reasons.strip():
        whose = _("The person who decided wrote this in another language:")
        reasons = f"{whose}\n{reasons}"
    if not placed:
        parts = _unplaced(ruling, rule, reasons, _who(unseconded=unseconded, body=body, seen=False))
    elif ruling is Ruling.REMOVE:
        parts = [
            _("You were right to tell us. It is against our rules, and it comes down for good."),
            _("The rule: %(rule)s") % {"rule": rule},
            reasons,
            _(
                "The copies that this decision reaches come down with it. This page counts those "
                "that we have seen to be gone."
            ),
            _("If you see it again, press “It is back” on this page."),
            *([*_stay(stays, policy_version), _ask_again()] if stays else []),
        ]
    else:
        parts = [
            _("We looked at it, and we have decided to let it stay."),
            _("What we found: %(rule)s") % {"rule": rule},
            reasons,
            _who(unseconded=unseconded, body=body),
            _("We know that you may have hoped for another answer."),
            _ask_again(),
            _elsewhere(),
        ]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def staying(
    links: Sequence[str], *, policy_version: str, unseconded: bool, body: bool, rest: bool
) -> str:
    """What is said of these links of a notifier, which a removal leaves alone. `rest`: they were
    told of others, and that holds. Nothing here tells what else there is, or who asked for it.
    """
    holds = (_("All else that we have told you about this holds."),) if rest else ()
    who = _who(unseconded=unseconded, body=body)
    return "\n\n".join([*_stay(links, policy_version), *holds, who, _ask_again()])


def _stay(links: Sequence[str], policy_version: str) -> list[str]:
    said = _("We looked at this link, and we have decided to let it stay: %(link)s")
    rule = _(policies.clause("none", policy_version).title)
    found = _("What we found: %(rule)s") % {"rule": rule}
    return [*(said % {"link": link} for link in links), found]


def _unplaced(ruling: Ruling, rule: str, reasons: str, who: str) -> list[str]:
    """Who is threatened is never told that it may stay, nor that something comes down."""
    if_posted = _("If it gets posted, or you find its link, say so on this page: we act at once.")
    if ruling is Ruling.REMOVE:
        return [
            _("You were right to tell us. It is against our rules."),
            _("The rule: %(rule)s") % {"rule": rule},
            reasons,
            _("This answer is about what you told us. No post comes down by it."),
            if_posted,
        ]
    return [
        _("We looked into what you told us. With this answer nothing is taken down here."),
        _("That does not mean that we don't believe you."),
        reasons,
        who,
        if_posted,
        _ask_again(),
        _elsewhere(),
    ]


def _ask_again() -> str:
    return _(
        "You know more about this than we do. If we are wrong, press “Ask for another look”: a "
        "person who has not decided yet then looks. It is free, and it does not count against you."
    )


def _elsewhere() -> str:
    """DSA article 16(5) asks that all ways are named: this page's, and those beyond us."""
    return _(
        "You may also go to a court, and in the European Union to an out-of-court dispute body. "
        "The police and the helpers at the end of this page are there for you as well."
    )


def _who(*, unseconded: bool, body: bool, seen: bool = True) -> str:
    if unseconded:
        return _(
            "One person decided this, because nobody else was there to look. We publish how often "
            "that happens."
        )
    if body and not seen:
        return _("Two people decided this.")
    if body:
        return _("Two people decided this. Each of them has looked at it.")
    return _("A trained person decided this.")


def offered(clause: Clause, language: str, own: Mapping[str, str] | None = None) -> str:
    """The reasons that a reviewer begins with, in the language of who will read them.

    The platform's `own` words come first. The gap in them stays as it is, so that it is found.
    """
    if said := (own or {}).get(clause.id):
        return said
    english = reasons_for(clause)
    with translation.override(language):
        meant = _(english)
    return meant if (BLANK in meant) == (BLANK in english) else english


DONE, WHY, FACTS = later("What was done"), later("Why"), later("Facts")
GROUND, UNTIL = later("Ground"), later("How long")
BY, REDRESS = later("Decided by"), later("If you disagree")
_ORDER = (DONE, WHY, FACTS, GROUND, UNTIL, BY, REDRESS)
_CHECKING = later("We are checking it against one of our rules.")
_RULE = later("Our policy, version %(version)s: %(rule)s.")
_GROUND = re.compile(
    r"(?P<checking>We are .+? rules\. )?Our policy, version (?P<version>\S+): (?P<rule>.+)\."
)


def restored() -> dict[str, Any]:
    """What an uploader is told when a restriction is lifted."""
    return {
        DONE: later("Your post is shown again, as before."),
        WHY: later("A person has looked at it. It need not have been restricted."),
    }


def is_quiet(category: Category, *, about_child: bool) -> bool:
    """Whether a statement must not show that somebody gave notice: minors, and extortion."""
    return about_child or category in EXTORTION


def statement(
    *,
    level: str,
    decided: bool,
    quiet: bool,
    clause: str,
    policy_version: str,
    by_match: bool = False,
) -> dict[str, Any]:
    """A statement of reasons (DSA Article 17(3)) as flat, readable keys, in English.

    `quiet` (minors and extortion): no facts, nothing that tells that somebody gave notice.
    `by_match`: nobody did, a bank's match is all there is.
    """
    title = policies.clause(clause, policy_version).title
    rule = _RULE % {"version": policy_version, "rule": title}
    what = {
        "limited": later("It is no longer shown in feeds, search or recommendations."),
        "hidden": later("Nobody can see it for now."),
        "removed": later("It was removed."),
    }
    made = {
        DONE: what[level],
        GROUND: rule if decided else f"{_CHECKING} {rule}",
        UNTIL: later("Without an end date.")
        if decided
        else later("Until a person has looked at it. If it breaks no rule, it is shown again."),
        BY: later("A person.") if decided else later("A rule, before a person has looked."),
        REDRESS: later(
            "Ask for another look with the link that came with this. It is free; a person who has "
            "not decided before will look. You may also go to a court, and in the European Union "
            "to an out-of-court dispute body."
        ),
    }
    if not quiet:
        made[FACTS] = _facts(decided, by_match)
    return made


def _facts(decided: bool, by_match: bool) -> str:
    if decided:
        return later("A person looked at it.")
    if by_match:
        return later(
            "A program found it by comparing it with a list of files. Nobody told us about it."
        )
    return later("Somebody told us about it.")


def spoken(made: Mapping[str, Any]) -> dict[str, str]:
    """A kept statement in the language in force, what was done first.

    What is written otherwise than today stays as it was written.
    """
    order = {name: place for place, name in enumerate(_ORDER)}
    names = sorted(made, key=lambda name: order.get(name, len(order)))
    return {_(name): _said(str(made[name])) for name in names}


def _said(text: str) -> str:
    ground = _GROUND.fullmatch(text)
    if ground is None:
        return _(text)
    title = ground["rule"]
    rule = _(_RULE) % {"version": ground["version"], "rule": _(title)}
    return f"{_(_CHECKING)} {rule}" if ground["checking"] else rule
