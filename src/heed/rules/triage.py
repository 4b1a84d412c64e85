"""Hide, limit or leave a claimed item until a person has looked, and say why."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from heed.rules.claims import BankAction, Claim, about_a_body, about_a_child, confirmed
from heed.rules.order import Rung, rung
from heed.rules.visibility import Visibility, strictest

AT_ONCE = timedelta(minutes=15)  # a life may hang on it: the time to wake somebody
WITHIN_THE_HOUR = timedelta(hours=1)  # docs/policy.md, rule 1 and rule 7: not hidden, so soon
CHILD_HIDDEN = timedelta(hours=4)  # nobody sees it; the report to the authorities waits for a look
ADULT_HIDDEN = timedelta(hours=12)  # nobody sees it; the accused is owed an answer the same day
SPEECH = timedelta(hours=24)  # nothing is restricted; DSA article 16(6), "timely"


@dataclass(frozen=True)
class Triage:
    """What is done at once. `because` is never empty, and explains the level exactly."""

    visibility: Visibility
    because: tuple[str, ...]
    rung: Rung
    review_within: timedelta
    pages_duty: bool


@dataclass(frozen=True)
class Reason:
    """When it holds, the item is at least this strict and a person looks within this span."""

    name: str
    holds: Callable[[Claim], bool]
    level: Visibility
    review_within: timedelta
    pages_duty: bool = False


def _settled(claim: Claim) -> bool:
    return claim.stood_before and not claim.brings_new_fact


def _open(claim: Claim) -> bool:
    """A person names a place, and nobody has settled it with the same facts before."""
    return _names_a_place(claim) and not claim.rolled_back


def _names_a_place(claim: Claim) -> bool:
    return claim.by_notice and not claim.threatened_only and not _settled(claim)


def _rolled_back(claim: Claim) -> bool:
    return _names_a_place(claim) and claim.rolled_back


def _dampened(claim: Claim) -> bool:
    """Rule 7: a source over its bound hides nothing unconfirmed, and nothing for a second time."""
    return claim.source_over_bound and (claim.stood_before or not confirmed(claim))


def _adult_body(claim: Claim) -> bool:
    return about_a_body(claim.category) and not about_a_child(claim)


def _complete(claim: Claim) -> bool:
    return _adult_body(claim) and claim.declaration_complete and confirmed(claim)


def _would_hide(claim: Claim) -> bool:
    return _open(claim) and claim.has_file and (about_a_child(claim) or _complete(claim))


def _child_shown(claim: Claim) -> bool:
    return _would_hide(claim) and about_a_child(claim) and not _dampened(claim)


def _adult_request_complete(claim: Claim) -> bool:
    return _would_hide(claim) and not about_a_child(claim) and not _dampened(claim)


def _adult_request_incomplete(claim: Claim) -> bool:
    return _open(claim) and claim.has_file and _adult_body(claim) and not _complete(claim)


def _source_over_bound(claim: Claim) -> bool:
    return _would_hide(claim) and _dampened(claim)


def _words_about_a_body(claim: Claim) -> bool:
    words_only = about_a_body(claim.category) and not claim.has_file
    return _open(claim) and words_only and not claim.place_unknown


def _place_not_known(claim: Claim) -> bool:
    lost = claim.place_unknown and not claim.has_file
    return _open(claim) and about_a_body(claim.category) and lost


def _not_about_a_body(claim: Claim) -> bool:
    return _open(claim) and not about_a_body(claim.category)


def _let_stand_before(claim: Claim) -> bool:
    return claim.by_notice and not claim.threatened_only and _settled(claim)


def _nothing_posted_yet(claim: Claim) -> bool:
    return claim.by_notice and claim.threatened_only


def _bank_marked_hide(claim: Claim) -> bool:
    return claim.bank is BankAction.HIDE and claim.has_file and not claim.threatened_only


def _bank_asks_for_a_person(claim: Claim) -> bool:
    return not _bank_marked_hide(claim) and (claim.bank is not None or not claim.by_notice)


def _danger_to_life(claim: Claim) -> bool:
    return claim.danger_now


def _a_time_was_given(claim: Claim) -> bool:
    return claim.time_given


def _partner_in_their_field(claim: Claim) -> bool:
    return claim.partner_field and claim.by_notice and not _settled(claim)


_V, _L, _H = Visibility.VISIBLE, Visibility.LIMITED, Visibility.HIDDEN

REASONS: tuple[Reason, ...] = (
    Reason("child-shown", _child_shown, _H, CHILD_HIDDEN),
    Reason("adult-request-complete", _adult_request_complete, _H, ADULT_HIDDEN),
    Reason("bank-marked-hide", _bank_marked_hide, _H, ADULT_HIDDEN),
    Reason("adult-request-incomplete", _adult_request_incomplete, _L, WITHIN_THE_HOUR),
    Reason("source-over-bound", _source_over_bound, _L, WITHIN_THE_HOUR),
    Reason("words-about-a-body", _words_about_a_body, _L, WITHIN_THE_HOUR),
    Reason("place-not-known", _place_not_known, _V, WITHIN_THE_HOUR),
    Reason("not-about-a-body", _not_about_a_body, _V, SPEECH),
    Reason("rolled-back", _rolled_back, _V, WITHIN_THE_HOUR),
    Reason("let-stand-before", _let_stand_before, _V, SPEECH),
    Reason("nothing-posted-yet", _nothing_posted_yet, _V, CHILD_HIDDEN),
    Reason("partner-in-their-field", _partner_in_their_field, _V, WITHIN_THE_HOUR),
    Reason("bank-asks-for-a-person", _bank_asks_for_a_person, _V, CHILD_HIDDEN),
    Reason("danger-to-life", _danger_to_life, _V, AT_ONCE, pages_duty=True),
    Reason("a-time-was-given", _a_time_was_given, _V, AT_ONCE, pages_duty=True),
)


def triage(claim: Claim) -> Triage:
    """The strictest level, and the shortest span, of the reasons that hold."""
    holding = [reason for reason in REASONS if reason.holds(claim)]
    return Triage(
        visibility=strictest(reason.level for reason in holding),
        because=tuple(reason.name for reason in holding),
        rung=rung(claim),
        review_within=min(reason.review_within for reason in holding),
        pages_duty=any(reason.pages_duty for reason in holding),
    )


def read_within(claim: Claim, *, stands: bool) -> timedelta:
    """By when a person reads what somebody says after they were answered: no machine knows what it
    adds. As for the claim when it was new; within the hour where there was danger, and where a body
    can be seen because people let it stand (`stands`). A flood waits as for what adds nothing.
    """
    heard = replace(
        claim, danger_now=False, time_given=False, brings_new_fact=not claim.source_over_bound
    )
    within = triage(heard).review_within
    grave = claim.danger_now or (stands and about_a_body(claim.category))
    return min(within, WITHIN_THE_HOUR) if grave and not claim.source_over_bound else within


def may_hide_later(claim: Claim) -> bool:
    """An adult's declaration is complete, only the contact is not yet confirmed.

    It is limited now, and hidden by `deadlines.complete_request_hide_by` if nobody decides first.
    """
    return (
        _open(claim) and claim.has_file and _adult_body(claim) and claim.declaration_complete
        and not confirmed(claim)
    )  # fmt: skip
