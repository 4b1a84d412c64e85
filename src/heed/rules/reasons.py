"""The reason class a platform is told with a state: enough to act on, no fact about a person."""

from enum import StrEnum

from heed.rules.claims import EXTORTION, MINOR, Category, about_a_body
from heed.rules.visibility import Visibility


class ReasonClass(StrEnum):
    """The only words that leave with a desired state."""

    CHILD_SAFETY = "child-safety"
    INTIMATE_IMAGE = "intimate-image"
    EXTORTION = "extortion"
    MATCH = "match"
    POLICY = "policy"
    NONE = "none"


def reason_class(
    category: Category, visibility: Visibility, *, about_a_child: bool, by_match: bool = False
) -> ReasonClass:
    """`by_match`: a bank's match is all there is. A child's extortion is said as child safety."""
    if visibility is Visibility.VISIBLE:
        return ReasonClass.NONE
    if by_match:
        return ReasonClass.MATCH
    if category in MINOR or (about_a_child and about_a_body(category)):
        return ReasonClass.CHILD_SAFETY
    if category in EXTORTION:
        return ReasonClass.EXTORTION
    return ReasonClass.INTIMATE_IMAGE if about_a_body(category) else ReasonClass.POLICY
