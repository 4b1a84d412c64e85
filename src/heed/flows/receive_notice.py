"""Someone tells us about something.

1. Keep the notice as it was said, its ledger entry, its clocks and the job that protects, alone.
2. Try to protect at once; if that fails, the job takes it up again. Who sends very many at this
   moment waits for that job, so that others do not.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.cases.models import Notice
from heed.cases.services import deadlines, notices, peer_reports
from heed.cases.services.notices import Kept, Place
from heed.flows import jobs
from heed.flows.failpoints import reached
from heed.flows.protect_target import protect_at_once
from heed.flows.shared import clocks, news, sources
from heed.ledger import receipts
from heed.ledger import services as ledger
from heed.ledger.keys import CannotSign
from heed.media.models import Platform
from heed.people import services as people
from heed.ports import Reported
from heed.rules import misuse
from heed.rules.claims import AgeThen, Category, Standing
from heed.rules.clocks import Done, Event

logger = logging.getLogger(__name__)
PROTECT_AGAIN_IN = timedelta(seconds=5)  # the request itself tries first
_NOT_KEPT = ("places", "email", "may_write")  # they have tables of their own
MOST_PLACES = 100  # in one notice; more come as a second notice, so that one answer stays readable


class NothingNamed(Exception):
    """A notice must name a place, a hash, a threat, or what is remembered of the place."""


class SaidBefore(Exception):
    """This source has said exactly this several times, and it is being dealt with.

    Nothing was kept. Let whoever is somebody else add a word of their own.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeIn:
    """A notice as the doors hand it over: checked for form, never for truth."""

    places: tuple[Place, ...]
    category: Category
    standing: Standing = Standing.OTHER
    age_then: AgeThen = AgeThen.UNSURE
    stated_age: int | None = None
    danger_now: bool = False
    time_given: str = ""
    threatened_only: bool = False
    words: str = ""
    police_reference: str = ""
    police_agency: str = ""
    other_app: str = ""
    their_account: str = ""
    remembered: Mapping[str, str] = field(default_factory=dict)
    good_faith: bool = False
    not_consensual: bool = False
    acting_for: bool = False
    signature: str = ""
    email: str = ""
    may_write: bool = True
    country: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """What became of one place, for the notifier."""

    url: str
    state: str
    visibility: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What the notifier is told at once. The secrets are given here, and never again."""

    notice_id: UUID
    number: str
    link_secret: str
    recovery_code: str
    private_url: str
    receipt: Mapping[str, Any]
    contact_code: str  # to be mailed; empty without an address
    targets: tuple[TargetState, ...]


def receive_notice(
    *,
    platform_id: UUID,
    notice: NoticeIn,
    door: str,
    verbatim: Mapping[str, Any],
    source: str = "",
    key_prefix: str = "",
    verified_channel: bool = False,
    once_more: bool = True,
    partner_id: UUID | None = None,
    reported: Reported | None = None,
    now: datetime,
) -> Received:
    """Take in one notice and protect first. `source` is kept as a blind hash only.

    `reported`: what somebody reported at a platform that has reports of its own; one report is one
    notice. Raises `NothingNamed`, unless `once_more` also `SaidBefore`, and with `reported`
    `peer_reports.TakenBefore`. Whatever else goes wrong after step 1, the notice is kept.
    """
    if not (notice.places or notice.threatened_only or notice.remembered):
        raise NothingNamed("name at least one link, or say what you were threatened with")
    platform = Platform.objects.get(id=platform_id)
    facts = _facts(platform, notice, door, source, verified_channel)
    facts |= {"partner_id": partner_id, "key_prefix": key_prefix}
    facts["sending"] = str(verbatim.get("form", ""))[:64] if door == "form" else ""
    if not once_more:
        _refuse_repeats(facts, now)
    waits = _waits(notice, facts, now)
    with transaction.atomic():
        kept = notices.keep(
            platform=platform, door=door, verbatim=verbatim, places=notice.places, facts=facts,
            now=now,
        )  # fmt: skip
        if reported is not None:
            _take_over(kept.notice, reported, now)
        code = _keep_contact(kept.notice, notice, now)
        receipt = _promise(kept, verbatim, now)
        _start_clocks(kept.notice, confirmed_later=bool(code and notice.may_write), now=now)
        jobs.later(
            "protect",
            once=f"protect:{kept.notice.id}",
            at=now if waits else now + PROTECT_AGAIN_IN,
            last=waits,
            notice_id=str(kept.notice.id),
        )
    reached("notice-kept")
    if not waits:
        protect_at_once(notice_id=kept.notice.id, now=now)
    return Received(
        notice_id=kept.notice.id,
        number=kept.notice.number,
        link_secret=kept.link_secret,
        recovery_code=kept.recovery_code,
        private_url=f"{settings.PUBLIC_URL}/n/{kept.notice.number}?k={kept.link_secret}",
        receipt=receipt,
        contact_code=code,
        targets=target_states(kept.notice),
    )


def _start_clocks(notice: Notice, *, confirmed_later: bool, now: datetime) -> None:
    """Those of a notice; what the answer to this very request does is done."""
    due = clocks.of_notice(notice, event=Event.NOTICE_RECEIVED, at=now)
    did = [Done.NUMBER_ISSUED, Done.RECEIPT_SENT]
    if not confirmed_later:  # they chose the page with the number, nothing else
        did.append(Done.CONFIRMATION_SENT)
    deadlines.set_clocks(None, due, did=did, now=now)


def _take_over(notice: Notice, reported: Reported, now: datetime) -> None:
    peer_reports.keep(notice, reported, now=now)
    body = {"report": reported.ref}
    ledger.enter("peer_report.taken", subject=f"notice:{notice.id}", body=body, at=now)


def _refuse_repeats(facts: Mapping[str, Any], now: datetime) -> None:
    if facts["source_index"] is None:
        return
    often = sources.said_before(facts["source_index"], facts["alike_index"], now=now)
    if often >= misuse.ALIKE_AT_MOST:
        raise SaidBefore("the same has been said from here before, and is dealt with")


def _waits(notice: NoticeIn, facts: Mapping[str, Any], now: datetime) -> bool:
    """Part of a flood, with nothing of its own: it is kept now, and protected after the others."""
    if not sources.crowding(facts["source_index"], now=now):
        return False
    own = notice.email or notice.police_reference
    return not own and not sources.own_words(facts["words_index"], now=now)


def _facts(
    platform: Platform, notice: NoticeIn, door: str, source: str, verified_channel: bool
) -> dict[str, Any]:
    """Fields of the notice, with the blind marks by which floods are told from people."""
    facts = {name: value for name, value in asdict(notice).items() if name not in _NOT_KEPT}
    return {
        **facts,
        "source_index": people.blind_index(source) if source else None,
        # A platform's own form may send the same words for everybody; people who write here do not.
        "words_index": sources.words_index(notice.words) if door == "form" else None,
        "alike_index": sources.alike_index_of(platform.id, notice),
        "verified_channel": verified_channel,
    }


def _keep_contact(kept: Notice, notice: NoticeIn, now: datetime) -> str:
    if not notice.may_write:
        people.keep_silence(kept.id)
        return ""
    if not notice.email:
        return ""
    code = people.keep_contact(kept.id, notice.email, may_write=True, now=now)
    news.confirm(kept.id)
    return code


def _promise(kept: Kept, verbatim: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The ledger entry of the notice, and the signed promise that it will be in the log."""
    notice = kept.notice
    salt = secrets.token_bytes(16)
    commitment = receipts.commit_to(verbatim, salt)
    entry_id = ledger.enter(
        "notice.received",
        subject=f"notice:{notice.id}",
        body={"commitment": commitment.hex()},
        at=now,
    )
    receipt = _signed(notice, commitment, salt, entry_id, now)
    notices.keep_receipt(notice, receipt, entry_id)
    return receipt


def _signed(
    notice: Notice, commitment: bytes, salt: bytes, entry_id: UUID, now: datetime
) -> dict[str, Any]:
    """Empty where there is no fit key: being heard never waits for a signature."""
    try:
        return receipts.promise(
            number=notice.number,
            platform=notice.platform.slug,
            commitment=commitment,
            salt=salt,
            entry_id=entry_id,
            received_at=now,
        )
    except CannotSign:
        logger.exception("no receipt could be signed", extra={"notice": str(notice.id)})
        return {}


def target_states(notice: Notice) -> tuple[TargetState, ...]:
    """What became of each place that a notice names."""
    return tuple(
        TargetState(
            url=target.url,
            state=target.state,
            visibility=target.item.desired if target.item else "",
        )
        for target in notice.targets.select_related("item").order_by("position")
    )
