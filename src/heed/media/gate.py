"""Which files a platform's media gate must not let through."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from heed.media.models import Platform

# The number of an attachment in a stored address, as `media_key` of the connector reads it in an
# asked one. The index `itemfile_gate` is on this very text.
KEY = (
    "ltrim(replace(coalesce("
    "substring(url from '/media_attachments/[a-z]+((?:/[0-9]{3})+)/'),"
    "substring(url from '/media_proxy/([0-9]+)')), '/', ''), '0')"
)
# From the places to their items, whatever the planner thinks (`OFFSET 0`): a way that began with
# all that is hidden would grow with it.
_OUT_OF_SIGHT = f"""
SELECT EXISTS (
    SELECT 1 FROM (
        SELECT platform_id, desired FROM media_item WHERE id = ANY(ARRAY(
            SELECT item_id FROM media_itemfile WHERE url = ANY(%(urls)s) AND url <> ''
            UNION ALL
            SELECT item_id FROM media_itemfile
            WHERE preview_url = ANY(%(urls)s) AND preview_url <> ''
            UNION ALL
            SELECT item_id FROM media_itemfile WHERE {KEY} = %(key)s
        )) OFFSET 0
    ) AS there
    WHERE platform_id = %(platform)s AND desired IN ('hidden', 'removed')
)
"""


def out_of_sight(platform_id: UUID, *, urls: Sequence[str], key: str) -> bool:
    """Whether an item that should be hidden or removed has a file at one of these addresses, or of
    this key. One statement, by indexes alone.
    """
    with connection.cursor() as cursor:
        facts: dict[str, Any] = {"platform": platform_id, "urls": list(urls), "key": key or None}
        cursor.execute(_OUT_OF_SIGHT, facts)
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def note_asked(platform_id: UUID, *, now: datetime) -> None:
    """The platform's proxy asked about the address that only a check asks for."""
    Platform.objects.filter(id=platform_id).update(gate_asked_at=now)
