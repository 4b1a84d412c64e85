"""Decisions that are read again blind, and how well both readings agree."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from heed.cases.models import Appeal, BlindReading, Decision
from heed.rules import quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How two readings agree, on the ruling and on the rule that was named."""

    count: int
    share: float | None
    ruling_kappa: float | None
    clause_kappa: float | None


def for_reader(platform_ids: Collection[UUID], staff_id: UUID) -> QuerySet[BlindReading]:
    """What waits for this person: never a case in which they have decided anything, or whose page
    they have opened since.
    """
    own = Q(decided_by=staff_id) | Q(seconded_by=staff_id)
    decided = Decision.objects.filter(own, case=OuterRef("decision__case"))
    heard = Appeal.objects.filter(case=OuterRef("decision__case"), decided_by=staff_id)
    waiting = BlindReading.objects.filter(read_at=None, decision__case__platform__in=platform_ids)
    unknown = waiting.exclude(known_to__contains=[staff_id])
    free = unknown.filter(~Exists(decided), ~Exists(heard))
    return free.select_related("decision__case__platform").order_by("drawn_at", "id")


def agreement(platform_ids: Collection[UUID]) -> Agreement:
    """Over all readings of these platforms."""
    read = BlindReading.objects.filter(
        read_at__isnull=False, decision__case__platform__in=platform_ids
    )
    rows = list(read.values_list("decision__ruling", "ruling", "decision__clause", "clause"))
    rulings = [(first, second) for first, second, _, _ in rows]
    return Agreement(
        count=len(rows),
        share=quality.agreement(rulings),
        ruling_kappa=quality.kappa(rulings),
        clause_kappa=quality.kappa([(first, second) for _, _, first, second in rows]),
    )
