"""Reasons to begin with, clause by clause: a reviewer edits them; the notifier reads them."""

from collections.abc import Mapping

from heed.rules.policy import Clause

BLANK = "(say it here, in your own words)"  # nobody is ever sent this
REMOVED = "We looked at what you told us about, and it breaks this rule."
OWN_WORDS = {
    "child-sexual": (
        "Nobody under 18 may be shown here in this way, whoever made it and for whatever reason. "
        "Whoever is shown did nothing wrong."
    ),
    "intimate-without-consent": (
        "It was posted without the agreement of the person shown. That is not allowed here, "
        "however it was made."
    ),
    "extortion": (
        "Nobody may be threatened with an intimate picture. Please don't pay, and don't send more: "
        "it nearly never makes them stop."
    ),
    "none": f"We found that none of our rules was broken. What we saw: {BLANK}.",
}


def reasons_for(clause: Clause, own: Mapping[str, str] | None = None) -> str:
    """What a reviewer is offered for this clause: the platform's `own` words come first.

    In English; `filings.answers.offered` has them in the notifier's language. The answer around
    them says by itself what becomes of it and of its copies, and how to ask again.
    """
    return (own or {}).get(clause.id) or OWN_WORDS.get(clause.id) or REMOVED
