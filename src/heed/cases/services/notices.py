"""Keeping what people tell us, exactly as they said it."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from heed.cases.models import Message, Notice, Supplement, Target
from heed.ids import number, secret
from heed.media.models import Platform

# 240 short, common, unmistakable words. Four are under 32 bits: asked for together with the number.
_WORDS = (
    "able acid acorn actor adult agent alarm album alley amber angel ankle apple april arena arrow "
    "asset atlas autumn award bacon badge baker bamboo banjo barrel basil basket beach beard "
    "beaver bell belt bench berry birch bird bishop blanket blossom board boat bonus book border "
    "bottle bowl branch brass bread breeze brick bridge broom bucket bugle butter button cabin "
    "cable cactus camel camera candle canoe canvas carbon carpet carrot castle cattle cedar "
    "cellar cement chalk chapel cheese cherry chess circle circus citrus clay cliff clock cloud "
    "clover coast cobalt coffee comet copper coral corner cotton cousin crane crayon cricket "
    "crown crystal curtain daisy dancer delta desert diamond diary dinner doctor dolphin donkey "
    "door dragon drawer drum eagle earth echo elbow elder ember engine fabric falcon farmer "
    "feather fence ferry fiddle finger flag flame flute forest fossil fountain fox frost fruit "
    "galaxy garden garlic ginger giraffe glacier glass globe goose grain granite grape grass "
    "guitar hammer harbor harp hazel helmet hill honey horizon horse hotel igloo island ivory "
    "jacket jaguar jelly jewel jungle kettle king kitchen kite ladder lagoon lake lamp lantern "
    "laurel lemon leopard letter lilac lily lion lizard lobster locket lotus magnet mango maple "
    "marble market meadow melon meteor mirror mitten monkey moon mosaic mountain museum napkin "
    "nectar needle nickel night north nutmeg oasis ocean olive onion opal orange orchard otter "
    "oxygen paddle palace panda paper parrot peach pearl pebble pencil pepper piano pillow pilot "
    "pine planet plum pocket"
).split()


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
    """Write the notice and its targets down. `facts` are fields of `Notice`, checked by the door."""
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
    Target.objects.filter(id=target.id).update(state=state, item_id=item_id, file_id=file_id)
    target.refresh_from_db()


def protected(notice: Notice, *, now: datetime) -> bool:
    """The protect step ran to its end; True the first time."""
    return bool(
        Notice.objects.filter(id=notice.id, state=Notice.State.RECEIVED).update(
            state=Notice.State.PROTECTED, protected_at=now
        )
    )


def supplement(
    notice: Notice, said: Mapping[str, Any], facts: Mapping[str, Any], *, now: datetime
) -> None:
    """Later words: kept verbatim beside the notice; what they add is taken into its facts.

    The notice's own `verbatim` is never touched.
    """
    Supplement.objects.create(notice=notice, said=dict(said), at=now)
    Notice.objects.filter(id=notice.id).update(**facts)
    notice.refresh_from_db()


def withdraw(notice: Notice) -> bool:
    """The notifier takes it back (perhaps under pressure): nothing is restored by that."""
    return bool(
        Notice.objects.filter(id=notice.id)
        .exclude(state=Notice.State.WITHDRAWN)
        .update(state=Notice.State.WITHDRAWN)
    )


def renew_link(notice: Notice) -> str:
    """A new private link; the old one leads nowhere from now on."""
    link = secret()
    Notice.objects.filter(id=notice.id).update(link_hash=digest(link))
    return link


def write_message(
    notice: Notice, text: str, *, from_staff: UUID | None, now: datetime
) -> Message:
    """A message on the private page."""
    return Message.objects.create(notice=notice, text=text, from_staff=from_staff, at=now)
