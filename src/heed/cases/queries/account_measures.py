"""Accounts of a decided case: what they published in it, and what was done to them before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from heed.cases.models import Case, MeasureOnAccount, Restriction
from heed.media.models import Account
from heed.rules.visibility import Visibility

MOST = 50  # accounts shown; the largest shares first


@dataclass(frozen=True, slots=True, kw_only=True)
class Involved:
    """One account of a case, after the decision on the content: until then it is masked."""

    account: Account
    copies: int
    named: bool  # it published what a notice names, and did not only pass it on
    measures: Sequence[MeasureOnAccount]  # of this platform, the newest first


def involved(case: Case) -> list[Involved]:
    """Nothing at all before the content is decided."""
    if case.state != Case.State.DECIDED:
        return []
    found = Account.objects.filter(items__copies__case=case)
    counted = found.annotate(n=Count("items__copies", distinct=True)).order_by("-n", "ref")[:MOST]
    named = set(
        found.filter(items__copies__case=case, items__copies__how="named").values_list(
            "id", flat=True
        )
    )
    before: dict[object, list[MeasureOnAccount]] = {}
    rows = MeasureOnAccount.objects.filter(account__in=[one.id for one in counted])
    for row in rows.select_related("decision__case").order_by("-proposed_at"):
        before.setdefault(row.account_id, []).append(row)
    return [
        Involved(
            account=one,
            copies=getattr(one, "n", 0),
            named=one.id in named,
            measures=before.get(one.id, []),
        )
        for one in counted
    ]


def resting_on(case: Case) -> QuerySet[MeasureOnAccount]:
    """What holds, or waits for a signature, because of what was decided in this case."""
    live = (MeasureOnAccount.State.FINAL, MeasureOnAccount.State.PROPOSED)
    found = MeasureOnAccount.objects.filter(decision__case=case, state__in=live)
    return found.select_related("account").order_by("proposed_at", "id")


def left_bare(
    case: Case, rows: QuerySet[MeasureOnAccount], given_back: Collection[UUID]
) -> QuerySet[MeasureOnAccount]:
    """Those of accounts that one of these items is of, and nothing that the case restricts now."""
    live = Restriction.objects.filter(case=case, lifted_at=None).exclude(level=Visibility.VISIBLE)
    accounts = Account.objects.filter(items__in=given_back)
    still = live.filter(item__account__isnull=False).values("item__account")
    return rows.filter(account__in=accounts.values("id")).exclude(account__in=still)


def asked_elsewhere(row: MeasureOnAccount) -> bool:
    """Whether the same is asked of the same account for another decision, too."""
    same = MeasureOnAccount.objects.filter(account=row.account_id, measure=row.measure)
    return same.filter(state=MeasureOnAccount.State.FINAL).exclude(id=row.id).exists()
