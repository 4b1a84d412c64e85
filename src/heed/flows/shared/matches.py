"""What follows from a match in a bank: a case, as far as the bank and the rules allow."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from heed.cases.models import Case, Copy
from heed.cases.services import cases, deadlines, decisions
from heed.cases.services.cases import CopyIn, Subject
from heed.flows import jobs
from heed.flows.shared import states
from heed.ledger import services as ledger
from heed.media import services as media
from heed.media.models import File, ItemFile, Match, Platform
from heed.media.queries import Banked
from heed.rules import banks as rules
from heed.rules import deadlines as clocks
from heed.rules.claims import AgeThen, BankAction, Category, Claim
from heed.rules.order import gravest
from heed.rules.triage import triage
from heed.rules.visibility import Visibility


def standing(platform: Platform, file: File, met: Sequence[Banked]) -> list[Banked]:
    """Those that count: nobody called the match wrong, and the bank is on for this file.

    What cases banked is theirs to take back, whatever people once said of a match with it.
    """
    if not met:
        return []
    wrong = set(
        Match.objects.filter(platform=platform, file=file, word=Match.Word.WRONG).values_list(
            "bank_signal_id", flat=True
        )
    )
    sha256 = bytes(file.sha256)
    return [
        one
        for one in met
        if (one.case_id is not None or one.signal_id not in wrong)
        and rules.asked(one.enabled_share, bank=str(one.bank_id), file=sha256)
    ]


def take_in(
    platform: Platform, file: File, met: Sequence[Banked], action: BankAction, now: datetime
) -> Case:
    """Open the file's case, or take it up again; restrict what is registered. In a transaction.

    Repeating it with matches that were known before changes nothing.
    """
    category = gravest([Category(one.category) for one in met])
    opened, made = cases.open_for(platform, Subject(file=file), category.value, now=now)
    case = states.lock(opened.id)
    at_door = action is BankAction.HOLD
    fresh = media.note_matches(platform, file, met, at_door=at_door, case_id=case.id, now=now)
    if not fresh and not made:
        return case
    if case.state == Case.State.DECIDED and case.decided_level == Visibility.REMOVED:
        return case  # people have removed it: the case itself finds its copies
    _take_up(case, now)
    claim = _claim(category, action, stood=case.stood_at is not None)
    outcome = triage(claim)
    cases.weigh(case, claim, outcome)
    cause = f"match:{met[0].signal_id}/{case.number}/{case.round}"
    deadlines.set_clocks(case, [clocks.review(outcome, cause=cause, at=now)], now=now)
    if not at_door:
        _restrict(case, file, now)
    _enter(case, made, met, outcome.visibility, list(outcome.because), now)
    jobs.later("find_copies", once=f"copies:{case.id}", case_id=str(case.id))
    return case


def _take_up(case: Case, now: datetime) -> None:
    """Open again what people let stand: they did not know of this match. So with a proposal."""
    if case.state == Case.State.DECIDED:
        cases.new_round(case, now=now)
    if case.state == Case.State.PROPOSED:
        decisions.set_aside(case)


def _claim(category: Category, action: BankAction, *, stood: bool) -> Claim:
    return Claim(
        category=category,
        age_then=AgeThen.UNSURE,
        has_file=True,
        by_notice=False,
        stood_before=stood,
        bank=action,
    )


def claim_of(case: Case, matched: Sequence[Match]) -> Claim | None:
    """What matches that were noted before say of a case; None when they say nothing."""
    found = [one.bank_signal.bank for one in matched]
    action = rules.on_registered(found) if any(not one.at_door for one in matched) else None
    if action is None and any(one.action != "pass" or one.asks_person for one in found):
        action = BankAction.HOLD
    if action is None:
        return None
    category = gravest([Category(one.category) for one in found])
    return _claim(category, action, stood=case.stood_at is not None)


def _restrict(case: Case, file: File, now: datetime) -> None:
    carries = ItemFile.objects.filter(file=file, item__platform_id=case.platform_id)
    items = dict(carries.values_list("item_id", "item__views"))
    known = set(Copy.objects.filter(case=case, item_id__in=items).values_list("item_id", flat=True))
    new = [
        CopyIn(item_id=item, how=Copy.How.EXACT, views_then=views)
        for item, views in items.items()
        if item not in known
    ]
    cases.add_copies(case, new, now=now)
    states.apply(case, items=list(items), now=now)


def _enter(
    case: Case,
    made: bool,
    met: Sequence[Banked],
    level: Visibility,
    because: list[str],
    now: datetime,
) -> None:
    subject = f"case:{case.id}"
    if made:
        ledger.enter("case.opened", subject=subject, body={"round": case.round}, at=now)
    ledger.enter(
        "match.found",
        subject=subject,
        body={
            "banks": sorted({str(one.bank_id) for one in met}),
            "visibility": level.value,
            "because": because,
        },
        at=now,
    )


def judged(
    case: Case,
    file_id: UUID | None,
    *,
    right: bool,
    by: str,
    now: datetime,
    near_only: bool = False,
) -> int:
    """People have said what the matches of a file on the case's platform are worth."""
    if file_id is None:
        return 0
    count = media.judge_matches(
        case.platform_id, file_id, right=right, by=by, near_only=near_only, now=now
    )
    if count:
        ledger.enter(
            "match.judged",
            subject=f"case:{case.id}",
            body={"matches": count, "right": right, "by": by},
            at=now,
        )
    return count
