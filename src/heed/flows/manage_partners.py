"""Trusted flaggers, schools and hotlines: invited, heard sooner in their field, held to it.

1. A person invites. 2. The partner accepts, and makes keys for its programs.
3. A person warns where it is too often wrong; may pause its priority when that was not mended, for
   a month; and restores it. Its notices are taken all the while, as anybody's.
4. The partner asks for another look; somebody who has not warned or paused it answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from heed.ledger import services as ledger
from heed.people import partners
from heed.people.partner_models import Partner, PartnerNote
from heed.rules.claims import Category
from heed.rules.partners import PAUSED_FOR, NotWarned, may_pause

_GIVERS = (PartnerNote.What.WARNED, PartnerNote.What.PAUSED)


class WrongMoment(Exception):
    """The partner's state does not allow this now. The message says what it is."""


class NotByYou(Exception):
    """Who warned or paused a partner does not answer its appeal. Ask somebody else."""


class WordsMissing(Exception):
    """A warning, a pause, an appeal and an answer each need their reasons in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """The link to hand to the partner. It is shown here, and never again."""

    partner_id: UUID
    link: str


def invite(
    *,
    platform_id: UUID,
    name: str,
    kind: str,
    fields: Sequence[Category],
    by: UUID | None,
    now: datetime,
) -> Invited:
    """Invite a partner; nothing changes for anybody until it accepts."""
    with transaction.atomic():
        partner, link = partners.invite(
            platform_id=platform_id, name=name, kind=kind, fields=fields, now=now
        )
        _enter("partner.invited", partner, {"by": str(by), "kind": kind}, now)
    return Invited(partner_id=partner.id, link=_address(partner, link))


def accept(*, partner_id: UUID, secret: str, now: datetime) -> str:
    """Take the invitation: the secret of the partner's own page. Raises `WrongMoment`."""
    partner = _opened(partner_id, secret)
    with transaction.atomic():
        link = partners.accept(partner, now=now)
        if link is None:
            raise WrongMoment("this invitation was taken before")
        _enter("partner.accepted", partner, {}, now)
    return link


def renew_link(*, partner_id: UUID, secret: str) -> str:
    """A new secret for the partner's page; whoever has the old one is shut out."""
    return partners.renew_link(_opened(partner_id, secret))


def make_key(
    *, partner_id: UUID, secret: str, name: str, scopes: Sequence[str], now: datetime
) -> str:
    """A key for a program, shown once. Raises `NoSuchPartnerScope`, `WrongMoment`."""
    partner = _opened(partner_id, secret)
    with transaction.atomic():
        key = partners.make_key(partner, name, scopes, now=now)
        _enter("key.added", partner, {"scopes": list(scopes)}, now)
    return key


def revoke_key(*, partner_id: UUID, secret: str, key_id: UUID, now: datetime) -> bool:
    """Take a key back; False when it was taken back before."""
    partner = _opened(partner_id, secret)
    with transaction.atomic():
        done = partners.revoke_key(partner, key_id, now=now)
        if done:
            _enter("key.withdrawn", partner, {}, now)
    return done


def warn(*, partner_id: UUID, reasons: str, by: UUID, now: datetime) -> None:
    """Tell a partner that it is too often wrong. Its priority stays."""
    _judge(partner_id, PartnerNote.What.WARNED, reasons, by, now)


def pause(*, partner_id: UUID, reasons: str, by: UUID, now: datetime) -> None:
    """Take its priority for a month. Raises `NotWarned`, `WrongMoment`."""
    partner = Partner.objects.get(id=partner_id)
    warned = partners.last(partner, PartnerNote.What.WARNED)
    if not may_pause(warned.at if warned else None, now=now):
        raise NotWarned("warn first, and leave a week to mend it; a warning counts for 90 days")
    with transaction.atomic():
        states = [Partner.State.ACTIVE.value]
        until = now + PAUSED_FOR
        if not partners.set_state(partner, was=states, state=Partner.State.PAUSED, until=until):
            raise WrongMoment("only an active partner can be paused")
        _judge(partner_id, PartnerNote.What.PAUSED, reasons, by, now)


def restore(*, partner_id: UUID, reasons: str, by: UUID, now: datetime) -> None:
    """Give its priority back. Raises `WrongMoment`."""
    partner = Partner.objects.get(id=partner_id)
    with transaction.atomic():
        states = [Partner.State.PAUSED.value]
        if not partners.set_state(partner, was=states, state=Partner.State.ACTIVE):
            raise WrongMoment("this partner is not paused")
        _judge(partner_id, PartnerNote.What.RESTORED, reasons, by, now)


def appeal(*, partner_id: UUID, secret: str, text: str, now: datetime) -> None:
    """The partner asks for another look at a warning or a pause. Raises `WrongMoment`."""
    partner = _opened(partner_id, secret)
    if not partner.notes.filter(what__in=_GIVERS).exists():
        raise WrongMoment("there is no warning and no pause to look at again")
    if partners.open_appeal(partner) is not None:
        raise WrongMoment("somebody is looking at it already")
    with transaction.atomic():
        partners.note(partner, PartnerNote.What.APPEALED, _words(text), by=None, now=now)
        _enter("partner.appealed", partner, {}, now)


def answer_appeal(*, partner_id: UUID, agrees: bool, reasons: str, by: UUID, now: datetime) -> None:
    """Answer it; to agree takes a pause off. Raises `WrongMoment`, `NotByYou`."""
    partner = Partner.objects.get(id=partner_id)
    if partners.open_appeal(partner) is None:
        raise WrongMoment("no appeal of this partner waits")
    if partner.notes.filter(what__in=_GIVERS, by=by).exists():
        raise NotByYou("somebody who has not warned or paused this partner must answer")
    with transaction.atomic():
        partners.note(partner, PartnerNote.What.ANSWERED, _words(reasons), by=by, now=now)
        paused = [Partner.State.PAUSED.value]
        if agrees:
            partners.set_state(partner, was=paused, state=Partner.State.ACTIVE)
        _enter("partner.answered", partner, {"agrees": agrees, "by": str(by)}, now)


def _judge(partner_id: UUID, what: PartnerNote.What, reasons: str, by: UUID, now: datetime) -> None:
    partner = Partner.objects.get(id=partner_id)
    with transaction.atomic():
        partners.note(partner, what, _words(reasons), by=by, now=now)
        _enter("partner.judged", partner, {"what": what.value, "by": str(by)}, now)


def _words(text: str) -> str:
    if not text.strip():
        raise WordsMissing("say why, in words that the other side can use")
    return text.strip()


def _opened(partner_id: UUID, secret: str) -> Partner:
    partner = partners.with_link(partner_id, secret)
    if partner is None:
        raise WrongMoment("this link does not open a partner's page")
    return partner


def _address(partner: Partner, link: str) -> str:
    return f"{settings.PUBLIC_URL}/partner/{partner.id}?k={link}"


def _enter(event: str, partner: Partner, body: dict[str, object], now: datetime) -> None:
    ledger.enter(event, subject=f"partner:{partner.id}", body=body, at=now)
