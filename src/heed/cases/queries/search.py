"""Where the file of a case is: named, reshared, byte for byte, or nearly the same."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db import models as db
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from heed.cases.models import Case, Copy, Join
from heed.cases.queries.given import met_by, near_given
from heed.cases.services.cases import CopyIn
from heed.hashing.index.book import NEAR
from heed.media import matching
from heed.media import queries as media
from heed.media.feeds import Feed
from heed.media.models import File, Item, ItemFile, Match
from heed.rules.spread import CONFIDENT_MATCH, Found, FoundBy

CLAIMED = Feed(
    "claimed",
    {"pdq": NEAR},
    """
    SELECT s.id, greatest(s.stamp, k.stamp), 0, 0, s.value FROM cases_case k
    JOIN media_signal s ON s.file_id = k.file_id AND s.type = 'pdq' AND length(s.value) = 32
    WHERE k.stamp >= {mark}
    UNION
    SELECT s.id, greatest(s.stamp, k.stamp), 0, 0, s.value FROM media_signal s
    JOIN cases_case k ON k.file_id = s.file_id
    WHERE s.stamp >= {mark} AND s.type = 'pdq' AND length(s.value) = 32
    """,
)  # pictures that have a case: what is registered late is compared with these alone


def all_copies(case: Case) -> list[CopyIn]:
    """Every copy on the case's platform, reshares through any depth included."""
    roots = _named(case) | _exact(case)
    near = {} if known_only_nearly([case.id]) else {one.item_id: one for one in _near(case)}
    given = {found.item_id: found for found in near_given(case)}
    return reshares_of(list((given | near | roots).values()))


def known_only_nearly(case_ids: Iterable[UUID]) -> set[UUID]:
    """Undecided cases of which nobody spoke: a file that only looks like what a bank holds.

    What such a file looks like can be twice as far from the banked picture. So it spreads by bytes
    and reshares alone; whatever is near the banked picture meets the bank by itself.
    """
    spoken = Join.objects.filter(case=db.OuterRef("pk"))
    met = Match.objects.filter(case_id=db.OuterRef("pk")).exclude(word=Match.Word.UNDONE)
    found = Case.objects.filter(~db.Exists(spoken), db.Exists(met), id__in=list(case_ids))
    found = found.filter(~db.Exists(met.filter(distance_bits=0)), decided_at=None)
    return set(found.values_list("id", flat=True))


def _named(case: Case) -> dict[UUID, CopyIn]:
    named = Copy.objects.filter(case=case, how=Copy.How.NAMED).values_list("item_id", flat=True)
    return {item: CopyIn(item_id=item, how=Copy.How.NAMED) for item in named}


def _exact(case: Case) -> dict[UUID, CopyIn]:
    if case.file_id is None:
        return {}
    same = ItemFile.objects.filter(file_id=case.file_id, item__platform_id=case.platform_id)
    found = {
        item: CopyIn(item_id=item, how=Copy.How.EXACT)
        for item in same.values_list("item_id", flat=True)
    }
    return found | _named(case)


def _near(case: Case) -> list[CopyIn]:
    """Items with a file that looks like the case's, closest first."""
    if case.file is None:
        return []
    near = {one.file_id: one for one in media.near_files(case.file, within_bits=CONFIDENT_MATCH)}
    places = ItemFile.objects.filter(file_id__in=near, item__platform_id=case.platform_id)
    found = [
        CopyIn(
            item_id=item_id,
            how=Copy.How.NEAR,
            distance_bits=near[file_id].distance_bits,
            quality=near[file_id].quality,
            near_file_id=file_id,
        )
        for item_id, file_id in places.values_list("item_id", "file_id")
    ]
    return sorted(found, key=lambda copy: copy.distance_bits or 0)


# Each item once for each thing that it carries: the case's own ("") or a near file. Carrying the
# root along instead would visit a long chain of reshares once for each of its members.
_DESCEND = """
WITH RECURSIVE tree AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[]) AS root(id, carries)
    UNION
    SELECT c.id, t.carries FROM media_item c JOIN tree t ON c.reshare_of_id = t.id
)
SELECT tree.id, tree.carries, i.views, i.reshare_of_id FROM tree JOIN media_item i USING (id)
"""


def reshares_of(roots: Sequence[CopyIn]) -> list[CopyIn]:
    """The roots and everything that reshares them, through any depth.

    A reshare often carries the file as well: how it came there tells more than that it is the
    same. A reshare of a near copy is itself only near: no more is known of it.
    """
    with connection.cursor() as cursor:
        carried = [str(root.near_file_id or "") for root in roots]
        cursor.execute(_DESCEND, [[root.item_id for root in roots], carried])
        rows = cursor.fetchall()
    own = {(root.item_id, str(root.near_file_id or "")): root for root in roots}
    any_of = {carries: root for (_, carries), root in own.items()}
    certain = {item_id for item_id, carries, _, _ in rows if not carries}
    found: dict[UUID, CopyIn] = {}
    for item_id, carries, views, parent_id in rows:
        itself = own.get((item_id, carries))
        root = itself or any_of[carries]
        named = itself is not None and itself.how == Copy.How.NAMED
        reshared = not carries and parent_id in certain and not named
        how = Copy.How.RESHARE if reshared else root.how
        if not carries or item_id not in certain | found.keys():
            found[item_id] = CopyIn(
                item_id=item_id, how=how, distance_bits=root.distance_bits, quality=root.quality,
                near_file_id=root.near_file_id, views_then=views,
            )  # fmt: skip
    return list(found.values())


_PASSED_ON = """
WITH RECURSIVE tree AS (
    SELECT unnest(%s::uuid[]) AS id
    UNION
    SELECT c.item_id FROM tree t JOIN media_item i ON i.reshare_of_id = t.id
    JOIN cases_copy c ON c.item_id = i.id AND c.case_id = %s AND c.how = 'reshare'
)
SELECT id FROM tree
"""


def passed_on(case: Case, item_ids: Collection[UUID]) -> set[UUID]:
    """Copies of the case that reshare these, through any depth; none below one that was named."""
    if not item_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_PASSED_ON, [list(item_ids), case.id])
        return {row[0] for row in cursor.fetchall()} - set(item_ids)


_MET = """
WITH news AS MATERIALIZED (
    SELECT i.id, i.platform_id, i.reshare_of_id, f.file_id
    FROM media_item i LEFT JOIN media_itemfile f ON f.item_id = i.id AND f.file_id IS NOT NULL
    WHERE i.id = ANY(%(items)s)
)
SELECT DISTINCT ON (case_id, item_id) case_id, item_id, how, distance, quality, file_id FROM (
    SELECT c.case_id, i.id AS item_id, CASE WHEN c.how = 'near' THEN 2 ELSE 0 END AS rank,
           CASE WHEN c.how = 'near' THEN 'near' ELSE 'reshare' END AS how,
           c.distance_bits AS distance, c.quality, c.near_file_id AS file_id
    FROM news i JOIN cases_copy c ON c.item_id = i.reshare_of_id
    UNION ALL
    SELECT k.id, i.id, 1, 'exact', NULL, NULL, NULL
    FROM news i JOIN cases_case k ON k.file_id = i.file_id AND k.platform_id = i.platform_id
    UNION ALL
    SELECT k.id, i.id, 2, 'near', h.bits, q.quality, i.file_id
    FROM ({hits}) AS h(file_id, ref, bits)
    JOIN media_signal s ON s.id = h.ref AND s.file_id <> h.file_id
    JOIN cases_case k ON k.file_id = s.file_id
    JOIN news i ON i.file_id = h.file_id AND i.platform_id = k.platform_id
    JOIN media_signal q ON q.file_id = h.file_id AND q.type = 'pdq'
) AS met ORDER BY case_id, item_id, rank, distance
"""

_FROM_INDEX = "SELECT * FROM unnest(%(files)s::uuid[], %(ref)s::bigint[], %(bits)s::int[])"
_COMPARED = """
SELECT f.file_id, s.id, bit_count(s.bits # f.bits)::int
FROM unnest(%(files)s::uuid[], %(forms)s::text[]::bit(256)[]) AS f(file_id, bits)
JOIN media_signal s ON s.type = 'pdq' AND bit_count(s.bits # f.bits) <= %(within)s
WHERE s.file_id IN (SELECT file_id FROM cases_case)
"""


def cases_met_by(item_ids: Sequence[UUID]) -> dict[UUID, list[CopyIn]]:
    """The cases that these items belong to, as reshares, same bytes or near copies."""
    source, hits = _near_claimed(item_ids)
    with connection.cursor() as cursor:
        facts: dict[str, Any] = {"items": list(item_ids), "within": CONFIDENT_MATCH}
        cursor.execute(_MET.format(hits=source), facts | hits)
        rows = cursor.fetchall()
    met: dict[UUID, list[CopyIn]] = {}
    for case_id, item_id, how, distance, quality, file_id in rows:
        met.setdefault(case_id, []).append(
            CopyIn(
                item_id=item_id,
                how=how,
                distance_bits=distance,
                quality=quality,
                near_file_id=file_id,
            )
        )
    _add_videos(met, item_ids)
    only_nearly = known_only_nearly(met)
    for case_id in only_nearly:
        met[case_id] = [one for one in met[case_id] if one.how != Copy.How.NEAR]
    for case_id, copy in met_by(item_ids):
        met.setdefault(case_id, []).append(copy)
    return {case_id: reshares_of(copies) for case_id, copies in met.items()}


def _near_claimed(item_ids: Sequence[UUID]) -> tuple[str, dict[str, Any]]:
    """Files of these items, each with a claimed signal that it looks like: as a subquery."""
    files = (
        File.objects.filter(places__item_id__in=item_ids).exclude(kind="video").exclude(forms=b"")
    )
    looks = [(one.id, form) for one in files.distinct() for form in media.forms_of(one)]
    book = matching.current(CLAIMED)
    if book is None:
        return _COMPARED, {
            "files": [file_id for file_id, _ in looks],
            "forms": [media.bits(form) for _, form in looks],
        }
    hits = matching.near("pdq", [form for _, form in looks], CONFIDENT_MATCH, book=book)
    return _FROM_INDEX, {
        "files": [looks[n][0] for n in hits.query.tolist()],
        "ref": hits.ref.tolist(),
        "bits": hits.bits.tolist(),
    }


def _add_videos(met: dict[UUID, list[CopyIn]], item_ids: Sequence[UUID]) -> None:
    """Videos are compared frame by frame, each on its own: there are few in a batch."""
    places = ItemFile.objects.filter(item_id__in=item_ids, file__kind="video")
    for place in places.select_related("file", "item"):
        assert place.file is not None
        near = {
            one.file_id: one for one in media.near_files(place.file, within_bits=CONFIDENT_MATCH)
        }
        cases = Case.objects.filter(file_id__in=near, platform_id=place.item.platform_id)
        for case_id, file_id in cases.values_list("id", "file_id"):
            if file_id is not None:
                met.setdefault(case_id, []).append(_near_video(place, near[file_id]))


def _near_video(place: ItemFile, near: media.Near) -> CopyIn:
    return CopyIn(
        item_id=place.item_id,
        how=Copy.How.NEAR,
        distance_bits=near.distance_bits,
        quality=near.quality,
        near_file_id=place.file_id,
    )


def as_found(case: Case, copies: QuerySet[Copy], exempt: set[UUID]) -> list[tuple[UUID, Found]]:
    """The items of these copies as the rules may see them, closest first."""
    earliest = _named_at(case)
    claimed = None if case.file_id is None else media.quality_of(case.file_id)
    rows = copies.order_by(Coalesce("distance_bits", 0), "id").values_list(
        "item_id", "how", "distance_bits", "quality", "same", _NEAR_PUBLISHED_AT
    )

    @cache  # most of ten thousand are reshares, and alike to the rules
    def found(
        how: str,
        bits: int | None,
        quality: int | None,
        same: bool | None,
        at: datetime | None,
        excepted: bool,
    ) -> Found:
        return Found(
            by=FoundBy(how),
            distance_bits=bits,
            quality=quality,
            claimed_quality=claimed,
            older_by=earliest - at if earliest and at else _NOT_OLDER,
            confirmed=same is True,
            exempt=excepted or same is False,
        )

    return [(item_id, found(*facts, item_id in exempt)) for item_id, *facts in rows]


# Age bears on near copies alone, and ten thousand reshares are read in a third of the time without.
_NEAR_PUBLISHED_AT = db.Case(db.When(how=Copy.How.NEAR, then="item__published_at"))
_NOT_OLDER = timedelta(0)


def _named_at(case: Case) -> datetime | None:
    named = Item.objects.filter(copies__case=case, copies__how=Copy.How.NAMED)
    first: datetime | None = named.aggregate(first=db.Min("published_at"))["first"]
    return first
