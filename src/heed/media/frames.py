"""Uploaded videos that meet frames which somebody gave from their own device."""

from typing import Any
from uuid import UUID

from django.db import connection

from heed.hashing.distance import CONFIDENT_MATCH, GOOD_QUALITY

FRAMES_SHARE = 0.3  # of the given frames have a match; a person looks, so better one too many

_HELD = """
WITH mine AS MATERIALIZED (
    SELECT DISTINCT s.bits FROM media_signal s
    WHERE s.file_id = %(file)s AND s.type = 'vpdq' AND s.quality >= %(good)s
), held AS MATERIALIZED (
    SELECT b.id, b.bank_id, b.bits FROM media_banksignal b JOIN media_bank k ON k.id = b.bank_id
    WHERE b.type = 'vpdq' AND b.withdrawn_at IS NULL AND k.enabled AND k.case_id IS NOT NULL
      AND k.platform_id = %(platform)s
), met AS (
    SELECT h.bank_id, h.id, min(bit_count(h.bits # m.bits)) AS distance
    FROM held h JOIN mine m ON bit_count(h.bits # m.bits) <= %(within)s GROUP BY h.bank_id, h.id
)
SELECT min(met.id), min(met.distance) FROM met GROUP BY met.bank_id
HAVING count(*) >= %(share)s * (SELECT count(*) FROM held WHERE held.bank_id = met.bank_id)
"""


def held_by_frames(platform_id: UUID, file_id: UUID) -> list[tuple[int, int]]:
    """One signal of each case's own bank of which this video has enough frames, and how near.

    Such a bank can only hold. Lasting banks are met by whole files, in `queries.banked`.
    """
    facts: dict[str, Any] = {
        "file": file_id, "platform": platform_id, "good": GOOD_QUALITY,
        "within": CONFIDENT_MATCH, "share": FRAMES_SHARE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HELD, facts)
        return [(row[0], row[1]) for row in cursor.fetchall()]
