"""Where the file of a case is: named, reshared, byte for byte, or nearly the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db import models as db
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from heed.cases.models import Case, Copy
from heed.cases.services.cases import CopyIn
from heed.media import queries as media
from heed.media.models import Item, ItemFile
from heed.rules.spread import CONFIDENT_MATCH, Found, FoundBy


def all_copies(case: Case) -> list[CopyIn]:
    """Every copy on the case's platform, reshares through any depth included."""
    roots = _named(case) | _exact(case)
    near = {found.item_id: found for found in _near(case)}
    return reshares_of(list((near | roots).values()))


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
            found[item_id] = replace(root, item_id=item_id, how=how, views_then=views)
    return list(found.values())


_MET = """
WITH news AS MATERIALIZED (
    SELECT i.id, i.platform_id, i.reshare_of_id, f.file_id
    FROM media_item i LEFT JOIN media_itemfile f ON f.item_id = i.id AND f.file_id IS NOT NULL
    WHERE i.id = ANY(%(items)s)
), claimed AS MATERIALIZED (
    SELECT k.id, k.platform_id, s.bits, s.file_id
    FROM cases_case k JOIN media_signal s ON s.file_id = k.file_id AND s.type = 'pdq'
    WHERE k.platform_id IN (SELECT platform_id FROM news)
), forms AS MATERIALIZED (
    SELECT file.id AS file_id, q.quality,
           ('x' || encode(substring(file.forms FROM n * 32 + 1 FOR 32), 'hex'))::bit(256) AS bits
    FROM media_file file
    JOIN media_signal q ON q.file_id = file.id AND q.type = 'pdq'
    CROSS JOIN LATERAL generate_series(0, length(file.forms) / 32 - 1) AS n
    WHERE file.id IN (SELECT file_id FROM news)
)
SELECT DISTINCT ON (case_id, item_id) case_id, item_id, how, distance, quality, file_id FROM (
    SELECT c.case_id, i.id AS item_id, 0 AS rank,
           CASE WHEN c.how = 'near' THEN 'near' ELSE 'reshare' END AS how,
           c.distance_bits AS distance, c.quality, c.near_file_id AS file_id
    FROM news i JOIN cases_copy c ON c.item_id = i.reshare_of_id
    UNION ALL
    SELECT k.id, i.id, 1, 'exact', NULL, NULL, NULL
    FROM news i JOIN cases_case k ON k.file_id = i.file_id AND k.platform_id = i.platform_id
    UNION ALL
    SELECT k.id, i.id, 2, 'near', bit_count(k.bits # form.bits)::int, form.quality, i.file_id
    FROM forms form
    JOIN claimed k ON k.file_id <> form.file_id AND bit_count(k.bits # form.bits) <= %(within)s
    JOIN news i ON i.file_id = form.file_id AND i.platform_id = k.platform_id
) AS met ORDER BY case_id, item_id, rank, distance
"""


def cases_met_by(item_ids: Sequence[UUID]) -> dict[UUID, list[CopyIn]]:
    """The cases that these items belong to, as reshares, same bytes or near copies."""
    with connection.cursor() as cursor:
        cursor.execute(_MET, {"items": list(item_ids), "within": CONFIDENT_MATCH})
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
    return {case_id: reshares_of(copies) for case_id, copies in met.items()}


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
    return [
        (
            item_id,
            Found(
                by=FoundBy(how),
                distance_bits=distance_bits,
                quality=quality,
                claimed_quality=claimed,
                older_by=earliest - at if earliest and at else _NOT_OLDER,
                confirmed=same is True,
                exempt=item_id in exempt or same is False,
            ),
        )
        for item_id, how, distance_bits, quality, same, at in rows
    ]


# Age bears on near copies alone, and ten thousand reshares are read in a third of the time without.
_NEAR_PUBLISHED_AT = db.Case(db.When(how=Copy.How.NEAR, then="item__published_at"))
_NOT_OLDER = timedelta(0)


def _named_at(case: Case) -> datetime | None:
    named = Item.objects.filter(copies__case=case, copies__how=Copy.How.NAMED)
    first: datetime | None = named.aggregate(first=db.Min("published_at"))["first"]
    return first
