"""Reasons to begin with, clause by clause: a reviewer edits them; the notifier reads them."""

from collections.abc import Mapping

from heed.rules.policy import Clause

BLANK = "(say it here, in your own words)"  # nobody is ever sent this
_REMOVED = (
    "We looked at what you told us about. It breaks this rule: {title}. It has been removed, and "
    "so has every copy that we found. If it comes back, tell us on your page."
)
OWN_WORDS = {
    "child-sexual": (
        "You were right to tell us. It is not allowed to show anyone under 18 in this way, whoever "
        "made it and whyever. It has been removed, with every copy that we found, and new uploads "
        "of it are refused. You did nothing wrong."
    ),
    "intimate-without-consent": (
        "This picture was posted without the agreement of the person shown. It has been removed, "
        "with every copy that we found, and new uploads of it are refused."
    ),
    "extortion": (
        "Nobody may be threatened with an intimate picture. It has been removed, with every copy "
        "that we found. Please do not pay, and do not send more: it does not make them stop."
    ),
    "none": (
        f"We looked at it and found that none of our rules was broken. What we saw: {BLANK}. "
        "If we missed something, write to us on your page: a different person will look again."
    ),
}


def reasons_for(clause: Clause, own: Mapping[str, str] | None = None) -> str:
    """What a reviewer is offered for this clause: the platform's `own` words come first."""
    said = (own or {}).get(clause.id)
    return said or OWN_WORDS.get(clause.id) or _REMOVED.format(title=clause.title.lower())
