"""Clocks over any history: none is ever lost, none is met twice, none is silently late.

meet_deadlines, write_to_notifier and the clocks that the stories start, as rows.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from heed.cases.models import Case, Deadline
from heed.cases.services import deadlines
from heed.flows.meet_deadlines import meet_deadlines
from heed.flows.shared import clocks
from heed.flows.write_to_notifier import write_to_notifier
from heed.ledger.models import EntryBody
from heed.rules.clocks import Done, Event, Kind, Status, Stop
from heed.rules.deadlines import ClockLengthened, NoSuchClock, own_times
from heed.rules.orders import INSTRUMENTS
from heed.rules.statutes import JURISDICTIONS, PACKS, NoSuchPack, named
from tests.flows.stage import HOUR, Stage, picture
from tests.people import dana, gil

ALL = sorted(PACKS)
EVENTS_OF_ORDERS = {  # what starts clocks that no case shows
    "us_2702": Event.EMERGENCY_ASKED, "us_2703": Event.PRESERVATION_ASKED,
    "tco": Event.REMOVAL_ORDERED, "dsa": Event.DANGER_SUSPECTED,
}  # fmt: skip
ORDERS = [Done.REQUEST_ANSWERED, Done.REFUSED, Done.POLICE_TOLD]

PAIRS = sorted(
    {(term.on, Done(term.stops.value)) for pack in PACKS.values() for term in pack.TERMS}
)
nth = st.integers(0, 1)


def deeds(pairs: list[tuple[Event, Done]]) -> st.SearchStrategy[Any]:
    """What happens: few kinds of things, so that each happens again and again to the same clock.

    Mostly what these clocks wait for, else nearly nothing would ever be done to them twice.
    """
    waited_for = [one for _, one in pairs] * 9
    what: dict[str, list[Any]] = {
        "event": [one for one, _ in pairs],
        "done": [*waited_for, *Done],
        "time": [1, 5, 24, 72, 24 * 200],
        "alone": sorted(EVENTS_OF_ORDERS),
        "answered": [*ORDERS, *waited_for[:2]],
        "sweep": [None],
    }
    often = ["event", "done", "time", *what]
    return st.sampled_from(often).flatmap(
        lambda kind: st.tuples(st.just(kind), st.sampled_from(what[kind]), nth)
    )


histories = st.lists(st.sampled_from(PAIRS), min_size=1, max_size=2).flatmap(
    lambda pairs: st.lists(deeds(pairs), min_size=6, max_size=16)
)


class Book:
    """What was ever seen of each clock, to compare every later look with."""

    def __init__(self) -> None:
        self.seen: dict[Any, tuple[datetime, datetime | None, datetime | None]] = {}

    def look(self) -> None:
        now = {d.id: (d.due_at, d.met_at, d.breached_at) for d in Deadline.objects.all()}
        for one, (due_at, met_at, breached_at) in self.seen.items():
            assert one in now, "a clock was lost"
            assert now[one][0] == due_at, "a due time was moved"
            assert met_at is None or now[one][1] == met_at, "a clock was met twice"
            assert breached_at is None or now[one][2] == breached_at, "a breach was unsaid"
        self.seen = now


def nothing_is_silently_late(at: datetime) -> None:
    """After a sweep every binding clock that has passed is met, breached, or stands still."""
    late = Deadline.objects.filter(due_at__lt=at, met_at=None, breached_at=None, held_at=None)
    assert not late.exclude(status=Status.ADVISORY).exists()
    met_late = Deadline.objects.filter(met_at__gt=F("due_at"), held_at=None, breached_at=None)
    binding = met_late.exclude(status=Status.ADVISORY).exclude(stops=Stop.TIME_PASSED)
    assert not binding.exists(), "met late, and nobody said so"
    entered = EntryBody.objects.filter(event="deadline.breached").count()
    assert entered == Deadline.objects.exclude(breached_at=None).count()
    assert not Deadline.objects.filter(kind=Kind.FLOOR).exclude(breached_at=None).exists()


def until_all_have_passed(book: Book, now: datetime) -> None:
    """Sweeps at once, when every clock and floor is over, and once more with nothing to say."""
    for days in (0, 400, 400):
        meet_deadlines(now=now + timedelta(days=days))
        book.look()
        nothing_is_silently_late(now + timedelta(days=days))


@pytest.mark.django_db
@tried(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_no_clock_is_lost_met_twice_or_silently_late(
    case: Case, settings: Any, history: list[tuple[str, Any, int]]
) -> None:
    settings.HEED_STATUTES = ALL
    Deadline.objects.all().delete()
    EntryBody.objects.filter(event="deadline.breached").delete()
    now, book = case.opened_at, Book()
    for kind, what, nth in history:
        now += timedelta(minutes=1)
        if kind == "event":
            due = clocks.of_case(case, event=what, cause=f"{what}:{nth}", at=now)
            deadlines.set_clocks(case, due, now=now)
            kept = set(Deadline.objects.values_list("cause", "citation"))
            missing = {(clock.cause, clock.citation) for clock in due} - kept
            assert not missing
        elif kind == "alone":
            due = clocks.of_law(what, event=EVENTS_OF_ORDERS[what], cause=f"order:{nth}", at=now)
            deadlines.set_clocks(None, due, now=now)
            kept = set(Deadline.objects.values_list("cause", "citation"))
            assert {(clock.cause, clock.citation) for clock in due} <= kept
        elif kind == "answered":
            deadlines.done(what, now=now, cause=f"order:{nth}")
        elif kind == "done":
            deadlines.done(what, now=now, case_id=case.id)
        elif kind == "time":
            now += what * HOUR
        else:
            meet_deadlines(now=now)
        book.look()
    until_all_have_passed(book, now)


@pytest.fixture
def case(town: Stage) -> Case:
    one = picture("one")
    town.post("post", one)
    town.hear(gil(town.url("post")))
    return town.case(one)


def test_what_was_met_or_late_once_is_not_so_again(case: Case, settings: Any) -> None:
    """Directly what the histories find by trying: a clock of a case, and those of orders."""
    settings.HEED_STATUTES = ALL
    Deadline.objects.all().delete()
    at = case.opened_at
    tip = clocks.of_case(case, event=Event.ABUSE_FOUND, cause="found", at=at)
    deadlines.set_clocks(case, tip, now=at)
    asked = clocks.of_law("us_2702", event=Event.EMERGENCY_ASKED, cause="order:1", at=at)
    deadlines.set_clocks(None, asked, now=at)
    held = clocks.of_law("us_2703", event=Event.PRESERVATION_ASKED, cause="order:2", at=at)
    late = clocks.of_law("us_2702", event=Event.EMERGENCY_ASKED, cause="order:3", at=at + 5 * HOUR)
    deadlines.set_clocks(None, [*held, *late], now=at)
    assert deadlines.done(Done.CYBERTIP_FINISHED, now=at + HOUR / 2, case_id=case.id)
    meet_deadlines(now=at + 2 * HOUR)
    assert deadlines.done(Done.REQUEST_ANSWERED, now=at + 3 * HOUR, cause="order:1")
    assert deadlines.done(Done.REQUEST_ANSWERED, now=at + 8 * HOUR, cause="order:3")  # no sweep
    book = Book()
    book.look()
    again = at + 9 * HOUR
    assert deadlines.done(Done.CYBERTIP_FINISHED, now=again, case_id=case.id) == []
    assert deadlines.done(Done.REQUEST_ANSWERED, now=again, cause="order:1") == []
    meet_deadlines(now=again)
    book.look()
    nothing_is_silently_late(again)
    assert EntryBody.objects.filter(event="deadline.breached").count() == 2
    meet_deadlines(now=at + timedelta(days=91))
    assert Deadline.objects.get(cause="order:2", stops=Stop.TIME_PASSED).met_at


# ------------------------------------------------------------------ what the flows meet


def open_now(clock: str) -> list[datetime]:
    found = Deadline.objects.filter(clock=clock, met_at=None).order_by("due_at")
    return list(found.values_list("due_at", flat=True))


def test_each_update_owes_the_next_until_the_outcome(town: Stage, settings: Any) -> None:
    """California: every seven days, counted from the last update, until there is a final word."""
    settings.HEED_STATUTES = ["california"]
    one, rae = picture("one"), town.staff("Rae")
    town.post("post", one)
    heard = town.hear(gil(town.url("post")))
    assert open_now("ca.ab1394.confirm") == []  # no address was left: the page is what they chose
    week, begun = timedelta(days=7), town.now
    assert open_now("ca.ab1394.update") == [begun + week]
    for day in (1, 3):
        town.now = begun + timedelta(days=day)
        write_to_notifier(notice_id=heard.notice_id, text="We look.", by=rae.id, now=town.now)
        assert open_now("ca.ab1394.update") == [town.now + week]
    town.remove(town.case(one), rae)
    assert open_now("ca.ab1394.update") == [] and open_now("ca.ab1394.decide") == []


def test_a_mailed_confirmation_is_one(town: Stage, settings: Any) -> None:
    from heed.flows.send_mail import send_confirmation

    settings.HEED_STATUTES = ["california"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    town.post("post", picture("one"))
    heard = town.hear(dana(town.url("post")))
    assert len(open_now("ca.sb981.confirm")) == 1
    send_confirmation(notice_id=heard.notice_id, now=town.now)
    assert open_now("ca.sb981.confirm") == []


def test_an_operators_own_time_is_kept_and_never_a_longer_one(town: Stage, settings: Any) -> None:
    settings.HEED_SHORTER_CLOCKS = own_times("eu.dsa.16.decide=PT6H")
    town.post("post", picture("one"))
    town.hear(gil(town.url("post")))
    assert open_now("eu.dsa.16.decide") == [town.now + 6 * HOUR]
    with pytest.raises(ClockLengthened):
        own_times("us.tida.removal=PT49H")
    with pytest.raises(ClockLengthened):
        own_times("eu.dsa.20.window=P5M")
    with pytest.raises(NoSuchClock, match=r"us\.tida\.removal"):
        own_times("us.tida=PT1H")
    assert own_times("") == {}


def test_packs_are_named_whole_or_by_statute() -> None:
    assert named(["us", "take_it_down", "dsa"]) == (
        "take_it_down", "us_2258a", "us_2702", "us_2703", "dsa",
    )  # fmt: skip
    assert {name for pack in JURISDICTIONS.values() for name in pack} == set(PACKS)
    with pytest.raises(NoSuchPack, match="us-ca"):
        named(["mars"])


def test_every_clock_waits_for_something_that_can_be_done() -> None:
    """A clock that nothing can meet would call every operator late."""
    waits = {term.stops for pack in PACKS.values() for term in pack.TERMS}
    assert waits <= {Stop(done.value) for done in Done if done.value in set(Stop)}


@pytest.mark.parametrize(("table", "name"), [(Event, "Event"), (Done, "Done")])
def test_no_statute_waits_for_what_no_story_ever_says(table: Any, name: str) -> None:
    """A clock that nobody starts, or that nobody can meet, is a promise on paper."""
    flows = Path(clocks.__file__).parents[1]
    text = "".join(path.read_text() for path in flows.rglob("*.py"))
    said = set(re.findall(rf"\b{name}\.([A-Z_]+)", text))
    said |= {one.event.name for one in INSTRUMENTS.values() if one.event and name == "Event"}
    terms = [term for pack in PACKS.values() for term in pack.TERMS]
    asked = {term.on if table is Event else Done(term.stops.value) for term in terms}
    assert {one.name for one in asked} - said <= {"TIME_PASSED"}
