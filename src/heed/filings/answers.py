"""The words of answers and statements. Read by people who are afraid: short, plain, and true."""

from typing import Any

from django.utils.translation import gettext as _

from heed.rules import policy
from heed.rules.decisions import Ruling


def text(
    *,
    ruling: Ruling,
    clause: str,
    reasons: str,
    policy_version: str,
    unseconded: bool,
    body: bool,
) -> str:
    """The answer to a notifier, in the language in force. Always says what can be done next.

    `body` says that a body is concerned: then two people must have looked before it may stay.
    """
    rule = policy.clause(clause, policy_version).title
    if ruling is Ruling.REMOVE:
        parts = [
            _("You were right to tell us. It is against our rules, and we have taken it down."),
            _("The rule: %(rule)s") % {"rule": rule},
            reasons,
            _("The copies that this decision reaches went with it."),
            _("If you see it again, press “It is back” on this page."),
        ]
    else:
        parts = [
            _("We looked at it, and we have decided to let it stay."),
            _("What we found: %(rule)s") % {"rule": rule},
            reasons,
            _who(unseconded=unseconded, body=body),
            _(
                "You know more about this than we do. If we are wrong, press “Ask for another "
                "look”: a person who has not decided yet then looks. It is free, and it does not "
                "count against you."
            ),
        ]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _who(*, unseconded: bool, body: bool) -> str:
    if unseconded:
        return _(
            "One person decided this, because nobody else was there to look. We publish how often "
            "that happens."
        )
    if body:
        return _("Two people decided this. Each of them has looked at it.")
    return _("A trained person decided this.")


def restored() -> dict[str, Any]:
    """What an uploader is told when a restriction is lifted."""
    return {
        "What was done": "Your post is shown again, as before.",
        "Why": "A person has looked at it. It need not have been restricted.",
    }


def statement(
    *, level: str, decided: bool, quiet: bool, clause: str, policy_version: str
) -> dict[str, Any]:
    """A statement of reasons (DSA Article 17(3)) as flat, readable keys.

    `quiet` (minors and extortion): no facts, nothing that tells that somebody gave notice.
    """
    rule = policy.clause(clause, policy_version)
    what = {
        "limited": "It is no longer shown in feeds, search or recommendations.",
        "hidden": "Nobody can see it for now.",
        "removed": "It was removed.",
    }
    made = {
        "What was done": what[level],
        "Ground": f"{'' if decided else 'We are checking it against one of our rules. '}"
        f"Our policy, version {policy_version}: {rule.title}.",
        "How long": "Without an end date."
        if decided
        else "Until a person has looked at it. If it breaks no rule, it is shown again.",
        "Decided by": "A person." if decided else "A rule, before a person has looked.",
        "If you disagree": "Ask for another look with the link that came with this. It is free; "
        "a person who has not decided before will look. You may also go to a court, and in the "
        "European Union to an out-of-court dispute body.",
    }
    if not quiet:
        made["Facts"] = "Somebody told us about it." if not decided else "A person looked at it."
    return made
