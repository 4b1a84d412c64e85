"""Videos that show a banked picture for long: a picture made into a video, or shown within one.

It is met if it is on show for `STILL_SHARE` of the video's seconds, in one of the eight ways. Its
distance is that within which all of these seconds are.
"""

import math
import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from heed.hashing.distance import GOOD_QUALITY
from heed.hashing.index import Hits
from heed.hashing.signals import WAYS
from heed.media import matching
from heed.media.feeds import BANKED, REGISTERED
from heed.media.models import BankSignal, File

STILL_SHARE = 0.3  # of the seconds, as of another video


def seconds_of(file: File) -> tuple[Sequence[int], int]:
    """The second that each group of a video's forms is from, and how many forms a group has."""
    data, count = bytes(file.forms_at), len(bytes(file.forms)) // 32
    at = struct.unpack(f">{len(data) // 2}H", data)
    # Read before seconds were kept: as it is, and as a mirror shows it.
    return (at, WAYS) if at else (range(count // 2), 2)


_COMPARED = """
SELECT q.n - 1, b.id, bit_count(b.bits # heed_bits(q.value))::int
FROM unnest(%(forms)s::bytea[]) WITH ORDINALITY AS q(value, n)
JOIN media_banksignal b ON b.type = 'pdq' AND bit_count(b.bits # heed_bits(q.value)) <= 40
"""


def pictures_shown(file: File) -> Hits:
    """Banked pictures that this video shows for long enough, each once."""
    data = bytes(file.forms)
    forms = [data[at : at + 32] for at in range(0, len(data), 32)]
    at, ways = seconds_of(file)
    nearest: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for query, ref, bits in _banked(forms):
        seconds = nearest[ref, query % ways]
        second = at[query // ways]
        seconds[second] = min(bits, seconds.get(second, bits))
    needed = max(1, math.ceil(STILL_SHARE * len(set(at))))
    met: dict[int, int] = {}
    for (ref, _), seconds in nearest.items():
        if len(seconds) >= needed:
            bits = sorted(seconds.values())[needed - 1]
            met[ref] = min(bits, met.get(ref, bits))
    found = np.array([(0, ref, bits) for ref, bits in met.items()], np.int64).reshape(-1, 3)
    return Hits(found[:, 0], found[:, 1], found[:, 2])


def _banked(forms: list[bytes]) -> list[tuple[int, int, int]]:
    if not forms:
        return []
    book = matching.current(BANKED)
    if book is not None:
        hits = matching.near("pdq", forms, min(book.setting, 40), book=book)
        return list(zip(hits.query.tolist(), hits.ref.tolist(), hits.bits.tolist(), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED, {"forms": forms})
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]


_FILMS = """
WITH seconds AS (
    SELECT s.file_id, h.signal, s.at_ms, min(h.bits) AS bits
    FROM ({hits}) AS h(signal, ref, bits)
    JOIN media_signal s ON s.id = h.ref AND s.type = 'vpdq' AND s.quality >= %(good)s
    GROUP BY s.file_id, h.signal, s.at_ms
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY file_id, signal ORDER BY bits) AS nth FROM seconds
)
SELECT file_id, signal, bits FROM ranked WHERE nth = greatest(1, ceil(%(share)s * (
    SELECT count(DISTINCT t.at_ms) FROM media_signal t
    WHERE t.file_id = ranked.file_id AND t.type = 'vpdq' AND t.quality >= %(good)s
)))
"""
_FROM_INDEX = "SELECT * FROM unnest(%(signal)s::bigint[], %(ref)s::bigint[], %(bits)s::int[])"
_FRAMES_COMPARED = """
SELECT b.id, t.id, bit_count(t.bits # b.bits)::int FROM media_banksignal b
JOIN media_signal t ON t.type = 'vpdq' AND bit_count(t.bits # b.bits) <= %(within)s
WHERE b.id = ANY(%(ids)s)
"""


def videos_showing(wanted: Mapping[int, int]) -> list[tuple[UUID, int, int]]:
    """Registered videos that show these banked pictures for long, as they stand: file, signal and
    distance. `wanted`: within how many bits, by signal. A mirrored one is met as it comes in.
    """
    if not wanted:
        return []
    within = max(wanted.values())
    facts: dict[str, Any] = {
        "ids": list(wanted), "within": within, "good": GOOD_QUALITY, "share": STILL_SHARE,
    }  # fmt: skip
    book = matching.current(REGISTERED)
    if book is not None:
        known = BankSignal.objects.filter(id__in=list(wanted)).values_list("id", "value")
        values = [(number, bytes(value)) for number, value in known]
        hits = matching.near("vpdq", [value for _, value in values], within, book=book)
        facts |= {
            "signal": [values[query][0] for query in hits.query.tolist()],
            "ref": hits.ref.tolist(), "bits": hits.bits.tolist(),
        }  # fmt: skip
    with connection.cursor() as cursor:
        source = _FRAMES_COMPARED if book is None else _FROM_INDEX
        cursor.execute(_FILMS.format(hits=source), facts)
        rows = cursor.fetchall()
    return [(row[0], row[1], row[2]) for row in rows if row[2] <= wanted[row[1]]]
