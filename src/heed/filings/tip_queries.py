"""Reading tips: what is owed, under way and done."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from heed.cases.models import Case, Copy, Deadline, Decision, Notice, Supplement
from heed.filings.models import OperatorProfile, Schema, Tip
from heed.people import queries as people
from heed.rules.claims import Standing
from heed.rules.decisions import Ruling
from heed.rules.tips import lifetime
from heed.rules.tips.document import Address, Operator

CHILD_CLAUSE = "child-sexual"  # rules.policy: the finding that 18 U.S.C. 2258A speaks about
ENDED = (Tip.State.FINISHED, Tip.State.WITHDRAWN)


def findings() -> QuerySet[Decision]:
    """Final decisions by which a person found apparent sexual abuse of a child."""
    return Decision.objects.filter(
        state=Decision.State.FINAL, ruling=Ruling.REMOVE, clause=CHILD_CLAUSE
    )


def finding_of(case: Case) -> Decision | None:
    """The finding that stands in a case, if its last word is one."""
    final = case.decisions.filter(state=Decision.State.FINAL).order_by("-decided_at").first()
    is_one = final is not None and final.ruling == Ruling.REMOVE and final.clause == CHILD_CLAUSE
    return final if is_one else None


def of_case(case_id: UUID) -> list[Tip]:
    """The tips of a case, the oldest first."""
    return list(Tip.objects.filter(case_id=case_id).order_by("prepared_at"))


def tip_of(case: Case, tip_id: UUID) -> Tip | None:
    """A tip of this case."""
    return Tip.objects.filter(id=tip_id, case_id=case.id).first()


def told(case_id: UUID, authority: str) -> list[str]:
    """The authority's numbers of what was really filed in this case."""
    done = Tip.objects.filter(
        case_id=case_id, authority=authority, state=Tip.State.FINISHED, practice=False
    )
    numbers = done.exclude(report_ref="").order_by("finished_at")
    return list(numbers.values_list("report_ref", flat=True))


def owed(platform_ids: Collection[UUID], words: str = "") -> QuerySet[Case]:
    """Cases with a finding that nobody has begun to tell of, the nearest deadline first.

    `tip_due_at` says by when each is owed; `words` are a case's number.
    """
    begun = Tip.objects.filter(case_id=OuterRef("id"), practice=False)
    begun = begun.exclude(state=Tip.State.WITHDRAWN)
    later = Decision.objects.filter(
        case=OuterRef("case"), state=Decision.State.FINAL, decided_at__gt=OuterRef("decided_at")
    )  # the last alone says what stands
    stand = findings().filter(~Exists(later)).order_by()
    found = Case.objects.filter(
        ~Exists(begun), platform_id__in=platform_ids, id__in=stand.values("case_id")
    )
    if words:
        found = found.filter(number__icontains=words)
    # Joined, and not asked for case by case: PostgreSQL would read all deadlines for each.
    unmet = Q(deadlines__stops="cybertip_finished", deadlines__met_at=None)
    unmet &= Q(deadlines__cause__startswith="decision:")
    found = found.annotate(tip_due_at=Min("deadlines__due_at", filter=unmet))
    slim = found.only("number", "danger", "platform").prefetch_related("platform")
    return slim.order_by(F("tip_due_at").asc(nulls_last=True), "number")


def report_deadline(case: Case) -> Deadline | None:
    """By when the authority is owed a tip of this case: the nearest that is not met."""
    return _unmet().filter(case=case).order_by("due_at").first()


def _unmet() -> QuerySet[Deadline]:
    unmet = Deadline.objects.filter(stops="cybertip_finished", met_at=None)
    return unmet.filter(cause__startswith="decision:")


def under_way(platform_ids: Collection[UUID], words: str = "") -> QuerySet[Tip]:
    """What is not at its end, the oldest first."""
    live = _said(platform_ids, words)
    live = live.exclude(state__in=ENDED)
    return live.order_by("prepared_at", "id")


def ended(platform_ids: Collection[UUID], words: str = "") -> QuerySet[Tip]:
    """What was filed or withdrawn, the newest first."""
    done = _said(platform_ids, words)
    done = done.filter(state__in=ENDED)
    return done.order_by("-prepared_at", "id")


def _said(platform_ids: Collection[UUID], words: str) -> QuerySet[Tip]:
    """Those of a case with these words in its number, or with them in the authority's own.

    Without what is told: a list does not show it, and it is long.
    """
    found = Tip.objects.filter(platform_id__in=platform_ids).defer("chosen", "document", "context")
    if not words:
        return found
    named = Case.objects.filter(platform_id__in=platform_ids, number__icontains=words).values("id")
    return found.filter(Q(case_id__in=named) | Q(report_ref__icontains=words))


def cases_of_ref(platform_ids: Collection[UUID], ref: str) -> list[UUID]:
    """The cases of which an authority was told under this number of its own."""
    found = Tip.objects.filter(platform_id__in=platform_ids, report_ref=ref)
    return list(found.values_list("case_id", flat=True)[:20]) if ref else []


def others_unfinished(tip: Tip) -> bool:
    """Whether another tip of the same case, to the same authority, is still on its way."""
    others = Tip.objects.filter(case_id=tip.case_id, authority=tip.authority).exclude(id=tip.id)
    return others.exclude(state__in=ENDED).exists()


def schemas(environment: str) -> list[Schema]:
    """The newest schema of an environment, and the one before it."""
    return list(Schema.objects.filter(environment=environment).order_by("-fetched_at")[:2])


def profile_of(platform_id: UUID) -> OperatorProfile | None:
    """What was filled in of a platform's operator."""
    return OperatorProfile.objects.filter(platform_id=platform_id).first()


def uploaders_of(case: Case) -> list[tuple[str, str, str]]:
    """Accounts that brought the file here: (id, the platform's name of it, when and how).

    Who only passed it on is not among them.
    """
    copies = Copy.objects.filter(case=case, item__account__isnull=False)
    copies = copies.exclude(how=Copy.How.RESHARE).exclude(how=Copy.How.NEAR, same=None)
    copies = copies.exclude(same=False).filter(item__reshare_of=None, item__reshare_of_ref="")
    found: dict[str, tuple[str, str, str]] = {}
    for copy in copies.select_related("item__account").order_by("item__published_at")[:500]:
        account, at = copy.item.account, copy.item.published_at
        assert account is not None
        when = f"{at:%d %b %Y %H:%M} UTC" if at else "time not known"
        found.setdefault(str(account.id), (str(account.id), account.ref, f"{when}, {copy.how}"))
    return list(found.values())[:100]


def contacts_of(case: Case) -> list[tuple[str, str, str]]:
    """Notices with a contact: (id, number, standing). The address itself is not read."""
    joined = Notice.objects.filter(joins__case=case, joins__undone_at=None).distinct()
    return [
        (str(one.id), one.number, one.standing)
        for one in joined.order_by("received_at")
        if people.contact_of(one.id) is not None
    ]


def school_of(case: Case) -> str:
    """The school that a parent or guardian named last; empty without one."""
    added = Supplement.objects.filter(
        notice__joins__case=case, notice__joins__undone_at=None,
        notice__standing=Standing.GUARDIAN, said__has_key="school",
    )  # fmt: skip
    last = added.order_by("-at").first()
    return str(last.said["school"]) if last else ""


def kept_until(case: Case) -> Deadline | None:
    """Until when what was filed must be kept: a year from a finished CyberTip."""
    floors = Deadline.objects.filter(case=case, clock="us.2258a.preserve")
    return floors.order_by("-due_at").first()


def operator_of(platform_id: UUID) -> Operator:
    """Who runs this platform, as far as it was filled in."""
    row = OperatorProfile.objects.filter(platform_id=platform_id).first()
    if row is None:
        return Operator()
    said = {name: value for name, value in row.said.items() if name in Operator.__annotations__}
    return Operator(**said | {"address": Address(**row.said.get("address", {}))})


def expires_at(tip: Tip) -> datetime:
    """When an open tip is deleted at the authority if nothing happens."""
    assert tip.opened_at is not None
    return lifetime.expires_at(tip.opened_at, tip.changed_at or tip.opened_at)
