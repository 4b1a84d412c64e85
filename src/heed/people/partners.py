"""Writing and reading partners, their keys, and what passed between them and us."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from heed.ids import secret
from heed.people.partner_models import Partner, PartnerKey, PartnerNote
from heed.rules.claims import Category, Standing

KEY_FOR = timedelta(days=365)
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
STANDING = {
    Partner.Kind.FLAGGER.value: Standing.TRUSTED_FLAGGER,
    Partner.Kind.HOTLINE.value: Standing.TRUSTED_FLAGGER,
    Partner.Kind.SCHOOL.value: Standing.SCHOOL,
}


class PartnerScope(StrEnum):
    """What a partner's key may be used for."""

    NOTICES = "notices"
    READ = "read"


class NoSuchPartnerScope(Exception):
    """A key was asked for something that no partner's key can do. The message lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCaller:
    """Whose key it is, and what it may do."""

    partner: Partner
    scopes: frozenset[str]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def invite(
    *, platform_id: UUID, name: str, kind: str, fields: Sequence[Category], now: datetime
) -> tuple[Partner, str]:
    """A new partner, and the secret of the link that invites it."""
    link = secret()
    partner = Partner.objects.create(
        platform_id=platform_id,
        name=name,
        kind=kind,
        fields=sorted({one.value for one in fields}),
        link_hash=_digest(link),
        invited_at=now,
    )
    return partner, link


def accept(partner: Partner, *, now: datetime) -> str | None:
    """The partner takes the invitation; a fresh link for its page, None when it was taken before.

    The link of the invitation leads nowhere from then on: it may lie in somebody's mailbox.
    """
    link = secret()
    taken = Partner.objects.filter(id=partner.id, state=Partner.State.INVITED).update(
        state=Partner.State.ACTIVE, accepted_at=now, link_hash=_digest(link)
    )
    return link if taken else None


def with_link(partner_id: UUID, link: str) -> Partner | None:
    """The partner whose page this secret opens. None never says what was wrong."""
    found = Partner.objects.filter(id=partner_id).first()
    expected = _digest("") if found is None else bytes(found.link_hash)
    return found if hmac.compare_digest(_digest(link), expected) and link else None


def renew_link(partner: Partner) -> str:
    """A new link to the partner's page; the old one leads nowhere."""
    link = secret()
    Partner.objects.filter(id=partner.id).update(link_hash=_digest(link))
    return link


def make_key(partner: Partner, name: str, scopes: Sequence[str], *, now: datetime) -> str:
    """A new key for a year, returned in the clear this once. Raises `NoSuchPartnerScope`."""
    unknown = sorted(set(scopes) - set(PartnerScope))
    if unknown or not scopes:
        raise NoSuchPartnerScope(f"choose from {', '.join(PartnerScope)}")
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    value = secrets.token_urlsafe(32)
    PartnerKey.objects.create(
        partner=partner,
        name=name,
        prefix=prefix,
        secret_hash=_digest(value),
        scopes=sorted(set(scopes)),
        made_at=now,
        expires_at=now + KEY_FOR,
    )
    return f"heedp_{prefix}_{value}"


def revoke_key(partner: Partner, key_id: UUID, *, now: datetime) -> bool:
    """Take a key back. False when there is none of this partner that still works."""
    keys = PartnerKey.objects.filter(id=key_id, partner=partner, revoked_at=None)
    return bool(keys.update(revoked_at=now))


def caller_with(token: str, *, now: datetime) -> PartnerCaller | None:
    """Whose key this is; None for one that is wrong, expired or revoked, never saying which."""
    scheme, _, rest = token.partition("_")
    prefix, _, value = rest.partition("_")
    if not token.isascii() or not token.isprintable():
        return None
    key = PartnerKey.objects.select_related("partner").filter(prefix=prefix).first()
    expected = _digest("") if key is None else bytes(key.secret_hash)
    fits = hmac.compare_digest(_digest(value), expected) and bool(value) and scheme == "heedp"
    if key is None or not fits or key.revoked_at is not None or key.expires_at <= now:
        return None
    return PartnerCaller(partner=key.partner, scopes=frozenset(key.scopes))


def has_priority(partner: Partner, category: Category, *, now: datetime) -> bool:
    """Whether its word counts as a known partner's, in this field and at this time."""
    pausing = partner.state == Partner.State.PAUSED
    over = pausing and partner.paused_until is not None and partner.paused_until <= now
    return (partner.state == Partner.State.ACTIVE or over) and category.value in partner.fields


def note(
    partner: Partner, what: PartnerNote.What, text: str, *, by: UUID | None, now: datetime
) -> PartnerNote:
    """Write down a turn."""
    return PartnerNote.objects.create(partner=partner, what=what, text=text, by=by, at=now)


def set_state(
    partner: Partner, *, was: Sequence[str], state: str, until: datetime | None = None
) -> bool:
    """False when somebody else changed it in the meantime."""
    rows = Partner.objects.filter(id=partner.id, state__in=was)
    return bool(rows.update(state=state, paused_until=until))


def open_appeal(partner: Partner) -> PartnerNote | None:
    """The appeal that waits for an answer, if one does."""
    return waits_for_answer(turns([partner]).get(partner.id, []))


def turns(of: Sequence[Partner]) -> dict[UUID, list[PartnerNote]]:
    """What was said to and by each of these, the newest first."""
    found: dict[UUID, list[PartnerNote]] = {}
    for one in PartnerNote.objects.filter(partner__in=of).order_by("-at"):
        found.setdefault(one.partner_id, []).append(one)
    return found


def waits_for_answer(newest_first: Sequence[PartnerNote]) -> PartnerNote | None:
    """The appeal among these turns that nobody has answered."""
    both = (PartnerNote.What.APPEALED, PartnerNote.What.ANSWERED)
    last = next((one for one in newest_first if one.what in both), None)
    return last if last is not None and last.what == PartnerNote.What.APPEALED else None


def last(partner: Partner, what: PartnerNote.What) -> PartnerNote | None:
    """The latest turn of this kind."""
    return partner.notes.filter(what=what).order_by("-at").first()
