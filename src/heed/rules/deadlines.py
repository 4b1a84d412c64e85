"""What is owed by when: every enabled authority's clocks, and Heed's own."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from heed.rules.clocks import Clock, Done, Effect, Happening, Kind, Pack, Status, Stop
from heed.rules.statutes import PACKS
from heed.rules.triage import CHILD_HIDDEN, Triage

HIDE_COMPLETE_WITHIN = timedelta(hours=36)  # 12 h before 47 U.S.C. 223a(a)(3) runs out
REVIEW_CITATION = "Heed policy, review within"


class NoSuchPack(ValueError):
    """An authority is enabled that no file in `rules/statutes/` is for; the message lists them."""


class ClockLengthened(ValueError):
    """A setting gives more time than the clock has. Shorten it, or leave it out."""


def owed(
    happened: Happening,
    *,
    enabled: Collection[str],
    shorter: Mapping[str, timedelta] | None = None,
) -> list[Clock]:
    """Every clock that this starts, the nearest first. Raises `NoSuchPack`, `ClockLengthened`.

    `shorter` is the operator's own time by clock id, measured from the happening. Floors can't be
    shortened, so for them it may only be longer.
    """
    clocks = [clock for name in sorted(enabled) for clock in _pack(name).clocks(happened)]
    own = shorter or {}
    kept = [_with_own_time(clock, happened.at, own.get(clock.id)) for clock in clocks]
    return sorted(kept, key=lambda clock: (clock.due_at, clock.id))


def review(triage: Triage, *, cause: str, at: datetime) -> Clock:
    """Heed's own: a person looks. `cause` is the notice, the match or the found copies."""
    return Clock(
        id="heed.review",
        citation=REVIEW_CITATION,
        cause=cause,
        due_at=at + triage.review_within,
        stops=Stop.PERSON_LOOKED,
        kind=Kind.HOUSE,
    )


def found_review(*, cause: str, at: datetime) -> Clock:
    """A machine held an upload or found a near copy: a person looks, as for a hidden child."""
    return Clock(
        id="heed.review",
        citation=REVIEW_CITATION,
        cause=cause,
        due_at=at + CHILD_HIDDEN,
        stops=Stop.PERSON_LOOKED,
        kind=Kind.HOUSE,
    )


def complete_request_hide_by(received_at: datetime) -> datetime:
    """An adult's complete request that nobody has decided is hidden by then (rule 1)."""
    return received_at + HIDE_COMPLETE_WITHIN


def joined(*several: Iterable[Clock]) -> list[Clock]:
    """All clocks of cases that join, each once by cause and citation, the earlier due time kept."""
    kept: dict[tuple[str, str], Clock] = {}
    for clock in (clock for clocks in several for clock in clocks):
        known = kept.setdefault((clock.cause, clock.citation), clock)
        kept[clock.cause, clock.citation] = min(known, clock, key=lambda one: one.due_at)
    return sorted(kept.values(), key=lambda clock: (clock.due_at, clock.id))


def strictest(unmet: Iterable[Clock]) -> Clock | None:
    """The one to show first: the nearest that binds, else the nearest advisory; never a floor."""
    duties = [clock for clock in unmet if clock.kind is not Kind.FLOOR]
    advisory_last = lambda clock: (clock.status is Status.ADVISORY, clock.due_at, clock.id)  # noqa: E731
    return min(duties, key=advisory_last, default=None)


def stops(waiting_for: Stop, done: Done) -> Effect:
    """What a deed does to a clock that waits. Limiting an item never stops anything.

    A provisional effect ends when the item stops being hidden; then the clock is open again, with
    the time it always had.
    """
    if waiting_for is Stop.REMOVED_AND_SEARCHED:
        return _REMOVAL.get(done, Effect.NONE)
    return Effect.MET if done.value == waiting_for.value else Effect.NONE


_REMOVAL = {
    Done.HIDDEN: Effect.PROVISIONAL,
    Done.REMOVED_AND_SEARCHED: Effect.MET,
    Done.REFUSED: Effect.MET,
}


def _pack(name: str) -> Pack:
    try:
        return PACKS[name]
    except KeyError:
        raise NoSuchPack(f"{name!r} is none of {', '.join(sorted(PACKS))}") from None


def _with_own_time(clock: Clock, at: datetime, own: timedelta | None) -> Clock:
    if own is None:
        return clock
    due_at = at + own
    weaker = due_at < clock.due_at if clock.kind is Kind.FLOOR else due_at > clock.due_at
    if weaker:
        raise ClockLengthened(f"{clock.id} is due {clock.due_at - at} after its start, not {own}")
    return replace(clock, due_at=due_at)
