"""What a notice names is protected before anyone has looked.

1. Find what each place is; an item that was never registered is registered now.
2. Join the notice to its cases, judge it by the rules, restrict the named items, tell the platform.
3. Ask the worker to find every copy; say that the notice is protected.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Q

from heed.cases.models import Case, Copy, Notice, Target
from heed.cases.queries import own_notices
from heed.cases.services import cases, deadlines, decisions, notices
from heed.cases.services.cases import CopyIn, Subject
from heed.flows import jobs
from heed.flows.failpoints import reached
from heed.flows.shared import banks, claims, clocks, duty, rounds, sources, states
from heed.flows.shared.one_by_one import each
from heed.ledger import services as ledger
from heed.media import matching
from heed.media import queries as media
from heed.media.feeds import BANKED
from heed.media.models import File, Item, Platform
from heed.media.services import FileIn, ItemIn, register
from heed.rules import addresses
from heed.rules import deadlines as rules
from heed.rules.claims import Category, about_a_body, confirmed
from heed.rules.triage import Triage, triage

logger = logging.getLogger(__name__)
PLACES_AT_ONCE = 10  # protected before the answer; a job goes on with the rest at once
LONGEST_WAIT = timedelta(seconds=1)  # for a case that others are at, while somebody waits
LONGEST_URL = 2_083  # what browsers take; longer ones name nothing
LONGEST_REF = 200
_BUSY = OperationalError  # others are at the same: nobody waits for that place after place
SOURCE_OVER_BOUND = "source-over-bound"  # rules.triage
A_LONG_LIST = 10  # places; unknown ones of a longer notice share a case: 500 wrong links, few cases


def protect(*, notice_id: UUID, now: datetime, at_most: int | None = None) -> bool:
    """Protect what this notice names. Repeating it finishes what was left.

    `at_most` bounds how many places are taken, for somebody who waits for the answer. True when
    all are done. A place that fails is raised once all others of the notice have had their turn.
    """
    notice = Notice.objects.select_related("platform").get(id=notice_id)
    targets = list(notice.targets.order_by("position")[:at_most])
    new = [target for target in targets if target.state == Target.State.WAITING]
    try:
        each(new, lambda target: _found(notice, target, now), what="target", unless=_BUSY)
    finally:
        if any(target.state == Target.State.REGISTERED for target in targets):
            _use_own_names(notice)
        reached("targets-found")
        _join(notice, targets, now)
        matching.catch_up(BANKED)
    if notice.targets.filter(state=Target.State.WAITING).exists():
        return False
    notices.protected(notice, now=now)
    reached("items-restricted")
    return True


def protect_at_once(*, notice_id: UUID, now: datetime) -> None:
    """While somebody waits for the answer. What they said is safe: a job mends what fails here.

    A case that a crowd tells of never keeps all who answer people waiting for it.
    """
    try:
        with own_notices.wait_at_most(LONGEST_WAIT):
            done = protect(notice_id=notice_id, now=now, at_most=PLACES_AT_ONCE)
        if not done:
            jobs.later("protect", notice_id=str(notice_id))
    except OperationalError:
        logger.warning(
            "others are at the same case, the job will", extra={"notice": str(notice_id)}
        )
    except Exception:
        logger.exception("not protected at once, the job will", extra={"notice": str(notice_id)})


# ------------------------------------------------------------------ 1 find


@transaction.atomic
def _found(notice: Notice, target: Target, now: datetime) -> None:
    _find(notice, target, now)


def _find(notice: Notice, target: Target, now: datetime) -> None:
    if target.signals and not target.url:
        notices.settle_target(target, state=Target.State.HASHES)
        return
    if len(target.url) > LONGEST_URL or "\0" in target.url:
        notices.settle_target(target, state=Target.State.NOT_AN_ITEM)
        return
    platform = media.platform_of(target.url)
    if platform is None or platform.id != notice.platform_id:
        notices.settle_target(target, state=Target.State.FOREIGN)
        return
    item = media.item_at(platform, target.url)
    if item is None and not addresses.may_be_an_item(target.url, platform.address_kinds):
        notices.settle_target(target, state=Target.State.NOT_AN_ITEM)
        return
    if item is None:
        item, state = _register_named(platform, target.url, now), Target.State.REGISTERED
    else:
        state = Target.State.DELETED if item.deleted_at else Target.State.FOUND
    file = media.file_at(item, target.url)
    notices.settle_target(target, state=state, item_id=item.id, file_id=file.id if file else None)


def _register_named(platform: Platform, url: str, now: datetime) -> Item:
    """Known from now on by its address, until the platform registers it by its own name."""
    ref = url if len(url) <= LONGEST_REF else "sha256:" + sha256(url.encode()).hexdigest()
    row = ItemIn(ref=ref, url=url, registered_by="notice", files=(FileIn(url=url),))
    done = register(platform, [row], now=now)
    jobs.later("fetch_files", once="fetch_files")
    return Item.objects.get(id=done[0].item_id)


def _use_own_names(notice: Notice) -> None:
    """While we wrote an address down, the platform may have done so under its own name for it."""
    ours = notice.targets.filter(state=Target.State.REGISTERED, item__registered_by="notice")
    for target in ours:
        theirs = Item.objects.filter(platform=notice.platform, url=target.url)
        own = theirs.exclude(registered_by="notice").first()
        if own is not None:
            notices.settle_target(target, state=Target.State.FOUND, item_id=own.id)


# ------------------------------------------------------------------ 2 join, judge, restrict


def _join(notice: Notice, targets: Sequence[Target], now: datetime) -> None:
    """Each case in a transaction of its own: two notices of the same never wait in a ring."""
    taken = notice.targets.filter(id__in=[target.id for target in targets])
    placed = _by_subject(notice, taken.select_related("item", "file").exclude(item=None))
    outcomes: list[Triage] = []

    def take_in(place: tuple[Subject, list[Item]]) -> None:
        outcomes.append(_take_in(notice, *place, now))

    each(placed, take_in, what="item", by=lambda place: place[1][0].id, unless=_BUSY)
    if any(SOURCE_OVER_BOUND in outcome.because for outcome in outcomes):
        _hurry(notice, now)
    if not outcomes and not _may_still_be_located(notice):
        _take_in(notice, Subject(threat_of=notice.id), [], now)
    elif not outcomes:
        with transaction.atomic():
            duty.call(notice, None, triage(claims.bare(notice)), now=now)


def _by_subject(notice: Notice, targets: Iterable[Target]) -> list[tuple[Subject, list[Item]]]:
    """What each place is a case of. Places of one case are taken in as one: of a hundred links to
    the same thing, each need not weigh the same claim again.
    """
    places: dict[Subject, list[Item]] = {}
    first: Item | None = None  # of a long list of unknown places
    for target in targets:
        assert target.item is not None
        for file in _files(target):
            subject = (
                _of_file(notice, target.item, file) if file else _place_of(notice, target, first)
            )
            if first is None and file is None and _is_news(target):
                first = target.item
            places.setdefault(subject, []).append(target.item)
    return list(places.items())


def _of_file(notice: Notice, item: Item, file: File) -> Subject:
    """The file's case; where this place was split off it, the case that sees to the place now."""
    subject = Subject(file=file)
    gone = Copy.objects.filter(item=item, split__isnull=False).select_related("split__into__item")
    mine = gone.filter(case__file=file, case__platform_id=notice.platform_id)
    while (apart := mine.first()) is not None:
        assert apart.split is not None
        subject = Subject(item=apart.split.into.item)
        later = gone.filter(split__made_at__gte=apart.split.made_at).exclude(id=apart.id)
        mine = later.filter(case_id=apart.split.into_id)
    return subject


def _may_still_be_located(notice: Notice) -> bool:
    """Some of its places are items, or nobody has looked yet what they are."""
    return notice.targets.filter(Q(item__isnull=False) | Q(state=Target.State.WAITING)).exists()


def _files(target: Target) -> list[File | None]:
    """The named file; else all files of the item, as one bundle; else the item itself."""
    if target.file is not None:
        return [target.file]
    assert target.item is not None
    return list(media.files_of([target.item.id])) or [None]


def _place_of(notice: Notice, target: Target, first_here: Item | None) -> Subject:
    """The item; in a long list of places that nobody knew before, the first one's case for all."""
    item = target.item
    assert item is not None
    if notice.targets.count() <= A_LONG_LIST or not _is_news(target):
        return Subject(item=item)
    listed = notice.targets.filter(state=Target.State.REGISTERED).values("item")
    opened = Case.objects.filter(
        joins__notice=notice, item__in=listed, opened_at__gte=notice.received_at
    )
    first = opened.select_related("item").order_by("opened_at").first()
    return Subject(item=first_here or item if first is None else first.item)


def _is_news(target: Target) -> bool:
    """Nobody knew this place, and nobody spoke of it before."""
    unknown = target.state == Target.State.REGISTERED
    return unknown and not Case.objects.filter(item=target.item).exists()


@transaction.atomic
def _take_in(notice: Notice, subject: Subject, items: Sequence[Item], now: datetime) -> Triage:
    opened, made = cases.open_case(notice, subject, now=now)
    case = opened if made else states.lock(opened.id)  # a row just written is held as well
    nobody_spoke = made or states.by_match(case)
    fresh = cases.join(notice, case, now=now)
    before = (case.round, case.level)
    places = _Places.named(notice, case, items)
    outcome = _judge(notice, case, fresh or bool(places.again), now)
    _take_clocks_in(notice, case)
    review = rules.review(outcome, cause=clocks.review_cause(notice, case), at=now)
    if fresh or before[0] != case.round or claims.is_heard_in(notice, case):
        deadlines.set_clocks(case, [review], now=now)
    if not fresh:  # a new fact of the same notice, such as a time that was given
        deadlines.set_sooner(case, review, now=now)
    duty.call(notice, case, outcome, now=now)
    graver = made or bool(places.again) or before != (case.round, case.level)
    new_places = bool(items) and _add_places(case, places, graver, notice, now)
    if _holds_uploads(case, outcome):
        banks.hold_uploads(case, notice, now=now)
    if fresh or graver:
        _enter(notice, case, made, outcome, now)
    if graver or nobody_spoke or new_places or own_notices.gave_hashes(notice):
        states.search_on(case.id, last=case.crowd)
    return outcome


@dataclass(frozen=True, slots=True)
class _Places:
    """What a notice names of one case. A removal may have left some of it alone: `again` is looked
    at once more, and the others are for nothing that people had not heard when they let them stand.
    """

    items: Sequence[Item]
    again: frozenset[UUID]

    @staticmethod
    def named(notice: Notice, case: Case, items: Sequence[Item]) -> "_Places":
        unseen, stood = states.left_alone(case, [one.id for one in items])
        if stood and claims.brings_new_fact(notice, case):
            unseen, stood = unseen | stood, set()
        asked = [one for one in items if one.id not in stood]
        return _Places(asked, frozenset(unseen))


def _add_places(case: Case, places: _Places, graver: bool, notice: Notice, now: datetime) -> bool:
    """Restrict the named places; True when the case did not know all of them yet."""
    ids = [one.id for one in places.items]
    known = Copy.objects.filter(case=case, item_id__in=ids).count()
    named = Copy.How.NAMED
    copies = [CopyIn(item_id=one.id, how=named, views_then=one.views) for one in places.items]
    cases.add_copies(case, copies, now=now)
    cases.ask_again(case, list(places.again), now=now)
    states.apply(case, items=ids, told_by=None if graver else notice.id, now=now)
    return known < len(set(ids))


def _judge(notice: Notice, case: Case, fresh: bool, now: datetime) -> Triage:
    """Weigh the claim. A decided case opens again for what people had not heard when they decided:
    another notice, or more of the same one. So does one that waits for a second person.
    """
    claim = claims.about_case(notice, case, now=now)
    if case.state == Case.State.DECIDED:
        if fresh or claim.brings_new_fact:
            cases.new_round(case, now=now)
        elif claims.said_since_decided(notice, case):
            rounds.open_again(case, notice, now=now)
    if case.state == Case.State.PROPOSED and fresh:
        decisions.set_aside(case)
    if case.state == Case.State.DECIDED:
        return triage(claim)  # taken up again; nothing is asked of what people let stand
    outcome = triage(claim)
    crowd = claim.source_over_bound and not confirmed(claim)
    cases.weigh(case, claim, outcome, crowd=crowd and not sources.says_more(notice, now=now))
    return outcome


def _hurry(notice: Notice, now: datetime) -> None:
    """A source is over its bound: what it had hidden until then is looked at within the hour."""
    for case in sources.hidden_by_its_source(notice, now=now):
        cause = f"flood:{case.id}:{case.round}"
        with transaction.atomic():
            deadlines.set_clocks(case, [rules.flood_review(cause=cause, at=now)], now=now)


def _holds_uploads(case: Case, outcome: Triage) -> bool:
    """Not for what people have decided, nor for a claim that adds nothing to what they knew."""
    passed = {"let-stand-before", "rolled-back"} & set(outcome.because)
    settled = case.state == Case.State.DECIDED or bool(passed)
    return about_a_body(Category(case.category)) and not settled


def _take_clocks_in(notice: Notice, case: Case) -> None:
    """The notice's clocks show at its first case; they keep belonging to the notice."""
    deadlines.attach(f"notice:{notice.id}", case.id)


def _enter(notice: Notice, case: Case, made: bool, outcome: Triage, now: datetime) -> None:
    event = "case.opened" if made else "case.joined"
    ledger.enter(
        event,
        subject=f"case:{case.id}",
        body={"notice": str(notice.id), "round": case.round},
        at=now,
    )
    ledger.enter(
        "triage.made",
        subject=f"case:{case.id}",
        body={
            "notice": str(notice.id),
            "visibility": outcome.visibility.value,
            "because": list(outcome.because),
            "rung": int(outcome.rung),
        },
        at=now,
    )
