"""What is on a platform that meets hashes which somebody gave, without a file to compare with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from heed.media.frames import FRAMES_SHARE
from heed.media.models import File
from heed.media.queries import GOOD_QUALITY, bits


@dataclass(frozen=True, slots=True)
class Given:
    """Hashes of files that only their holder has, by type."""

    exact: list[bytes] = field(default_factory=list)  # SHA-256
    looks: list[bytes] = field(default_factory=list)  # PDQ of pictures, 32 bytes each
    frames: list[bytes] = field(default_factory=list)  # PDQ of a video's frames


def given_in(many: Iterable[Mapping[str, Any] | None]) -> Given:
    """The hashes that stand in the targets of a notice."""
    given = Given()
    into = {"sha256": given.exact, "pdq": given.looks, "vpdq": given.frames}
    for signals in many:
        for kind, values in into.items():
            if value := (signals or {}).get(kind):
                values.append(bytes.fromhex(str(value)))
    return given


def files_like(given: Given, *, within_bits: int) -> dict[UUID, int]:
    """Known files that meet them, and by how many bits they are apart; the same bytes are 0."""
    found = _near("pdq", given.looks, within_bits, share=0)
    found |= _near("vpdq", given.frames, within_bits, share=FRAMES_SHARE)
    same = File.objects.filter(sha256__in=given.exact).values_list("id", flat=True)
    return found | dict.fromkeys(same, 0)


_NEAR = """
SELECT s.file_id, min(bit_count(s.bits # q.bits)), count(DISTINCT q.bits)
FROM media_signal s, unnest(%s::text[]::bit(256)[]) AS q(bits)
WHERE s.type = %s AND s.quality >= %s AND bit_count(s.bits # q.bits) <= %s
GROUP BY s.file_id
"""


def _near(kind: str, values: list[bytes], within_bits: int, *, share: float) -> dict[UUID, int]:
    """Files with a good signal near one of these; of a video enough of them must be met."""
    if not values:
        return {}
    asked = list(dict.fromkeys(values))
    with connection.cursor() as cursor:
        args: list[Any] = [[bits(value) for value in asked], kind, GOOD_QUALITY, within_bits]
        cursor.execute(_NEAR, args)
        rows = cursor.fetchall()
    return {file_id: apart for file_id, apart, met in rows if met >= share * len(asked)}
