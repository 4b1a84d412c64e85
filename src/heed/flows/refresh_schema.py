"""The authority's schema is fetched with our own credentials, kept, and compared with the last.

1. Ask for it. 2. Keep it: the same again is noted, another one is a new version. Every version
stays, so that the difference can be shown.
"""

import difflib
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from heed.filings import tip_queries, tips
from heed.flows import wiring
from heed.flows.shared import tipline
from heed.flows.shared.one_by_one import each
from heed.ports import TiplineBusy, TiplineLocked, TiplineUnreachable, TipRefused

logger = logging.getLogger(__name__)
EVERY = timedelta(hours=24)


class NoSchema(Exception):
    """It could not be fetched. The copy from before stays in use; the message says why."""


def refresh_schema(*, now: datetime) -> bool:
    """Fetch each; True when one differs from the copy before. Raises `NoSchema` once all were asked
    for: the sites of one server may each have credentials of their own.
    """
    places = tipline.environments()
    if not places:
        raise NoSchema("There are no credentials: set HEED_NCMEC_ENVIRONMENT and its user.")
    refused: list[NoSchema] = []

    def refresh(where: str) -> bool:
        try:
            return _refresh(where, places[where], now)
        except NoSchema as why:
            refused.append(why)
            return False

    changed = each(places, refresh, what="place", by=str)
    if refused:
        raise refused[0]
    return bool(changed)


def _refresh(where: str, slug: str, now: datetime) -> bool:
    try:
        body = wiring.tipline(slug).schema()
    except (TiplineUnreachable, TiplineBusy, TiplineLocked, TipRefused) as why:
        raise NoSchema(f"{type(why).__name__}: {why}") from None
    with transaction.atomic():
        changed = tips.keep_schema(where, body, now=now)
    if changed:
        logger.warning("the authority's schema is a new one")
    return changed


def refresh_daily(*, now: datetime) -> bool:
    """The same, once a day, and quiet where there is nobody to ask."""
    known = [tip_queries.schemas(where)[:1] for where in tipline.environments()]
    if all(one and now - one[0].last_seen_at < EVERY for one in known):
        return False
    try:
        return refresh_schema(now=now)
    except NoSchema as why:
        logger.warning("no schema could be fetched", extra={"why": str(why)[:200]})
        return False


def difference(places: Iterable[str]) -> str:
    """What changed there from the copy before to the newest, line by line; empty: there is one."""
    return "\n".join(filter(None, (_difference(where) for where in places)))


def _difference(where: str) -> str:
    known = tip_queries.schemas(where)
    if len(known) < 2:
        return ""
    now, before = (bytes(one.body).decode("utf-8", "replace").splitlines() for one in known)
    return "\n".join(difflib.unified_diff(before, now, "before", "now", lineterm="", n=2))
