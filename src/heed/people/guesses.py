"""Wrong guesses and repeated tries, counted in the database for all processes.

A source that guesses wrong waits. A number that many guess at stays open to everybody who has not
guessed at it: only each single source has fewer tries then, so that its owner is not shut out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from heed.people.models import Guess
from heed.people.services import blind_index

BY_SOURCE = 10  # wrong ones, of any number
BY_SOURCE_WITHIN = timedelta(minutes=10)
AT_NUMBER = 50  # wrong ones, by anybody: then it is under attack
THEN_BY_SOURCE = 3  # of this number, from one source
WITHIN = timedelta(hours=1)


def wait(source: str, number: str, *, now: datetime) -> timedelta | None:
    """How long this source must wait before it may guess at this number; None: not at all."""
    mine = Guess.objects.filter(source=blind_index(source))
    waits = [_wait(mine, BY_SOURCE, BY_SOURCE_WITHIN, now)]
    at_number = Guess.objects.filter(number=blind_index(number), at__gt=now - WITHIN)
    if at_number.count() >= AT_NUMBER:
        waits.append(_wait(mine.filter(number=blind_index(number)), THEN_BY_SOURCE, WITHIN, now))
    return max((one for one in waits if one is not None), default=None)


def wrong(source: str, number: str, *, now: datetime) -> None:
    """Count one; what is older than any limit asks for is forgotten."""
    forget_old(now=now)
    Guess.objects.create(source=blind_index(source), number=blind_index(number), at=now)


def forget_old(*, now: datetime) -> int:
    """What is older than any limit asks for; returns how many."""
    return Guess.objects.filter(at__lt=now - WITHIN).delete()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """At most `most` tries of one name at one door `within` a span, an hour at the longest."""

    door: str
    most: int
    within: timedelta

    def again_at(self, name: str, now: datetime) -> datetime | None:
        """When this name may try again; None: now."""
        mine = Guess.objects.filter(source=self._source(name))
        wait = _wait(mine, self.most, self.within, now)
        return None if wait is None else now + wait

    def count(self, name: str, now: datetime) -> None:
        """Count a try."""
        forget_old(now=now)
        Guess.objects.create(source=self._source(name), number=blind_index(self.door), at=now)

    def _source(self, name: str) -> bytes:
        return blind_index(f"{self.door}:{name}")


def _wait(rows: QuerySet[Guess], most: int, within: timedelta, now: datetime) -> timedelta | None:
    recent = rows.filter(at__gt=now - within).order_by("-at").values_list("at", flat=True)
    times = list(recent[:most])
    return times[-1] + within - now if len(times) >= most else None
