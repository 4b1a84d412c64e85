"""How much people have looked at: counted from their own viewing log, never guessed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from heed.people.models import Viewing
from heed.people.staff_models import HandedOn, OwnLimits
from heed.rules import health, watching
from heed.rules.health import Limits, Look
from heed.rules.watching import Span

FEWEST = 4  # people: figures of fewer would be somebody's own


def looks_of(staff_id: UUID, *, now: datetime, days: int = 7) -> list[Look]:
    """One person's looks of the last days, oldest first."""
    return _looks([staff_id], now=now, days=days)[staff_id]


def _looks(staff_ids: Collection[UUID], *, now: datetime, days: int = 7) -> dict[UUID, list[Look]]:
    since = now - timedelta(days=days)
    rows = Viewing.objects.filter(staff_id__in=staff_ids, opened_at__gt=since)
    seen = rows.values_list("staff_id", "file_id", "opened_at", "seconds", "severity")
    found: dict[UUID, list[Look]] = {one: [] for one in staff_ids}
    for staff, file, at, seconds, severity in seen.order_by("opened_at"):
        look = Look(file_id=str(file), opened_at=at, seconds=seconds, severity=severity)
        found[staff].append(look)
    return found


def limits_of(staff_id: UUID) -> Limits:
    """The person's own limits, which are never above those of the house."""
    return _limits([staff_id])[staff_id]


def _limits(staff_ids: Collection[UUID]) -> dict[UUID, Limits]:
    own = {one.staff_id: one for one in OwnLimits.objects.filter(staff_id__in=staff_ids)}
    return {one: _lower(own[one]) if one in own else Limits() for one in staff_ids}


def _lower(own: OwnLimits) -> Limits:
    return Limits(
        files_a_shift=min(own.files_a_shift, health.FILES_A_SHIFT),
        seconds_a_shift=min(own.seconds_a_shift, health.SECONDS_A_SHIFT),
        seconds_a_week=min(own.seconds_a_week, health.SECONDS_A_WEEK),
    )


def note_seconds(viewing_id: UUID, staff_id: UUID, seconds: float, *, now: datetime) -> bool:
    """How long a look was unblurred: it only grows, and never beyond the time that has passed."""
    look = Viewing.objects.filter(id=viewing_id, staff_id=staff_id).first()
    if look is None:
        return False
    real = min(seconds, (now - look.opened_at).total_seconds())
    longer = Viewing.objects.filter(id=viewing_id, seconds__lt=real)
    return bool(longer.update(seconds=real))


def part_of(viewing_id: UUID, staff_id: UUID) -> Viewing | None:
    """One's own look at a part of a video, locked: for writing down what was played of it."""
    parts = Viewing.objects.select_for_update().filter(until_ms__isnull=False)
    return parts.filter(id=viewing_id, staff_id=staff_id).first()


def note_played(part: Viewing, spans: Sequence[Span]) -> bool:
    """What was played of this part by now. It only grows; False when it did not."""
    assert part.from_ms is not None and part.until_ms is not None
    before = [(int(begin), int(end)) for begin, end in part.played]
    played = watching.within([*before, *spans], part.from_ms, part.until_ms)
    if list(played) == before:
        return False
    return bool(Viewing.objects.filter(id=part.id).update(played=[list(one) for one in played]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How much of a video one person has seen in full, in one case."""

    seen_ms: int
    end_ms: int | None  # None: nobody here has come to its end
    whole: bool


def watched(staff_id: UUID, case_id: UUID, file_id: UUID) -> Watched:
    """The union of what was played in full, against the whole."""
    parts = Viewing.objects.filter(file_id=file_id, until_ms__isnull=False)
    end_ms = parts.filter(last=True).order_by("-until_ms").values_list("until_ms", flat=True)
    mine = parts.filter(staff_id=staff_id, case_id=case_id, variant="moving-full")
    spans = [(one[0], one[1]) for played in mine.values_list("played", flat=True) for one in played]
    end = end_ms.first()
    return Watched(seen_ms=watching.length_ms(spans), end_ms=end, whole=watching.whole(spans, end))


def note_whole(part: Viewing) -> bool:
    """With this look the last of the file was seen. True once for each person and case."""
    mine = Viewing.objects.filter(
        staff_id=part.staff_id, case_id=part.case_id, file_id=part.file_id, whole=True
    )
    if mine.exists():
        return False
    return bool(Viewing.objects.filter(id=part.id, whole=False).update(whole=True))


def keep_limits(staff_id: UUID, limits: Limits, *, now: datetime) -> None:
    """The limits that somebody sets for themselves."""
    OwnLimits.objects.update_or_create(
        staff_id=staff_id,
        defaults={
            "files_a_shift": limits.files_a_shift,
            "seconds_a_shift": limits.seconds_a_shift,
            "seconds_a_week": limits.seconds_a_week,
            "changed_at": now,
        },
    )


def note_handed_on(case_id: UUID, staff_id: UUID, *, now: datetime) -> bool:
    """This case is not offered to this person again. False when it was not before."""
    _, made = HandedOn.objects.get_or_create(
        case_id=case_id, staff_id=staff_id, defaults={"at": now}
    )
    return made


def handed_on_by(staff_id: UUID) -> list[UUID]:
    """The cases that somebody handed on."""
    return list(HandedOn.objects.filter(staff_id=staff_id).values_list("case_id", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of one person, or of all."""

    on: datetime
    files: int
    seconds: float


def days_of(looks: Sequence[Look], *, now: datetime, days: int) -> list[Day]:
    """Day by day (UTC), the oldest first, with the empty ones."""
    by_day: dict[object, list[Look]] = defaultdict(list)
    for look in looks:
        by_day[look.opened_at.date()].append(look)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for back in range(days - 1, -1, -1):
        on = midnight - timedelta(days=back)
        sums = health.tally(by_day.get(on.date(), []))
        found.append(Day(on=on, files=sums.files, seconds=sums.seconds))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A week of everybody who looked, without anybody's name. None: too few people to say, for
    what one of two knows of themselves tells the other's.
    """

    people: int
    files: int | None
    seconds: float | None
    median_seconds: float | None
    most_seconds: float | None
    at_their_limit: int | None
    gravest_share: float | None  # of the looks, of the highest severity


def team(staff_ids: Sequence[UUID], *, now: datetime) -> Team:
    """The last seven days."""
    each, limits = _looks(staff_ids, now=now), _limits(staff_ids)
    sums = {one: health.tally(looks) for one, looks in each.items() if looks}
    seconds = [one.seconds for one in sums.values()]
    told = len(sums) >= FEWEST
    full = sum(sums[one].seconds >= limits[one].seconds_a_week for one in sums)
    every = [look for looks in each.values() for look in looks]
    grave = sum(look.severity == 3 for look in every)
    return Team(
        people=len(sums),
        files=sum(one.files for one in sums.values()) if told else None,
        seconds=sum(seconds) if told else None,
        median_seconds=median(seconds) if told else None,
        most_seconds=max(seconds) if told else None,
        at_their_limit=full if told else None,
        gravest_share=grave / len(every) if told else None,
    )
