"""What notifiers have agreed to. What is not here was not agreed to."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from heed.cases.models import Case, Consent, Notice


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else's notice about the same thing: that it is there, and nothing of it."""

    number: str
    received_at: datetime


def given(notice: Notice) -> QuerySet[Consent]:
    """All that this notifier agrees to now."""
    return Consent.objects.filter(notice=notice, withdrawn_at=None).order_by("given_at")


def notices_agreeing_to(to: Consent.To) -> QuerySet[Notice]:
    """Notices whose holders agree to this now: whoever passes codes on reads it at that moment."""
    return Notice.objects.filter(consents__to=to, consents__withdrawn_at=None).distinct()


def others(notice: Notice) -> list[Other]:
    """Notices about the same thing whose holder and this one's have each named the other.

    One side alone sees nothing, and is never told whether the number that it named is anybody's.
    """
    mine = given(notice).filter(to=Consent.To.EACH_OTHER).values("other_number")
    cases = Case.objects.filter(joins__notice=notice, joins__undone_at=None)
    both = Notice.objects.filter(
        number__in=mine,
        joins__case__in=cases,
        joins__undone_at=None,
        consents__to=Consent.To.EACH_OTHER,
        consents__other_number=notice.number,
        consents__withdrawn_at=None,
    )
    rows = both.exclude(id=notice.id).distinct().order_by("received_at")
    return [Other(one.number, one.received_at) for one in rows]
