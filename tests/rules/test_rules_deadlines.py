"""Every clock runs from first receipt, and none is ever lost."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.claims import BODIES, AgeThen, Category, Claim, Standing
from heed.rules.clocks import (
    MEASURED_AS_AT_ONCE,
    Clock,
    Done,
    Effect,
    Event,
    Happening,
    Kind,
    Pack,
    Status,
    Stop,
    Verified,
)
from heed.rules.deadlines import (
    REVIEW_CITATION,
    ClockLengthened,
    NoSuchPack,
    complete_request_hide_by,
    joined,
    owed,
    review,
    stops,
    strictest,
)
from heed.rules.statutes import DEFAULT, PACKS
from heed.rules.triage import triage
from tests.rules.strategies import claims, happenings, instants

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHILD = Claim(category=Category.MINOR_SEXUAL, age_then=AgeThen.UNDER_18, has_file=True)
ALL = frozenset(PACKS)


def due(event: Event, claim: Claim | None = CHILD, **kw: object) -> dict[str, Clock]:
    happened = Happening(event=event, cause="n1", at=AT, claim=claim)
    return {clock.id: clock for clock in owed(happened, enabled=DEFAULT, **kw)}  # type: ignore[arg-type]


@pytest.mark.parametrize("category", Category)
def test_forty_eight_hours_run_from_first_receipt_for_every_body(category: Category) -> None:
    clocks = due(Event.NOTICE_RECEIVED, replace(CHILD, category=category))
    assert ("us.tida.removal" in clocks) is (category in BODIES)
    if category in BODIES:
        assert clocks["us.tida.removal"].due_at == AT + timedelta(hours=48)
        assert clocks["us.tida.tracking"].due_at == AT + MEASURED_AS_AT_ONCE


@given(claims())
def test_missing_information_never_moves_a_clock(claim: Claim) -> None:
    """Declaration, contact, place, standing: whatever is missing, the removal clock is the same."""
    body = replace(claim, category=Category.INTIMATE_IMAGE)
    assert due(Event.NOTICE_RECEIVED, body)["us.tida.removal"].due_at == AT + timedelta(hours=48)


def test_a_notice_is_acknowledged_at_once_and_decided_within_a_day() -> None:
    clocks = due(Event.NOTICE_RECEIVED, replace(CHILD, category=Category.OTHER))
    assert clocks["eu.dsa.16.ack"].due_at == AT + MEASURED_AS_AT_ONCE
    assert clocks["eu.dsa.16.decide"].due_at == AT + timedelta(hours=24)


def test_a_trusted_flagger_is_answered_sooner() -> None:
    clocks = due(Event.NOTICE_RECEIVED, replace(CHILD, standing=Standing.TRUSTED_FLAGGER))
    assert clocks["eu.dsa.22.flagger"].due_at < clocks["eu.dsa.16.decide"].due_at


def test_the_report_to_ncmec_runs_from_a_persons_finding() -> None:
    assert "us.2258a.report" not in due(Event.NOTICE_RECEIVED)
    assert due(Event.ABUSE_FOUND)["us.2258a.report"].due_at == AT + timedelta(hours=24)
    danger = due(Event.ABUSE_FOUND, replace(CHILD, danger_now=True))
    assert danger["us.2258a.imminent"].due_at == AT + timedelta(hours=1)


def test_a_restriction_owes_reasons_and_an_appeal_an_answer() -> None:
    assert due(Event.RESTRICTED)["eu.dsa.17.statement"].due_at == AT + MEASURED_AS_AT_ONCE
    assert due(Event.COMPLAINT_RECEIVED)["eu.dsa.20.complaint"].due_at == AT + timedelta(days=7)


def test_a_decision_stays_open_to_complaint_for_six_months() -> None:
    window = due(Event.DECIDED)["eu.dsa.20.window"]
    assert (window.kind, window.due_at) == (Kind.FLOOR, datetime(2026, 12, 1, 12, tzinfo=UTC))


def test_reappearing_starts_a_new_clock() -> None:
    again = due(Event.REAPPEARED)["us.tida.removal"]
    assert again.due_at == AT + timedelta(hours=48)


def test_a_complete_request_is_hidden_before_its_time_runs_out() -> None:
    assert complete_request_hide_by(AT) < due(Event.NOTICE_RECEIVED)["us.tida.removal"].due_at


def test_hidden_stops_a_removal_clock_provisionally_and_limited_never_does() -> None:
    removal = Stop.REMOVED_AND_SEARCHED
    assert stops(removal, Done.LIMITED) is Effect.NONE
    assert stops(removal, Done.HIDDEN) is Effect.PROVISIONAL
    assert stops(removal, Done.REMOVED_AND_SEARCHED) is Effect.MET
    assert stops(removal, Done.REFUSED) is Effect.MET


@given(st.sampled_from(Stop), st.sampled_from(Done))
def test_a_clock_is_met_by_what_it_waits_for_and_by_nothing_else(stop: Stop, done: Done) -> None:
    """But for updates: the final word is the last of them."""
    if (stop, done) == (Stop.UPDATE_SENT, Done.OUTCOME_SENT):
        assert stops(stop, done) is Effect.MET
        return
    if stop is not Stop.REMOVED_AND_SEARCHED:
        assert stops(stop, done) is (Effect.MET if stop.value == done.value else Effect.NONE)


@given(claims(), instants)
def test_every_outcome_owes_a_look_by_a_time(claim: Claim, at: datetime) -> None:
    outcome = triage(claim)
    clock = review(outcome, cause="n1", at=at)
    assert clock.citation == REVIEW_CITATION and clock.stops is Stop.PERSON_LOOKED
    assert clock.due_at == at + outcome.review_within


@given(happenings())
def test_nothing_is_due_before_it_happened(happened: Happening) -> None:
    assert all(clock.due_at >= happened.at for clock in owed(happened, enabled=ALL))


@given(happenings())
def test_a_cause_and_a_citation_name_one_clock(happened: Happening) -> None:
    clocks = owed(happened, enabled=ALL)
    assert len({(clock.cause, clock.citation) for clock in clocks}) == len(clocks)


@given(st.lists(happenings(), max_size=5), st.lists(happenings(), max_size=5), st.randoms())
def test_no_clock_is_lost_when_cases_join(
    one: list[Happening], other: list[Happening], shuffler: Random
) -> None:
    mine, theirs = ([c for h in some for c in owed(h, enabled=ALL)] for some in (one, other))
    both = {(clock.cause, clock.citation): clock.due_at for clock in joined(mine, theirs)}
    for clock in (*mine, *theirs):
        assert both[clock.cause, clock.citation] <= clock.due_at
    every = [*mine, *theirs]
    shuffler.shuffle(every)
    assert {(clock.cause, clock.citation): clock.due_at for clock in joined(every)} == both


@given(happenings())
def test_the_strictest_that_binds_is_shown_first(happened: Happening) -> None:
    clocks = owed(happened, enabled=ALL)
    first = strictest(clocks)
    duties = [c for c in clocks if c.kind is not Kind.FLOOR and c.status is Status.IN_FORCE]
    assert not duties or (first and first.due_at == min(c.due_at for c in duties))


def test_an_operator_may_shorten_a_clock() -> None:
    sooner = {"us.tida.removal": timedelta(hours=24)}
    clock = due(Event.NOTICE_RECEIVED, shorter=sooner)["us.tida.removal"]
    assert clock.due_at == AT + timedelta(hours=24)


def test_an_operator_may_never_lengthen_a_clock() -> None:
    with pytest.raises(ClockLengthened, match=r"us\.tida\.removal"):
        due(Event.NOTICE_RECEIVED, shorter={"us.tida.removal": timedelta(hours=49)})


def test_an_operator_may_keep_longer_and_never_shorter() -> None:
    longer = {"eu.dsa.20.window": timedelta(days=365)}
    kept = due(Event.DECIDED, shorter=longer)["eu.dsa.20.window"]
    assert kept.due_at == AT + timedelta(days=365)
    with pytest.raises(ClockLengthened):
        due(Event.DECIDED, shorter={"eu.dsa.20.window": timedelta(days=30)})


def test_an_unknown_authority_is_refused_by_name() -> None:
    with pytest.raises(NoSuchPack, match="take_it_down"):
        owed(Happening(event=Event.DECIDED, cause="d", at=AT), enabled={"atlantis"})


def test_what_may_not_have_commenced_is_shown_as_advisory() -> None:
    adult = replace(CHILD, category=Category.INTIMATE_IMAGE, age_then=AgeThen.ADULT)
    happened = Happening(event=Event.NOTICE_RECEIVED, cause="n", at=AT, claim=adult)
    [clock] = owed(happened, enabled={"uk_osa"})
    assert clock.status is Status.ADVISORY


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS.keys())
def test_every_statute_names_its_citation_its_date_and_how_far_it_was_read(pack: Pack) -> None:
    assert pack.CITATION and pack.SOURCE
    assert pack.IN_FORCE is None or isinstance(pack.IN_FORCE, date)
    assert isinstance(pack.CHECKED_ON, date)
    assert pack.STATUS in Status
    assert pack.TERMS
    for term in pack.TERMS:
        assert term.citation and term.verified in Verified
