"""call_duty, answer_call, keep_rota: danger and waiting reach a person, whatever fails."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from heed.cases.models import Case, Deadline
from heed.cases.services import deadlines
from heed.cases.services.notices import Place
from heed.filings.danger import DangerEnded
from heed.flows import answer_order, report_danger, wiring
from heed.flows.answer_call import end_call, note_step, take_call
from heed.flows.call_duty import call_duty, try_ways, turn_of
from heed.flows.keep_rota import NotOnRota, add_shifts, cancel_shift, name_telephone
from heed.flows.protect_target import PLACES_AT_ONCE
from heed.flows.take_case import take_case
from heed.flows.withdraw_notice import withdraw_notice
from heed.people import rota
from heed.people.duty_models import Call, Ring, Shift
from heed.people.models import Role, Staff
from heed.rules.clocks import Done
from tests.flows.stage import Stage, entries, picture
from tests.flows.stand_in_pager import StandInPager
from tests.flows.test_orders import asks
from tests.people import gil, somebody, staff

ONE = picture("one")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def pager(settings: Settings) -> Iterator[type[StandInPager]]:
    settings.HEED_PAGER_PORT = "tests.flows.stand_in_pager.StandInPager"
    wiring.pager.cache_clear()
    StandInPager.rang, StandInPager.deaf = [], set()
    yield StandInPager
    wiring.pager.cache_clear()


@pytest.fixture
def rae(town: Stage) -> Staff:
    return staff("Rae", town.platform.id, Role.SENIOR, now=town.now)


@pytest.fixture
def sam(town: Stage) -> Staff:
    return staff("Sam", town.platform.id, Role.REVIEWER, now=town.now)


def on_duty(town: Stage, *people: Staff) -> None:
    for place, person in enumerate(people, 1):
        add_shifts(
            platform_id=town.platform.id, staff_id=person.id, place=place, begins_at=town.now,
            ends_at=town.now + timedelta(hours=12), by=person.id, now=town.now,
        )  # fmt: skip


def rung(pager: type[StandInPager]) -> list[str]:
    found = [address.split("@")[0] for address, _ in pager.rang]
    pager.rang.clear()
    return found


def test_a_telephone_that_somebody_named_rings_beside_their_mail(
    town: Stage, pager: type[StandInPager], rae: Staff, sam: Staff
) -> None:
    on_duty(town, rae, sam)
    name_telephone(staff_id=rae.id, push_url="https://push.example/t", now=town.now)
    assert try_ways(staff_id=rae.id, now=town.now) == {"mail": "", "push": ""}
    assert try_ways(staff_id=sam.id, now=town.now) == {"mail": ""}
    pager.rang.clear()
    town.post("post", ONE)
    town.hear(gil(town.url("post"), danger_now=True))
    pager.deaf = {rae.email}
    call_duty(now=town.now)
    assert rung(pager) == ["https://push.example/t"], "one way that works is enough"
    call = Call.objects.get()
    assert [one.id for one in turn_of(call, now=town.now)] == [sam.id]
    assert {(one.way, bool(one.failed)) for one in Ring.objects.all()} == {
        ("mail", True), ("push", False),
    }  # fmt: skip
    pager.deaf.add("https://push.example/t")
    assert all(try_ways(staff_id=rae.id, now=town.now).values())
    name_telephone(staff_id=rae.id, push_url="", now=town.now)
    assert try_ways(staff_id=rae.id, now=town.now) == {"mail": "mail: nobody there"}


def test_danger_rings_at_once_then_the_next_person_then_everybody(
    town: Stage, pager: type[StandInPager], rae: Staff, sam: Staff
) -> None:
    on_duty(town, rae)
    town.post("post", ONE)
    town.hear(gil(town.url("post"), danger_now=True))
    assert Call.objects.get().kind == "danger"
    call_duty(now=town.now)
    call_duty(now=town.now)
    assert rung(pager) == ["rae"]
    town.later(6 * MINUTE)
    call_duty(now=town.now)
    assert rung(pager) == ["rae", "sam"]
    assert entries("duty.called") == 1


def test_what_the_pager_is_given_names_nobody_and_no_address_of_a_post(
    town: Stage, pager: type[StandInPager], rae: Staff
) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post"), danger_now=True, police_reference="2026-99", words="He is 13"))
    call_duty(now=town.now)
    _, words = pager.rang[0]
    said = words.subject + words.text
    assert words.urgent
    assert str(Call.objects.get().id) in said
    for secret in ("2026-99", "He is 13", town.url("post"), "Gil"):
        assert secret not in said


def test_whoever_cannot_be_reached_is_followed_by_the_next_within_a_minute(
    town: Stage, pager: type[StandInPager], rae: Staff, sam: Staff
) -> None:
    on_duty(town, rae, sam)
    pager.deaf.add(rae.email)
    town.post("post", ONE)
    town.hear(gil(town.url("post"), danger_now=True))
    call_duty(now=town.now)
    town.later(MINUTE)
    call_duty(now=town.now)
    assert rung(pager) == ["sam"]
    assert list(Ring.objects.order_by("rung_at").values_list("failed", flat=True)) == [
        "mail: nobody there", "",
    ]  # fmt: skip


def test_who_takes_a_call_is_left_in_peace_and_rung_again_if_nothing_happens(
    town: Stage, pager: type[StandInPager], rae: Staff
) -> None:
    on_duty(town, rae)
    town.post("post", ONE)
    town.hear(gil(town.url("post"), danger_now=True))
    call_duty(now=town.now)
    call = Call.objects.get()
    assert take_call(call_id=call.id, by=rae.id, now=town.now)
    assert note_step(call_id=call.id, step="Call 112", by=rae.id, now=town.now)
    assert not note_step(call_id=call.id, step="Call 112", by=rae.id, now=town.now)
    assert not end_call(call_id=call.id, by=rae.id, now=town.now)
    rung(pager)
    town.later(20 * MINUTE)
    call_duty(now=town.now)
    assert rung(pager) == []
    take_case(case_id=Case.objects.get().id, by=rae.id, now=town.now + 9 * MINUTE)
    town.later(12 * MINUTE)
    call_duty(now=town.now)
    assert rung(pager) == []
    town.later(10 * MINUTE)
    call_duty(now=town.now)
    assert rung(pager) == ["rae"]
    Case.objects.update(state=Case.State.DECIDED)
    town.later(10 * MINUTE)
    call_duty(now=town.now)
    assert rung(pager) == []
    assert Call.objects.get().ended_at == town.now


def test_danger_is_heard_although_what_was_named_is_nowhere_here(
    town: Stage, pager: type[StandInPager], rae: Staff
) -> None:
    town.hear(somebody("https://elsewhere.example/x", danger_now=True))
    call_duty(now=town.now)
    assert rung(pager) == ["rae"]
    call = Call.objects.get()
    ended = end_call(call_id=call.id, by=rae.id, now=town.now)
    assert ended == (call.case_id is None)


def test_who_is_made_to_take_a_notice_back_silences_no_call_about_a_life(
    town: Stage, pager: type[StandInPager], rae: Staff
) -> None:
    """What was looked up of it so far is nowhere here: there is no case that a person decides."""
    elsewhere = [f"https://elsewhere.example/{n}" for n in range(PLACES_AT_ONCE)]
    more = {"danger_now": True, "places": [Place(url=url) for url in [*elsewhere, town.url("x")]]}
    heard = town.hear(somebody(**more), then_work=False)
    assert Call.objects.get().case_id is None
    assert withdraw_notice(notice_id=heard.notice_id, now=town.now)
    for _ in range(2):
        call_duty(now=town.now)
        assert rung(pager) == ["rae"], "it rings on until a person has seen to it"
        town.later(6 * MINUTE)
    town.work()
    call = Call.objects.get()
    assert call.case_id == town.case(item=town.url("x")).id, "what it is about is found from it"
    assert not end_call(call_id=call.id, by=rae.id, now=town.now), "that ends with a decision"


def test_a_danger_that_one_of_us_finds_has_the_laws_hour_and_rings_until_the_police_know(
    town: Stage, pager: type[StandInPager], rae: Staff
) -> None:
    """report_danger. What a notice claims starts no clock of DSA article 18; what we find does."""
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    case = town.case(ONE)
    of = {"platform_id": case.platform_id, "case_id": case.id, "call_id": None, "by": rae.id}
    with pytest.raises(report_danger.NotSaid, match="who is in what danger"):
        report_danger.find(**of, why=" ", now=town.now)
    case.refresh_from_db()
    assert not case.danger and not Call.objects.exists()
    found = report_danger.find(**of, why="He writes that he will jump.", now=town.now)
    hour = Deadline.objects.get(clock="eu.dsa.18.suspicion")
    assert (hour.case_id, hour.due_at) == (case.id, town.now + timedelta(hours=1))
    case.refresh_from_db()
    assert (case.danger, case.rung) == (True, 0)
    town.remove(case, rae)  # a decision does not end it, nor does NCMEC or a hotline
    deadlines.done(Done.AUTHORITY_TOLD, now=town.now, case_id=case.id)
    call_duty(now=town.now)
    assert rung(pager) == ["rae"] and Call.objects.get().ended_at is None
    town.later(timedelta(hours=2))
    with pytest.raises(report_danger.NotSaid, match="which authority"):
        report_danger.tell(danger_id=found.id, told="", by=rae.id, now=town.now)
    report_danger.tell(danger_id=found.id, told="110", told_ref="77", by=rae.id, now=town.now)
    hour.refresh_from_db()
    assert hour.met_at == hour.breached_at == town.now  # an hour late, and said so
    call_duty(now=town.now)
    assert Call.objects.get().ended_at == town.now
    with pytest.raises(DangerEnded):
        report_danger.dismiss(danger_id=found.id, why="x", by=rae.id, now=town.now)
    assert (entries("danger.found"), entries("danger.told")) == (1, 1)


def test_a_danger_that_was_none_ends_with_the_reason(town: Stage, rae: Staff) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    case = town.case(ONE)
    of = {"platform_id": case.platform_id, "case_id": case.id, "call_id": None, "by": rae.id}
    found = report_danger.find(**of, why="And now his sister.", now=town.now)
    report_danger.dismiss(danger_id=found.id, why="A song's words.", by=rae.id, now=town.now)
    assert not Deadline.objects.filter(clock="eu.dsa.18.suspicion", met_at=None).exists()


def test_an_emergency_request_rings_those_who_may_answer_officers_until_it_is_answered(
    town: Stage, pager: type[StandInPager], rae: Staff, sam: Staff
) -> None:
    lee = staff("Lee", town.platform.id, Role.LIAISON, now=town.now)
    on_duty(town, sam, rae)
    order = asks(town, "emergency", identifiers="account uri", danger="He has a knife.")
    call = Call.objects.get()
    assert (call.kind, call.due_at) == ("danger", town.now + timedelta(hours=1))
    call_duty(now=town.now)
    _, words = pager.rang[0]
    assert "knife" not in words.text + words.subject and order.number not in words.text
    assert rung(pager) == ["rae"]  # Sam is first on duty, and may not answer officers
    town.later(6 * MINUTE)
    call_duty(now=town.now)
    assert sorted(rung(pager)) == ["lee", "rae", "sam"]
    assert not end_call(call_id=call.id, by=lee.id, now=town.now)
    answer_order.refuse(order_id=order.id, answer="Nobody knows it.", by=lee.id, now=town.now)
    town.later(6 * MINUTE)
    call_duty(now=town.now)
    assert rung(pager) == [] and Call.objects.get().ended_at == town.now
    asks(town, "subpoena", identifiers="account uri")
    assert Call.objects.count() == 1


def test_every_case_that_waits_calls_once_for_all_when_half_of_its_time_is_gone(
    town: Stage, pager: type[StandInPager], rae: Staff
) -> None:
    on_duty(town, rae)
    for name in ("one", "two", "three"):
        town.post(name, picture(name))
        town.hear(gil(town.url(name)))
    call_duty(now=town.now)
    assert rung(pager) == []
    town.later(timedelta(hours=2, minutes=1))
    call_duty(now=town.now)
    assert "3 cases wait for somebody" in pager.rang[0][1].text
    assert rung(pager) == ["rae"]
    take_call(call_id=Call.objects.get().id, by=rae.id, now=town.now)
    town.later(timedelta(hours=3))
    call_duty(now=town.now)
    assert "3 overdue" in pager.rang[0][1].text
    Case.objects.update(taken_until=town.now + timedelta(hours=3))
    town.later(timedelta(hours=2))
    call_duty(now=town.now)
    assert Call.objects.get().ended_at is not None


def test_a_liaison_on_duty_is_rung_first_for_officers_and_never_alone_for_a_case(
    town: Stage, pager: type[StandInPager], rae: Staff, sam: Staff
) -> None:
    lee = staff("Lee", town.platform.id, Role.LIAISON, now=town.now)
    on_duty(town, lee, sam)
    asks(town, "emergency", identifiers="account uri", danger="He has a knife.")
    call_duty(now=town.now)
    assert rung(pager) == ["lee"]
    town.post("post", ONE)
    town.hear(gil(town.url("post"), danger_now=True))
    call_duty(now=town.now)
    assert rung(pager) == ["sam"]
    Shift.objects.filter(staff=sam).update(cancelled_at=town.now)
    town.later(6 * MINUTE)
    call_duty(now=town.now)
    assert sorted(set(rung(pager))) == ["lee", "rae", "sam"]


def test_the_rota_takes_whole_shifts_of_people_who_may_act(town: Stage, rae: Staff) -> None:
    zed = staff("Zed", town.platform.id, now=town.now)
    with pytest.raises(NotOnRota, match="neither decide cases here nor answer officers"):
        on_duty(town, zed)
    add_shifts(
        platform_id=town.platform.id, staff_id=rae.id, place=1, begins_at=town.now,
        ends_at=town.now + timedelta(hours=8), weeks=3, by=rae.id, now=town.now,
    )  # fmt: skip
    shifts = list(rota.coming(town.platform.id, now=town.now))
    assert [one.begins_at for one in shifts] == [town.now + timedelta(weeks=n) for n in range(3)]
    assert cancel_shift(
        platform_id=town.platform.id, shift_id=shifts[0].id, by=rae.id, now=town.now
    )
    assert rota.on_duty(town.platform.id, now=town.now) == []
