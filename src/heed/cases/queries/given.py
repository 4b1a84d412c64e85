"""Items that meet hashes which notifiers gave without a place: always for a person to look at."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from heed.cases.models import Case, Copy, Target
from heed.cases.services.cases import CopyIn
from heed.media.given import files_like, given_in
from heed.media.models import ItemFile
from heed.media.queries import GOOD_QUALITY
from heed.rules.spread import CONFIDENT_MATCH


def near_given(case: Case) -> list[CopyIn]:
    """What is registered and meets hashes of this case's notices.

    Without a quality they are never sure: nothing that is registered is touched before a person
    has looked, whatever was claimed.
    """
    told = Target.objects.filter(notice__joins__case=case, notice__joins__undone_at=None)
    many = list(told.exclude(signals=None).values_list("signals", flat=True))
    if not many:
        return []
    apart = files_like(given_in(many), within_bits=CONFIDENT_MATCH)
    if case.file_id is not None:
        apart.pop(case.file_id, None)
    places = ItemFile.objects.filter(file_id__in=apart, item__platform_id=case.platform_id)
    rows = places.values_list("item_id", "file_id")
    return [_copy(item_id, file_id, apart[file_id]) for item_id, file_id in rows]


_MET = """
WITH given AS MATERIALIZED (
    SELECT j.case_id, k.platform_id, k.file_id, decode(t.signals->>'sha256', 'hex') AS sha256,
           heed_bits(decode(coalesce(t.signals->>'pdq', ''), 'hex')) AS look
    FROM cases_target t
    JOIN cases_join j ON j.notice_id = t.notice_id AND j.undone_at IS NULL
    JOIN cases_case k ON k.id = j.case_id AND k.state <> 'decided'
    WHERE t.signals IS NOT NULL
)
SELECT g.case_id, f.item_id, f.file_id,
       min(CASE WHEN known.sha256 = g.sha256 THEN 0 ELSE bit_count(s.bits # g.look) END)::int
FROM media_itemfile f
JOIN media_item i ON i.id = f.item_id
JOIN media_file known ON known.id = f.file_id
JOIN given g ON g.platform_id = i.platform_id AND g.file_id IS DISTINCT FROM f.file_id
LEFT JOIN media_signal s ON s.file_id = f.file_id AND s.type = 'pdq' AND s.quality >= %(good)s
WHERE f.item_id = ANY(%(items)s)
  AND (known.sha256 = g.sha256 OR bit_count(s.bits # g.look) <= %(within)s)
GROUP BY g.case_id, f.item_id, f.file_id
"""


def met_by(item_ids: Sequence[UUID]) -> list[tuple[UUID, CopyIn]]:
    """The open cases whose given pictures these new items meet. Videos wait for the next search."""
    facts: dict[str, Any] = {
        "items": list(item_ids),
        "good": GOOD_QUALITY,
        "within": CONFIDENT_MATCH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MET, facts)
        return [(row[0], _copy(*row[1:])) for row in cursor.fetchall()]


def _copy(item_id: UUID, file_id: UUID, distance_bits: int) -> CopyIn:
    return CopyIn(
        item_id=item_id, how=Copy.How.NEAR, distance_bits=distance_bits, near_file_id=file_id
    )
