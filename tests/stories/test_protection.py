"""What is hidden before a person has looked, what is not, and when."""

from datetime import timedelta

from heed.cases.models import Case
from heed.flows.confirm_contact import confirm_contact
from heed.flows.meet_deadlines import meet_deadlines
from heed.flows.supplement_notice import supplement_notice
from heed.flows.withdraw_notice import withdraw_notice
from heed.outbox.models import StateTelling
from tests.flows.stage import HOUR, Stage, picture
from tests.people import dana, gil, somebody


def test_a_child_is_protected_by_location_and_one_tick(town: Stage) -> None:
    town.post("post", picture("one"))
    heard = town.hear(gil(town.url("post"), stated_age=None, words=""), then_work=False)
    assert [target.visibility for target in heard.targets] == ["hidden"]


def test_an_adult_without_a_confirmed_contact_is_limited_and_hidden_after_confirming(
    town: Stage,
) -> None:
    one = picture("one")
    town.post("post", one)
    town.post("copy", one)
    town.reshare("reshare", "post")
    heard = town.hear(dana(town.url("post")))
    assert town.seen("post", "copy", "reshare") == ["limited"] * 3
    assert confirm_contact(number=heard.number, code=heard.contact_code, now=town.now)
    town.work()
    assert town.seen("post", "copy", "reshare") == ["hidden"] * 3


def test_an_adults_complete_request_is_hidden_before_its_48_hours_end_whoever_confirms(
    town: Stage,
) -> None:
    one = picture("one")
    town.post("post", one)
    town.post("copy", one)
    town.hear(dana(town.url("post")))
    town.later(timedelta(hours=35))
    meet_deadlines(now=town.now)
    assert town.seen("post", "copy") == ["limited", "limited"]
    town.later(2 * HOUR)
    meet_deadlines(now=town.now)
    assert town.seen("post", "copy") == ["hidden", "hidden"]


def test_words_alone_are_never_hidden_however_long_nobody_looks(town: Stage) -> None:
    town.post("words", text="They say she did it.")
    town.hear(dana(town.url("words")))
    assert town.seen("words") == ["limited"]
    town.later(timedelta(hours=47))
    meet_deadlines(now=town.now)
    assert town.seen("words") == ["limited"]


def test_what_is_not_about_a_body_stays_until_a_person_has_decided(town: Stage) -> None:
    town.post("post", picture("one"))
    town.hear(somebody(town.url("post")))
    assert town.seen("post") == ["visible"]
    assert not StateTelling.objects.exists()


def test_withdrawing_a_notice_restores_nothing(town: Stage) -> None:
    town.post("post", picture("one"))
    heard = town.hear(gil(town.url("post")))
    assert withdraw_notice(notice_id=heard.notice_id, now=town.now)
    town.later(HOUR)
    town.work()
    assert town.seen("post") == ["hidden"]
    assert Case.objects.get().state == Case.State.OPEN


def test_a_graver_notice_on_the_same_file_takes_the_earlier_copies_along(town: Stage) -> None:
    one = picture("one")
    town.post("a", one)
    town.post("b", one)
    town.hear(dana(town.url("a")))
    assert town.seen("a", "b") == ["limited", "limited"]
    town.hear(gil(town.url("b")))
    assert town.seen("a", "b") == ["hidden", "hidden"]


def test_a_file_that_people_let_stand_is_not_hidden_by_a_claim_that_adds_nothing(
    town: Stage,
) -> None:
    one = picture("one")
    town.post("post", one)
    town.hear(gil(town.url("post")))
    town.keep(town.case(one), town.staff("Rae"), town.staff("Sam"))
    town.later(HOUR)
    town.hear(gil(town.url("post")))
    assert town.seen("post") == ["visible"]
    assert town.case(one).state == Case.State.OPEN  # a person looks all the same


def test_a_new_fact_hides_again_what_stood_with_all_its_copies(town: Stage) -> None:
    one = picture("one")
    town.post("post", one)
    town.post("copy", one)
    town.reshare("reshare", "copy")
    town.hear(gil(town.url("post")))
    town.keep(town.case(one), town.staff("Rae"), town.staff("Sam"))
    assert town.seen("post", "copy", "reshare") == ["visible"] * 3
    town.later(HOUR)
    town.hear(gil(town.url("post"), police_reference="2026-0417"))
    assert town.seen("post", "copy", "reshare") == ["hidden"] * 3


def test_the_same_notice_taken_up_again_hides_nothing_that_people_let_stand(town: Stage) -> None:
    one = picture("one")
    town.post("post", one)
    town.hear(gil(town.url("post")))
    town.keep(town.case(one), town.staff("Rae"), town.staff("Sam"))
    town.later(HOUR)
    assert "protect" in town.work()  # the job that each notice leaves behind
    assert town.seen("post") == ["visible"]
    assert town.case(one).state == Case.State.DECIDED


def test_a_fact_added_after_the_answer_opens_the_case_again_and_hides(town: Stage) -> None:
    one = picture("one")
    town.post("post", one)
    heard = town.hear(gil(town.url("post")))
    town.keep(town.case(one), town.staff("Rae"), town.staff("Sam"))
    town.later(HOUR)
    supplement_notice(notice_id=heard.notice_id, said={"stated_age": 13}, now=town.now)
    assert town.seen("post") == ["visible"]  # they knew that
    said = {"police_reference": "2026-0417"}
    supplement_notice(notice_id=heard.notice_id, said=said, now=town.now)
    assert town.seen("post") == ["hidden"]
    assert (town.case(one).state, town.case(one).round) == (Case.State.OPEN, 2)


def test_a_copy_that_comes_after_people_let_the_file_stand_is_left_alone(town: Stage) -> None:
    one = picture("one")
    town.post("post", one)
    town.hear(gil(town.url("post")))
    town.keep(town.case(one), town.staff("Rae"), town.staff("Sam"))
    town.post("late", one)
    town.reshare("late-reshare", "post")
    town.work()
    assert town.seen("post", "late", "late-reshare") == ["visible"] * 3
