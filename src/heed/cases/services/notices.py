"""Keeping what people tell us, exactly as they said it."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Value, When

from heed.cases.models import Message, Notice, Supplement, Target, Translation
from heed.ids import number, secret
from heed.media.models import Platform

PRESSED_TWICE = timedelta(minutes=10)  # the same words so soon: a slow page, and no script to wait
# 240 short, common words. Four are under 32 bits: they are asked for together with the number.
_WORDS = Path(__file__).with_name("recovery_words.txt").read_text().split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a notice points at: an address, or the signals of a file without one."""

    url: str = ""
    signals: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A notice as it was just written down, with the two secrets that only its holder gets."""

    notice: Notice
    link_secret: str
    recovery_code: str


def digest(text: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(text.encode()).digest()


def recovery_code() -> str:
    """Four words that can be said over the phone."""
    return "-".join(secrets.choice(_WORDS) for _ in range(4))


def keep(
    *,
    platform: Platform,
    door: str,
    verbatim: Mapping[str, Any],
    places: Sequence[Place],
    facts: Mapping[str, Any],
    now: datetime,
) -> Kept:
    """Write the notice and its targets down. `facts` are fields of `Notice`."""
    link, code = secret(), recovery_code()
    notice = Notice.objects.create(
        number=number("H"),
        platform=platform,
        received_at=now,
        door=door,
        verbatim=dict(verbatim),
        link_hash=digest(link),
        recovery_hash=digest(code),
        **facts,
    )
    Target.objects.bulk_create(
        Target(
            notice=notice,
            position=position,
            url=place.url,
            signals=dict(place.signals) if place.signals else None,
        )
        for position, place in enumerate(places)
    )
    return Kept(notice=notice, link_secret=link, recovery_code=code)


def keep_receipt(notice: Notice, receipt: Mapping[str, Any], entry_id: UUID) -> None:
    """The signed promise, kept so that the private page can give it again."""
    notice.receipt, notice.entry_id = dict(receipt), entry_id
    notice.save(update_fields=["receipt", "entry_id"])


def settle_target(target: Target, *, state: str, item_id: UUID | None = None,
                  file_id: UUID | None = None) -> None:  # fmt: skip
    """What became of the place named."""
    target.state, target.item_id, target.file_id = state, item_id, file_id
    target.save(update_fields=["state", "item", "file"])


def protected(notice: Notice, *, now: datetime) -> bool:
    """The protect step ran to its end; True the first time. What was withdrawn stays so."""
    came = When(state=Notice.State.RECEIVED, then=Value(Notice.State.PROTECTED.value))
    state = Case(came, default=F("state"))
    undone = Notice.objects.filter(id=notice.id, protected_at=None)
    return bool(undone.update(state=state, protected_at=now))


def protect_again(notice: Notice) -> None:
    """More was said: the protect step has to run to its end once more, also if its job is lost."""
    Notice.objects.filter(id=notice.id).update(protected_at=None)


def supplement(
    notice: Notice, said: Mapping[str, Any], facts: Mapping[str, Any], *, now: datetime
) -> None:
    """Later words: kept verbatim beside the notice; what they add is taken into its facts.

    The notice's own `verbatim` is never touched.
    """
    Supplement.objects.create(notice=notice, said=dict(said), at=now)
    Notice.objects.filter(id=notice.id).update(**facts)
    protect_again(notice)
    notice.refresh_from_db()


def posted_now(notice: Notice, *, now: datetime) -> bool:
    """What was only threatened was posted, as its notifier says now; where may not be known yet.

    False when it was said before, or never was a threat alone.
    """
    known = notice.remembered or {"when": f"{now:%Y-%m-%d %H:%M} UTC"}
    threats = Notice.objects.filter(id=notice.id, threatened_only=True)
    return bool(threats.update(threatened_only=False, remembered=known))


def withdraw(notice: Notice) -> bool:
    """The notifier takes it back (perhaps under pressure): nothing is restored by that."""
    return bool(
        Notice.objects.filter(id=notice.id)
        .exclude(state=Notice.State.WITHDRAWN)
        .update(state=Notice.State.WITHDRAWN)
    )


def renew_secrets(notice: Notice) -> tuple[str, str]:
    """A new private link and new words, for whoever may not have seen the first ones."""
    link, code = secret(), recovery_code()
    hashes = {"link_hash": digest(link), "recovery_hash": digest(code)}
    Notice.objects.filter(id=notice.id).update(**hashes)
    return link, code


def renew_link(notice: Notice) -> str:
    """A new private link; the old one leads nowhere from now on."""
    link = secret()
    Notice.objects.filter(id=notice.id).update(link_hash=digest(link))
    return link


def write_message(
    notice: Notice, text: str, *, from_staff: UUID | None, letter: str = "", now: datetime
) -> bool:
    """A message on the private page. `letter` says whose replies may stand beneath it.

    False: it stands there as the last word, written minutes ago. Who presses twice says it once.
    """
    last = _last_word(notice)
    said = (text, from_staff, letter)
    if last and (last.text, last.from_staff, last.letter) == said and last.at > now - PRESSED_TWICE:
        return False
    Message.objects.create(notice=notice, text=text, from_staff=from_staff, letter=letter, at=now)
    return True


def _last_word(notice: Notice) -> Message | None:
    """Who writes at the same moment waits until we have written."""
    Notice.objects.select_for_update().get(id=notice.id)
    return notice.messages.order_by("-at", "-id").first()


def translate(
    notice: Notice, *, from_language: str, text: str, by: UUID, now: datetime
) -> Translation:
    """Keep a translation beside the notice's own words."""
    return Translation.objects.create(
        notice=notice, from_language=from_language, text=text, made_by=by, made_at=now
    )


def add_places(notice: Notice, places: Sequence[Place]) -> None:
    """Places that were named later. One that the notice names already is not added again."""
    rows = list(notice.targets.values_list("url", "signals"))
    known = [(url, signals or None) for url, signals in rows]
    asked = [(place.url, dict(place.signals) if place.signals else None) for place in places]
    new = [one for n, one in enumerate(asked) if one not in known and one not in asked[:n]]
    Target.objects.bulk_create(
        Target(notice=notice, position=len(rows) + number_, url=url, signals=signals)
        for number_, (url, signals) in enumerate(new)
    )
    if new:
        protect_again(notice)


def speak(notice_id: UUID, language: str) -> None:
    """Write to whoever gave this notice in that language from now on."""
    Notice.objects.filter(id=notice_id).exclude(language=language).update(language=language)
