"""What was asked for is answered truly when it is decided anew before anybody has answered."""

from typing import Any

import pytest
from django.utils import translation

from heed.cases.models import Appeal, Case, Deadline, Decision, Notice
from heed.cases.queries import queue
from heed.cases.queries.private import private_page
from heed.filings.models import StatementOfReasons
from heed.filings.queries import AnswerLine, answers_to
from heed.flows.answer_back import answer_back
from heed.flows.decide_appeal import decide_appeal
from heed.flows.open_appeal import appeal_as_notifier, appeal_as_uploader
from heed.flows.receive_notice import Received
from heed.flows.second_decision import second
from heed.media.models import Item
from heed.rules.decisions import AppealOutcome
from heed.web.notifier import story
from tests.flows.stage import Stage, entries, picture
from tests.flows.test_flows_deciding import _statement
from tests.people import gil, somebody

ONE = picture("one")


@pytest.fixture
def heard(town: Stage) -> Received:
    town.post("post", ONE)
    return town.hear(gil(town.url("post")))


def answers(heard: Received) -> list[AnswerLine]:
    return sorted(answers_to(heard.notice_id), key=lambda one: (one.ruling, one.sent_at))


def steps(heard: Received, town: Stage) -> list[str]:
    page = private_page(Notice.objects.get(id=heard.notice_id), town.now)
    with translation.override("en"):
        return [step.text for step in story.so_far(page, answers(heard))]


def appeals_wait(town: Stage) -> bool:
    wanted = queue.Wanted(state="appeal")
    return queue.cases_of([town.platform.id], wanted, now=town.now).exists()


@pytest.mark.parametrize("by", ["another notice", "a message"])
def test_who_appeals_a_no_is_told_that_it_was_removed_meanwhile(
    town: Stage, heard: Received, by: str
) -> None:
    town.keep(town.case(ONE), town.staff("Rae"), town.staff("Sam"))
    assert appeal_as_notifier(notice_id=heard.notice_id, text="Look again.", now=town.now)
    if by == "a message":
        answer_back(notice_id=heard.notice_id, text="Look at his badge.", now=town.now)
    else:
        town.hear(somebody(town.url("post"), category="minor_sexual", age_then="under_18"))
    town.remove(town.case(ONE), town.staff("Ola"))
    appeal = Appeal.objects.get()
    assert (appeal.state, appeal.decided_by) == (Appeal.State.SETTLED, None)
    assert not Deadline.objects.filter(cause=f"appeal:{appeal.id}", met_at=None).exists()
    assert entries("appeal.decided") == 1
    assert not appeals_wait(town)
    assert "Before a different person answered, it was decided anew." in steps(heard, town)
    assert [(one.ruling, one.reversed) for one in answers(heard)] == [
        ("keep", True), ("remove", False),
    ]  # fmt: skip


def test_an_uploader_whose_post_is_restored_meanwhile_is_not_kept_waiting(
    town: Stage, heard: Received
) -> None:
    town.remove(town.case(ONE), town.staff("Rae"))
    statement, secret = _statement(town)
    assert appeal_as_uploader(statement_id=statement.id, secret=secret, text="", now=town.now)
    answer_back(notice_id=heard.notice_id, text="I was wrong: it is not him.", now=town.now)
    town.keep(town.case(ONE), town.staff("Ola"), town.staff("Sam"))
    assert Appeal.objects.get().state == Appeal.State.SETTLED
    assert Item.objects.get().desired == "visible"


def test_an_appeal_that_a_new_decision_does_not_answer_waits_on(
    town: Stage, heard: Received
) -> None:
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.keep(town.case(ONE), rae, sam)
    assert appeal_as_notifier(notice_id=heard.notice_id, text="Look again.", now=town.now)
    town.hear(somebody(town.url("post")))
    town.keep(town.case(ONE), rae, sam)
    assert Appeal.objects.get().state == Appeal.State.OPEN
    assert appeals_wait(town)


def test_an_answer_is_called_changed_once_it_is_and_not_when_somebody_proposes_it(
    town: Stage, heard: Received
) -> None:
    case = town.case(ONE)
    town.remove(case, town.staff("Rae"))
    statement, secret = _statement(town)
    assert appeal_as_uploader(statement_id=statement.id, secret=secret, text="", now=town.now)
    ola, sam = town.staff("Ola"), town.staff("Sam")
    turned: dict[str, Any] = {"outcome": AppealOutcome.REVERSED, "reasons": "A garden."}
    town.looks(ola, case)
    decide_appeal(appeal_id=Appeal.objects.get().id, by=ola.id, now=town.now, **turned)
    assert [(one.reversed, one.stands) for one in answers(heard)] == [(False, False)]
    assert town.seen("post") == ["removed"]
    town.looks(sam, case)
    proposed = Decision.objects.get(state=Decision.State.PROPOSED)
    second(decision_id=proposed.id, agrees=True, by=sam.id, now=town.now)
    town.work()
    assert [(one.ruling, one.reversed, one.stands) for one in answers(heard)] == [
        ("keep", False, True), ("remove", True, False),
    ]  # fmt: skip
    assert StatementOfReasons.objects.exists()
    assert Case.objects.get().state == Case.State.DECIDED
