"""What the DSA Transparency Database is told of a case's statements: facts, and nobody's data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from heed.cases.models import Case, Copy, Decision, Restriction
from heed.cases.queries import policies
from heed.cases.services import deadlines
from heed.filings import publishing
from heed.filings.models import StatementOfReasons
from heed.flows.shared import clocks
from heed.ids import mint
from heed.media.models import ItemFile
from heed.rules import policy
from heed.rules.claims import Category
from heed.rules.clocks import Event
from heed.rules.transparency import VISIBILITY, Facts, Source, statement

Told = Mapping[UUID, Restriction]  # by item


def ask(
    case: Case,
    kept: Sequence[StatementOfReasons],
    told: Told,
    decision: Decision | None,
    *,
    now: datetime,
) -> None:
    """In the transaction of the statements: they are to be published, if the operator does so."""
    owed = [one for one in kept if one.basis in VISIBILITY]
    if not settings.HEED_DSA_URL or not owed:
        return
    items = [one.item_id for one in owed]
    kinds = dict(ItemFile.objects.filter(item__in=items).values_list("item", "file__kind"))
    matched = Copy.objects.filter(case=case, item__in=items, how__in=["exact", "near"])
    by_match = set(matched.values_list("item_id", flat=True))
    source, cause = _source(case), f"statements:{owed[0].id}"
    rows = []
    for one in owed:
        own, row = mint(), told[one.item_id]
        facts = Facts(
            puid=str(own),
            level=one.basis,
            category=Category(case.category),
            about_child=case.about_child,
            clause_title=(clause := _clause(case, one.basis, decision)).title,
            clause_text=clause.text,
            content=kinds.get(one.item_id) or "",
            published_on=(row.item.published_at or row.item.registered_at).date(),
            restricted_on=row.since_at.date(),
            source=source,
            found_by_match=one.item_id in by_match,
            decided_by_person=one.basis == "removed" and decision is not None,
        )
        rows.append((own, one.id, statement(facts)))
    publishing.ask_for(rows, cause=cause, now=now)
    due = clocks.of_case(case, event=Event.STATEMENT_ISSUED, cause=cause, at=now)
    deadlines.set_clocks(case, due, now=now)


def _source(case: Case) -> Source:
    joined = case.joins.filter(undone_at=None)
    if joined.filter(notice__standing="trusted_flagger", notice__verified_channel=True).exists():
        return Source.FLAGGER
    return Source.NOTICE if joined.exists() else Source.OWN


def _clause(case: Case, level: str, decision: Decision | None) -> policy.Clause:
    if level == "removed" and decision is not None:
        return policies.clause(decision.clause, decision.policy_version)
    return policy.default_clause(Category(case.category), about_a_child=case.about_child)
