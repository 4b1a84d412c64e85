"""Writing down what somebody agrees to, and takes back."""

from datetime import datetime

from heed.cases.models import Consent, Notice


def give(notice: Notice, to: Consent.To, *, other_number: str = "", now: datetime) -> bool:
    """False when it was given before, and stands."""
    return Consent.objects.get_or_create(
        notice=notice,
        to=to,
        other_number=other_number,
        withdrawn_at=None,
        defaults={"given_at": now},
    )[1]


def withdraw(notice: Notice, to: Consent.To, *, other_number: str = "", now: datetime) -> bool:
    """False when nothing of the kind stood."""
    live = Consent.objects.filter(notice=notice, to=to, withdrawn_at=None)
    return bool(live.filter(other_number=other_number).update(withdrawn_at=now))
