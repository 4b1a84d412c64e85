"""What is said after an answer is read by a promised time, and comes in its turn of harm."""

from datetime import timedelta
from typing import Any

import pytest

from heed.cases.models import Appeal, Case, Deadline, Notice
from heed.cases.queries import queue
from heed.cases.queries.private import Promise, private_page
from heed.flows.answer_back import answer_back, it_is_back
from heed.flows.call_duty import call_duty
from heed.flows.decide_appeal import decide_appeal
from heed.flows.open_appeal import appeal_as_notifier
from heed.flows.protect_target import protect
from heed.flows.receive_notice import Received
from heed.flows.supplement_notice import supplement_notice
from heed.people.duty_models import Call
from heed.rules.clocks import Stop
from heed.rules.decisions import AppealOutcome
from tests.flows.stage import HOUR, Stage, facts_now, picture
from tests.people import gil, somebody

ONE, TWO = picture("one"), picture("two")
MINUTE = timedelta(minutes=1)


def promised(town: Stage, heard: Received) -> Promise | None:
    """By when a person looks, as the private page says it."""
    notice = Notice.objects.get(id=heard.notice_id)
    return private_page(notice, town.now).promise(Stop.PERSON_LOOKED)


def kept(town: Stage, **said: Any) -> Received:
    """A child's picture that two people let stand."""
    town.post("post", ONE)
    heard = town.hear(gil(town.url("post"), **said))
    town.keep(town.case(ONE), town.staff("Rae"), town.staff("Sam"))
    town.later(HOUR)
    return heard


def in_turn(town: Stage) -> list[Case]:
    return list(queue.cases_of([town.platform.id], now=town.now))


# ------------------------------------------------------------------ a message


def test_what_is_written_after_a_no_is_read_within_the_hour_and_before_what_is_due_later(
    town: Stage,
) -> None:
    heard = kept(town, age_then="adult", stated_age=None, category="intimate_image")
    town.post("other", TWO)
    town.hear(somebody(town.url("other"), category="intimate_extortion", age_then="adult"))
    assert promised(town, heard) is None
    Deadline.objects.filter(case=town.case(TWO)).update(due_at=town.now + 2 * HOUR)
    Case.objects.filter(id=town.case(TWO).id).update(due_at=town.now + 2 * HOUR)
    answer_back(notice_id=heard.notice_id, text="But I am 13 in it.", now=town.now)
    owed = promised(town, heard)
    assert owed is not None
    assert (owed.due_at, owed.late) == (town.now + HOUR, False)
    assert in_turn(town) == [town.case(ONE), town.case(TWO)]
    before = facts_now()
    answer_back(notice_id=heard.notice_id, text="Please.", now=town.now + MINUTE)
    assert facts_now()["Deadline"] == before["Deadline"], "the time that runs is not moved"
    town.later(HOUR + MINUTE)
    owed = promised(town, heard)
    assert owed is not None
    assert owed.late
    town.remove(town.case(ONE), town.staff("Ola"))
    assert promised(town, heard) is None


def test_what_is_written_after_a_removal_is_promised_as_the_first_look_was(town: Stage) -> None:
    town.post("post", ONE)
    heard = town.hear(gil(town.url("post")))
    town.remove(town.case(ONE), town.staff("Rae"))
    answer_back(notice_id=heard.notice_id, text="Thank you. His name is on it.", now=town.now)
    owed = promised(town, heard)
    assert owed is not None
    assert owed.due_at == town.now + 4 * HOUR
    assert town.seen("post") == ["removed"]


def test_words_beside_it_is_back_are_read_also_where_it_was_removed(town: Stage) -> None:
    town.post("post", ONE)
    heard = town.hear(gil(town.url("post")))
    town.remove(town.case(ONE), town.staff("Rae"))
    town.later(HOUR)
    it_is_back(notice_id=heard.notice_id, urls=[], text="", now=town.now)
    assert town.case(ONE).state == Case.State.DECIDED, "the addresses are looked at by themselves"
    said = "On his other profile, with the same name."
    it_is_back(notice_id=heard.notice_id, urls=[], text=said, now=town.now + MINUTE)
    assert town.case(ONE).state == Case.State.OPEN
    assert promised(town, heard) is not None


def test_whose_notice_it_was_not_is_promised_nothing_by_anothers_words(town: Stage) -> None:
    heard = kept(town)
    other = town.hear(somebody(town.url("post")))
    town.keep(town.case(ONE), town.staff("Ola"), town.staff("Zed"))
    answer_back(notice_id=heard.notice_id, text="Look again.", now=town.now)
    assert promised(town, heard) is not None
    assert promised(town, other) is None


# ------------------------------------------------------------------ another look


def test_whoever_asks_for_another_look_is_promised_it_as_soon_as_by_a_message(town: Stage) -> None:
    heard = kept(town)
    ola = town.staff("Ola")
    appeal_as_notifier(notice_id=heard.notice_id, text="It is my son.", now=town.now)
    notice = Notice.objects.get(id=heard.notice_id)
    owed = private_page(notice, town.now).promise(Stop.COMPLAINT_ANSWERED)
    assert owed is not None
    assert owed.due_at == town.now + HOUR, "sooner than the week of a law"
    assert town.case(ONE).due_at == town.now + HOUR
    appeal = Appeal.objects.get()
    stands = AppealOutcome.STANDS
    decide_appeal(appeal_id=appeal.id, outcome=stands, reasons="Seen.", by=ola.id, now=town.now)
    assert private_page(notice, town.now).promise(Stop.COMPLAINT_ANSWERED) is None


def test_where_all_have_decided_nobody_promises_what_they_may_not_do_yet(town: Stage) -> None:
    heard = kept(town)
    appeal_as_notifier(notice_id=heard.notice_id, text="It is my son.", now=town.now)
    clock = Deadline.objects.get(citation="Heed policy, another look within")
    assert clock.due_at == town.now + timedelta(hours=25)


# ------------------------------------------------------------------ more facts, and a danger


@pytest.mark.parametrize(
    ("said", "within"),
    [
        ({"words": "He was 13 then."}, HOUR),
        ({"stated_age": 12}, 4 * HOUR),  # a new fact: it is hidden again
        ({"danger_now": True}, 15 * MINUTE),
        ({"time_given": "tonight at eight"}, 15 * MINUTE),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_what_is_added_after_a_no_is_in_front_of_people_by_a_time(
    town: Stage, said: dict[str, Any], within: timedelta
) -> None:
    heard = kept(town)
    supplement_notice(notice_id=heard.notice_id, said=said, now=town.now)
    town.work()
    case, owed = town.case(ONE), promised(town, heard)
    assert (case.state, case.round) == (Case.State.OPEN, 2)
    assert owed is not None
    assert owed.due_at == town.now + within == case.due_at
    assert town.seen("post") == ["hidden" if "stated_age" in said else "visible"]
    before = facts_now()
    protect(notice_id=heard.notice_id, now=town.now + MINUTE)
    assert facts_now() == before


def test_a_country_that_is_added_after_a_no_opens_nothing(town: Stage) -> None:
    heard = kept(town)
    supplement_notice(notice_id=heard.notice_id, said={"country": "DE"}, now=town.now)
    town.work()
    assert town.case(ONE).state == Case.State.DECIDED
    assert promised(town, heard) is None


def test_a_danger_that_is_told_after_the_answer_rings_although_one_was_told_before(
    town: Stage,
) -> None:
    heard = kept(town, time_given="tonight at eight")
    call_duty(now=town.now)
    assert Call.objects.get().ended_at == town.now, "it was decided"
    town.later(HOUR)
    supplement_notice(notice_id=heard.notice_id, said={"danger_now": True}, now=town.now)
    town.work()
    protect(notice_id=heard.notice_id, now=town.now)
    call = Call.objects.get(ended_at=None)
    assert (call.case_id, call.due_at) == (town.case(ONE).id, town.now + 15 * MINUTE)
    call_duty(now=town.now)
    call.refresh_from_db()
    assert (call.rings, call.ended_at) == (1, None)
    assert Call.objects.count() == 2


def test_a_time_that_is_given_in_a_later_round_is_promised_sooner_too(town: Stage) -> None:
    heard = kept(town)
    answer_back(notice_id=heard.notice_id, text="Look again.", now=town.now)
    town.later(MINUTE)
    supplement_notice(notice_id=heard.notice_id, said={"time_given": "at 8"}, now=town.now)
    owed = promised(town, heard)
    assert owed is not None
    assert owed.due_at == town.now + 15 * MINUTE


# ------------------------------------------------------------------ what we find ourselves


def test_a_near_copy_that_comes_after_a_removal_waits_for_a_person_by_a_time(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    town.remove(town.case(ONE), town.staff("Rae"))
    town.later(HOUR)
    town.post("near", picture("near", like=ONE, bits=10))
    town.work()
    case = town.case(ONE)
    assert case.state == Case.State.OPEN
    looked = Deadline.objects.filter(case=case, stops="person_looked", met_at=None)
    assert looked.get().due_at == town.now + 4 * HOUR
