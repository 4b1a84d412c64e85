"""What is owed by when: every enabled authority's clocks, and Heed's own."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from heed.rules.clocks import (
    MEASURED_AS_AT_ONCE,
    Clock,
    Done,
    Effect,
    Happening,
    Kind,
    Pack,
    Status,
    Stop,
)
from heed.rules.spans import after
from heed.rules.statutes import PACKS, NoSuchPack
from heed.rules.triage import CHILD_HIDDEN, WITHIN_THE_HOUR, Triage

HIDE_COMPLETE_WITHIN = timedelta(hours=36)  # 12 h before 47 U.S.C. 223a(a)(3) runs out
REVIEW_CITATION = "Heed policy, review within"
ANOTHER_LOOK_CITATION = "Heed policy, another look within"
PURGE_CITATION = "Heed policy, evidence before a suspended account's data is deleted"


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


def checked(shorter: Mapping[str, timedelta]) -> None:
    """An operator's own times, before any clock runs by them: each clock is known, and none longer.

    A month is taken at its shortest, a floor's at its longest, so that no start breaks the rule.
    Raises `ClockLengthened`, `NoSuchClock`.
    """
    terms = {term.id: term for pack in PACKS.values() for term in pack.TERMS}
    for name, own in shorter.items():
        if name not in terms:
            raise NoSuchClock(f"{name!r} is none of {', '.join(sorted(terms))}")
        term = terms[name]
        spans = [after(at, term.within) - at for at in _STARTS]
        allowed = max(max(spans), MEASURED_AS_AT_ONCE)
        if term.kind is Kind.FLOOR and own < allowed:
            raise ClockLengthened(f"{name} keeps for {allowed}: {own} is less")
        if term.kind is not Kind.FLOOR and own > max(min(spans), MEASURED_AS_AT_ONCE):
            raise ClockLengthened(f"{name} is due after {term.within}: {own} is more")


def own_times(text: str) -> dict[str, timedelta]:
    """`us.2258a.report=PT6H, eu.dsa.20.window=P1Y` as spans, checked.

    Raises `ClockLengthened`, `NoSuchClock`, `NotASpan`.
    """
    own = {}
    for word in text.replace(",", " ").split():
        name, _, span = word.partition("=")
        own[name] = after(_STARTS[0], span) - _STARTS[0]
    checked(own)
    return own


# A month may have 28 days or 31, a year 365 or 366.
_STARTS = tuple(
    datetime(year, month, 1, tzinfo=UTC) for year in (2023, 2024) for month in range(1, 13)
)


class NoSuchClock(ValueError):
    """No statute has a clock of this name; the message lists those there are."""


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


def reading(within: timedelta, *, cause: str, at: datetime) -> Clock:
    """Somebody says something after they were answered: a person reads it (`read_within`)."""
    return replace(found_review(cause=cause, at=at), due_at=at + within)


def another_look(within: timedelta, *, cause: str, at: datetime) -> Clock:
    """A notifier asks for another look: a person who has not decided answers (`read_within`)."""
    return Clock(
        id="heed.another_look",
        citation=ANOTHER_LOOK_CITATION,
        cause=cause,
        due_at=at + within,
        stops=Stop.COMPLAINT_ANSWERED,
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


def flood_review(*, cause: str, at: datetime) -> Clock:
    """A source turned out to be over its bound: a person looks at what it has had hidden."""
    return replace(found_review(cause=cause, at=at), due_at=at + WITHIN_THE_HOUR)


def purge(*, cause: str, at: datetime, within: timedelta) -> Clock:
    """A suspended account's data is deleted by its platform: what is evidence is kept before."""
    return Clock(
        id="heed.purge",
        citation=PURGE_CITATION,
        cause=cause,
        due_at=at + within,
        stops=Stop.EVIDENCE_KEPT,
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
    if waiting_for is Stop.UPDATE_SENT and done is Done.OUTCOME_SENT:
        return Effect.MET  # the final word is the last update
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
