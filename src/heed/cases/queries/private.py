"""What a notifier may see of their own notice: their own words, what was done, what comes next.

The one who reads may be the extorter: no addresses of copies, nothing about other notices, and
what touches police or other authorities only for a confirmed depicted person or guardian.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q

from heed.cases.models import (
    Appeal,
    Case,
    Copy,
    Deadline,
    Join,
    Message,
    Notice,
    Restriction,
    Target,
)
from heed.cases.queries import exemptions
from heed.media.models import Item
from heed.people import queries as people
from heed.people.models import Contact
from heed.rules.claims import ADULT_AT, INTIMATE, TIME_UNSAID, AgeThen, Category, Standing
from heed.rules.clocks import Kind, Stop
from heed.rules.visibility import Visibility

POLICE = frozenset({"police_reference", "police_agency"})
_OUT_OF_SIGHT = (Visibility.HIDDEN.value, Visibility.REMOVED.value)
TOLD = (
    Stop.PERSON_LOOKED.value,
    Stop.REMOVED_AND_SEARCHED.value,
    Stop.OUTCOME_SENT.value,
    Stop.COMPLAINT_ANSWERED.value,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """For how long a place was restricted, as far as this notice's own cases asked for it."""

    level: str
    since_at: datetime  # never earlier than the notice
    until_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLine:
    """One place that this notice names, and how it is now."""

    url: str
    state: str  # Target.State
    visibility: str  # what it should be; empty where there is no item
    since_at: datetime | None  # restricted since then, never earlier than this notice
    acknowledged: bool  # the platform says that it has done it
    observed: str  # seen | gone | unverifiable | "" : what Heed itself saw afterwards
    observed_at: datetime | None
    held: tuple[Held, ...] = ()
    refused: str = ""  # not_found | unsupported: the platform answered that it has not done it


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Copies beside the named places: only how many, never where."""

    found: int
    hidden: int
    gone: int  # fetched again and seen to be gone
    in_doubt: int  # looks alike; a person compares first
    first_at: datetime | None  # when the first of them was found, never earlier than the notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Something this notifier is owed by a time."""

    what: str  # rules.clocks.Stop
    due_at: datetime
    citation: str
    late: bool
    held: bool  # stands still while the thing is hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealLine:
    """This notifier's own asking again."""

    state: str
    opened_at: datetime
    decided_at: datetime | None
    reasons: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """A message, either way."""

    ours: bool
    text: str
    at: datetime
    letter: str = ""  # its replies may stand beneath, while it is the last word


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivatePage:
    """All that the private page shows."""

    number: str
    platform: str
    received_at: datetime
    withdrawn: bool
    category: str
    standing: str
    age_then: str
    danger_now: bool
    time_given: str
    words: str
    words_forgotten_at: datetime | None  # what was written until then is gone
    threatened_only: bool
    police_reference: str  # empty unless this reader may see it
    targets: tuple[TargetLine, ...]
    copies: Copies
    hashes: int  # codes of pictures that its holder gave
    uploads_watched: bool  # signals of the file are held at the door of new uploads
    looking: str  # open | proposed | decided | ""
    promises: tuple[Promise, ...]
    appeals: tuple[AppealLine, ...]
    messages: tuple[MessageLine, ...]
    back_at: tuple[datetime, ...]  # when its holder told us that it was back
    contact: str  # none | waiting | confirmed | returned | silent
    wants_declaration: bool
    missing: tuple[str, ...]  # parts of an adult's request: consent, faith, acting, name, address
    shows_police: bool  # this reader may see what touches the police
    has_receipt: bool
    just_sent: bool  # the answer to the form, without what comes later

    @property
    def time_unsaid(self) -> bool:
        """A time was given, and we were not told which."""
        return self.time_given == TIME_UNSAID

    def promise(self, what: Stop) -> Promise | None:
        """The nearest of this kind that is still owed."""
        return next((one for one in self.promises if one.what == what), None)

    @property
    def looking_again(self) -> bool:
        """Another look was asked for, and nobody has answered yet."""
        return any(one.state == Appeal.State.OPEN for one in self.appeals)


# ------------------------------------------------------------------ the page


def private_page(notice: Notice, now: datetime, *, just_sent: bool = False) -> PrivatePage:
    """Everything its holder may see of this notice.

    `just_sent`: for the page that answers the form, without what comes later: promises, appeals,
    messages, and when it was back.
    """
    cases = _cases(notice)
    contact = people.contact_of(notice.id)
    shows_police = _sees_authorities(notice, contact)
    hashes = notice.targets.exclude(signals=None).count()
    settled = notice.words_forgotten_at is not None and _looking(cases, notice) in ("", "decided")
    wants = not settled and _wants_declaration(notice, contact)
    return PrivatePage(
        number=notice.number,
        platform=notice.platform.name,
        received_at=notice.received_at,
        withdrawn=notice.state == Notice.State.WITHDRAWN,
        category=notice.category,
        standing=notice.standing,
        age_then=notice.age_then,
        danger_now=notice.danger_now,
        time_given=notice.time_given,
        words=notice.words,
        words_forgotten_at=notice.words_forgotten_at,
        threatened_only=notice.threatened_only,
        police_reference=notice.police_reference if shows_police else "",
        targets=_targets(notice, cases),
        copies=_copies(notice, cases),
        uploads_watched=any(case.file_id for case in cases) or hashes > 0,
        hashes=hashes,
        looking=_looking(cases, notice),
        promises=() if just_sent else _promises(notice, now),
        appeals=() if just_sent else _appeals(notice),
        messages=() if just_sent else _messages(notice),
        back_at=() if just_sent else _back_at(notice),
        contact=_contact(contact),
        wants_declaration=wants,
        missing=_missing(notice, contact) if wants else (),
        shows_police=shows_police,
        has_receipt=notice.receipt is not None,
        just_sent=just_sent,
    )


def _cases(notice: Notice) -> list[Case]:
    joins = Join.objects.filter(notice=notice, undone_at=None).select_related("case")
    return [join.case for join in joins]


def may_see_authorities(notice: Notice) -> bool:
    """Whether police and other authorities may be spoken of: whoever reads may be the extorter."""
    return _sees_authorities(notice, people.contact_of(notice.id))


def _sees_authorities(notice: Notice, contact: Contact | None) -> bool:
    close = notice.standing in (Standing.DEPICTED, Standing.GUARDIAN)
    return close and contact is not None and contact.confirmed_at is not None


def as_said(notice: Notice) -> tuple[dict[str, Any], list[str]]:
    """The notice as it was sent, and the names of what is withheld from this reader."""
    said = dict(notice.verbatim)
    if may_see_authorities(notice):
        return said, []
    kept = without_police(said)
    return kept, sorted(said.keys() - kept.keys())


def without_police(said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, but for what touches the police."""
    return {name: value for name, value in said.items() if not (name in POLICE and value)}


def _targets(notice: Notice, cases: Sequence[Case]) -> tuple[TargetLine, ...]:
    rows = list(notice.targets.select_related("item").order_by("position"))
    held = _held(notice, [row.item_id for row in rows if row.item_id], cases)
    return tuple(_target(row, held) for row in rows if row.url)


def _target(target: Target, held: Mapping[UUID, tuple[Held, ...]]) -> TargetLine:
    item = target.item
    if item is None:
        return TargetLine(
            url=target.url, state=target.state, visibility="", since_at=None,
            acknowledged=False, observed="", observed_at=None,
        )  # fmt: skip
    mine = held.get(item.id, ())
    seen_now = item.observed_revision == item.revision and item.revision > 0
    answered = item.acknowledged_revision >= item.revision
    return TargetLine(
        url=target.url,
        state=target.state,
        visibility=item.desired,
        since_at=min((one.since_at for one in mine if one.until_at is None), default=None),
        acknowledged=answered and item.answer == "applied",
        refused=item.answer if answered and item.answer != "applied" else "",
        observed=item.observed if seen_now else "",
        observed_at=item.observed_at if seen_now else None,
        held=mine,
    )


def _held(
    notice: Notice, item_ids: Sequence[UUID], cases: Sequence[Case]
) -> dict[UUID, tuple[Held, ...]]:
    """What was over before this notice came is another's story."""
    rows = Restriction.objects.filter(item_id__in=item_ids, case__in=cases)
    since_then = rows.exclude(lifted_at__lt=notice.received_at).order_by("since_at")
    found: dict[UUID, tuple[Held, ...]] = {}
    for row in since_then:
        since = max(row.since_at, notice.received_at)
        one = Held(level=row.level, since_at=since, until_at=row.lifted_at)
        found[row.item_id] = (*found.get(row.item_id, ()), one)
    return found


def _copies(notice: Notice, cases: Sequence[Case]) -> Copies:
    """Items are counted once, however many of the notice's cases carry them."""
    named = notice.targets.filter(item__isnull=False).values("item_id")
    kept = Copy.objects.filter(case__in=cases).exclude(same=False).exclude(item_id__in=named)
    if not kept.exists():  # nearly always, on the page that answers the form
        return Copies(found=0, hidden=0, gone=0, in_doubt=0, first_at=None)
    sure = kept.exclude(how=Copy.How.NEAR, same=None, item__desired=Visibility.VISIBLE)
    hidden = Q(desired__in=_OUT_OF_SIGHT)
    gone = hidden & Q(observed="gone", observed_revision=F("revision"))
    counted = Item.objects.filter(id__in=sure.values("item_id")).aggregate(
        found=Count("id"), hidden=Count("id", filter=hidden), gone=Count("id", filter=gone)
    )
    doubtful = kept.exclude(item_id__in=sure.values("item_id"))
    first_at = sure.aggregate(at=Min("found_at"))["at"]
    return Copies(
        **counted,
        in_doubt=doubtful.values("item_id").distinct().count(),
        first_at=max(first_at, notice.received_at) if first_at else None,
    )


def _looking(cases: Sequence[Case], notice: Notice) -> str:
    """The least finished of its cases says where it stands. Of a place that may yet stay a second
    person has still to say so.
    """
    states = {case.state for case in cases}
    decided = [case.id for case in cases if case.state == Case.State.DECIDED]
    mine = exemptions.waiting(decided).filter(appeal=None, items__targets__notice=notice)
    if decided and mine.exists():  # nobody is told here that an uploader has asked
        states.add(Case.State.PROPOSED)
    for state in (Case.State.OPEN, Case.State.PROPOSED, Case.State.DECIDED):
        if state in states:
            return str(state.value)
    return ""


def _promises(notice: Notice, now: datetime) -> tuple[Promise, ...]:
    """The nearest of each kind."""
    rows = Deadline.objects.filter(clocks_of(notice), met_at=None, stops__in=TOLD).exclude(
        kind=Kind.FLOOR.value
    )
    nearest: dict[str, Promise] = {}
    for row in rows.order_by("due_at"):
        nearest.setdefault(
            row.stops,
            Promise(
                what=row.stops,
                due_at=row.due_at,
                citation=row.citation,
                late=row.breached_at is not None or (row.due_at < now and row.held_at is None),
                held=row.held_at is not None and row.breached_at is None,
            ),
        )
    return tuple(sorted(nearest.values(), key=lambda one: one.due_at))


def clocks_of(notice: Notice) -> Q:
    """The clocks of this notice only, so that none tells of another one."""
    mine = Q(cause=f"notice:{notice.id}") | Q(cause__startswith=f"notice:{notice.id}/")
    appeals = Appeal.objects.filter(notice=notice).values_list("id", flat=True)
    asked = [f"appeal:{appeal_id}" for appeal_id in appeals]
    return mine | Q(cause__startswith=f"back:{notice.id}:") | Q(cause__in=asked)


def _appeals(notice: Notice) -> tuple[AppealLine, ...]:
    """One asking opens an appeal in each of the cases; it is told once for each outcome."""
    seen: dict[tuple[Any, ...], AppealLine] = {}
    for row in Appeal.objects.filter(notice=notice).order_by("opened_at"):
        key = (row.opened_at, row.state, row.reasons)
        seen.setdefault(
            key,
            AppealLine(
                state=row.state, opened_at=row.opened_at, decided_at=row.decided_at,
                reasons=row.reasons,
            ),
        )  # fmt: skip
    return tuple(seen.values())


def _messages(notice: Notice) -> tuple[MessageLine, ...]:
    rows = Message.objects.filter(notice=notice).order_by("at")
    return tuple(
        MessageLine(ours=row.from_staff is not None, text=row.text, at=row.at, letter=row.letter)
        for row in rows
    )


def _back_at(notice: Notice) -> tuple[datetime, ...]:
    told = Deadline.objects.filter(cause__startswith=f"back:{notice.id}:")
    return tuple(told.order_by("set_at").values_list("set_at", flat=True).distinct())


def _contact(contact: Contact | None) -> str:
    if contact is None:
        return "none"
    if not contact.may_write:
        return "silent"
    if contact.returned_at:
        return "returned"
    return "confirmed" if contact.confirmed_at else "waiting"


def _wants_declaration(notice: Notice, contact: Contact | None) -> bool:
    """An adult's request that is not yet complete: it is only limited until it is."""
    young = notice.stated_age is not None and notice.stated_age < ADULT_AT
    adult = Category(notice.category) in INTIMATE and notice.age_then == AgeThen.ADULT and not young
    return adult and bool(_missing(notice, contact))


def _missing(notice: Notice, contact: Contact | None) -> tuple[str, ...]:
    """What is still asked for, in the order of the form."""
    reachable = contact is not None and contact.confirmed_at is not None
    parts = {
        "consent": notice.not_consensual,
        "faith": notice.good_faith,
        "acting": notice.standing == Standing.DEPICTED or notice.acting_for,
        "name": bool(notice.signature),
        "address": reachable and contact is not None and contact.may_write,
    }
    return tuple(name for name, given in parts.items() if not given)
