"""Abuse is told by a host or a hotline in XARF, and told on to one.

1. What comes in is a notice like any other: unverified, kept as it was said, without its media.
2. What goes out is one message for each address of a decided case about a child: no media, nobody's
   name, no number of a CyberTip.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from heed.cases.models import Case, Copy
from heed.cases.services.notices import Place
from heed.flows.receive_notice import NoticeIn, Received, receive_notice
from heed.ids import mint
from heed.media import queries as media
from heed.rules import xarf
from heed.rules.claims import AgeThen, Category, Standing


class NotOurs(Exception):
    """The message names no address on a site that this server protects."""


class NothingToTell(Exception):
    """The case is not decided, or not about a child; the message says which."""


def take_in(*, message: Mapping[str, Any], now: datetime) -> Received:
    """A message as a notice. Raises `xarf.NotXarf`, `NotOurs`."""
    told = xarf.read(message)
    found = [(url, media.platform_of(url)) for url in told.urls]
    here = [(url, platform) for url, platform in found if platform is not None]
    if not here:
        raise NotOurs("No address in it lies on a site that this server protects.")
    platform = here[0][1]
    places = [Place(url=url) for url, one in here if one.id == platform.id]
    kept = {key: value for key, value in message.items() if key not in ("evidence", "_internal")}
    return receive_notice(
        platform_id=platform.id,
        notice=NoticeIn(
            places=tuple(places),
            category=told.category,
            standing=Standing.OTHER,
            age_then=AgeThen.ADULT if told.category is Category.OTHER else AgeThen.UNDER_18,
            words=told.words,
        ),
        door="xarf",
        verbatim={**kept, "evidence_dropped": told.dropped},
        source=told.domain,
        now=now,
    )


def tell_on(*, number: str, contact: str, now: datetime) -> list[dict[str, Any]]:
    """Messages for a host or another site. Raises `NothingToTell`, `xarf.NotSayable`."""
    case = Case.objects.select_related("file").filter(number=number).first()
    if case is None or case.state != Case.State.DECIDED or case.decided_level != "removed":
        raise NothingToTell("Only a case that people have decided to remove is told on.")
    category = Category(case.category)
    if case.about_child and category is Category.INTIMATE_IMAGE:
        category = Category.MINOR_SEXUAL
    copies = Copy.objects.filter(case=case).exclude(how=Copy.How.NEAR).select_related("item")
    domain = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    sha256 = bytes(case.file.sha256).hex() if case.file else ""
    return [
        xarf.written(
            ref=mint(),
            at=now,
            organisation=domain,
            contact=contact,
            domain=domain,
            category=category,
            url=copy.item.url,
            sha256=sha256,
            by_person=True,
            removed=copy.item.acknowledged == "removed",
        )
        for copy in copies[: xarf.MOST_URLS]
    ]
