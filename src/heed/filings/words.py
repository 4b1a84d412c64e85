"""Until when what a notifier wrote is kept, with everything that asks for it; and whose is due."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from heed.cases.models import (
    Appeal,
    Case,
    Deadline,
    Join,
    Message,
    Notice,
    Supplement,
    Target,
    Translation,
)
from heed.cases.queries import private
from heed.filings import custody
from heed.filings.models import Answer, Danger, Order, SealedObject, Tip
from heed.filings.tip_queries import ENDED
from heed.people import rota
from heed.people.models import Contact
from heed.rules.clocks import Stop
from heed.rules.retention import Reason, Retention, WordsKept, contested_until, words_kept

SITE_ALONE = r"^https?://[^/?#]+/$"  # what stays of an address that is no item's
_GONE = (SealedObject.State.DESTROYED, SealedObject.State.FORBIDDEN, SealedObject.State.MISSED)
_UNTOLD = Reason(says="a danger was found, and no authority was told yet")


def kept_until(notice: Notice) -> WordsKept:
    """All that asks for the words of this notice, in every case that it ever was joined to."""
    cases = list(Case.objects.filter(joins__notice=notice).distinct())
    asked = [*_own(notice), *_clocks(private.clocks_of(notice)), *_calls(notice, cases)]
    if notice.protected_at is None:
        asked.append(Reason(says="what it names was not looked for yet"))
    held = [_retention_of(case) for case in cases]
    return words_kept(_said_at(notice), cases=held, reasons=asked, kept=settings.HEED_WORDS_KEPT)


def shown_until(notice: Notice) -> WordsKept:
    """The same, from what its holder sees anyhow: a hold, an order or a report stays unseen.

    Never later than the whole: what it leaves out can only ask for more.
    """
    return words_kept(_said_at(notice), reasons=_own(notice), kept=settings.HEED_WORDS_KEPT)


def gone_for_good_after(notice: Notice) -> datetime | None:
    """When the last backup that may hold them has expired; None while they are kept."""
    at = notice.words_forgotten_at
    return None if at is None else at + settings.HEED_BACKUPS_KEPT


# ------------------------------------------------------------------ what asks


def _said_at(notice: Notice) -> datetime:
    """When the last was said, either way."""
    said = [
        *Supplement.objects.filter(notice=notice).values_list("at", flat=True),
        *Message.objects.filter(notice=notice).values_list("at", flat=True),
        *Appeal.objects.filter(notice=notice).values_list("opened_at", flat=True),
        *Deadline.objects.filter(cause__startswith=f"back:{notice.id}:").values_list(
            "set_at", flat=True
        ),
    ]
    return max([notice.received_at, *said])


def _own(notice: Notice) -> list[Reason]:
    """What stands on its own private page."""
    told = Answer.objects.filter(notice_id=notice.id).values_list("sent_at", flat=True)
    reasons = [Reason(says="the answer can be contested", until=contested_until(at)) for at in told]
    return reasons + [_appeal(one) for one in Appeal.objects.filter(notice=notice)]


def _appeal(appeal: Appeal) -> Reason:
    if appeal.state == Appeal.State.OPEN or appeal.decided_at is None:
        return Reason(says="an appeal is open")
    return Reason(says="an appeal was answered", until=contested_until(appeal.decided_at))


def _clocks(which: Q) -> list[Reason]:
    """Those that run, and floors. What was missed is a breach, in the log, and no hold."""
    running = Deadline.objects.filter(which & (Q(met_at=None) | Q(stops=Stop.TIME_PASSED.value)))
    return [Reason(says=one.citation, until=one.due_at) for one in running]


def _calls(notice: Notice, cases: list[Case]) -> Iterator[Reason]:
    calls = rota.danger_calls(notice.id, [case.id for case in cases])
    for at in calls.values_list("ended_at", flat=True):
        yield Reason(says="a call of danger", until=at)
    found = Danger.objects.filter(call_id__in=calls.values("id"))
    if found.filter(told_at=None, unfounded_at=None).exists():
        yield _UNTOLD


def _retention_of(case: Case) -> Retention:
    """What asks for its evidence asks for the words; and so does what was just asked or ended."""
    kept = custody.retention_of(case)
    more = [*_clocks(Q(case=case)), *_under_way(case), *_ended(case)]
    return Retention(until=None, because=(*kept.because, *more))


def _under_way(case: Case) -> Iterator[Reason]:
    if Tip.objects.filter(case_id=case.id).exclude(state__in=ENDED).exists():
        yield Reason(says="a tip to an authority is on its way")
    if SealedObject.objects.filter(case_id=case.id).exclude(state__in=_GONE).exists():
        yield Reason(says="what stood around it is sealed as evidence")
    if Danger.objects.filter(case_id=case.id, told_at=None, unfounded_at=None).exists():
        yield _UNTOLD


def _ended(case: Case) -> Iterator[Reason]:
    """What held them once, and was lifted, answered or filed: the time counts from there."""
    for one in Appeal.objects.filter(case=case):
        yield _appeal(one)
    ends = (
        custody.holds(case.id).values_list("lifted_at", flat=True),
        custody.disputes(case.id).values_list("ended_at", flat=True),
        Order.objects.filter(cases__contains=[case.id]).values_list("answered_at", flat=True),
        Tip.objects.filter(case_id=case.id).values_list("finished_at", flat=True),
        Danger.objects.filter(case_id=case.id).values_list("told_at", flat=True),
    )
    for at in (at for times in ends for at in times if at is not None):
        yield Reason(says="what asked for it has ended", until=at)


# ------------------------------------------------------------------ whose is due


def may_be_due(after: UUID | None, limit: int, *, now: datetime) -> list[UUID]:
    """Notices in the order of their ids, without those that are surely not due."""
    since = now - settings.HEED_WORDS_KEPT
    ended = Q(case__state=Case.State.DECIDED, case__decided_at__lte=since)
    going_on = Join.objects.filter(notice=OuterRef("pk")).exclude(ended)
    old = Notice.objects.filter(_says_something(), received_at__lte=since)
    old = old.exclude(protected_at=None).exclude(Exists(going_on))
    if after is not None:
        old = old.filter(id__gt=after)
    return list(old.order_by("id").values_list("id", flat=True)[:limit])


def _says_something() -> Q:
    """Never forgotten, or something was written since."""
    of = {"notice": OuterRef("pk")}
    places = Target.objects.filter(**of, item=None).exclude(url="")
    return (
        Q(words_forgotten_at=None)
        | Exists(Message.objects.filter(**of).exclude(text=""))
        | Exists(Supplement.objects.filter(**of).exclude(said={}))
        | Exists(Translation.objects.filter(**of))
        | Exists(Appeal.objects.filter(**of).exclude(text=""))
        | Exists(places.exclude(url__regex=SITE_ALONE))
        | Exists(Contact.objects.filter(notice_id=OuterRef("pk"), address_sealed__isnull=False))
    )


def behind(*, now: datetime, at_most: int) -> int:
    """How many are due by then and still there, counted up to `at_most`."""
    late, last = 0, None
    while late < at_most and (ids := may_be_due(last, 200, now=now)):
        late += sum(kept_until(one).over(now) for one in Notice.objects.filter(id__in=ids))
        last = ids[-1]
    return min(late, at_most)
