"""decide_case, second_decision, open_appeal, decide_appeal, judge_copy, take_case,
answer_notifiers, issue_statements: what people decide, and whom it is told.
"""

from datetime import timedelta
from typing import Any

import pytest

from heed.cases.models import Appeal, Case, Copy, Deadline, Decision
from heed.cases.services.cases import CaseChanged
from heed.cases.services.decisions import AlreadyDecided
from heed.filings.models import Answer, StatementOfReasons
from heed.flows.answer_notifiers import answer_notifiers
from heed.flows.check_upload import check_signals
from heed.flows.decide_appeal import decide_appeal
from heed.flows.decide_case import MayNotDecide, decide
from heed.flows.issue_statements import issue_statements
from heed.flows.judge_copy import judge_copy, settle_upload
from heed.flows.open_appeal import appeal_as_notifier, appeal_as_uploader
from heed.flows.second_decision import MayNotSecond, second
from heed.flows.take_case import take_case
from heed.media.models import Upload
from heed.outbox.models import Letter
from heed.rules.decisions import Agreement, AppealOutcome, Ruling, Scope
from heed.rules.gate import Verdict
from heed.rules.policy import NoSuchClause
from tests.flows.stage import CHILD_CLAUSE, HOUR, Stage, entries, facts_now, picture
from tests.people import gil, somebody

ONE = picture("one")


def hidden(town: Stage) -> Case:
    town.post("post", ONE, account_ref="uri")
    town.hear(gil(town.url("post")))
    return town.case(ONE)


def words(**more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"scope": Scope.FILE, "clause": CHILD_CLAUSE, "reasons": "Seen."}
    return said | more


# ------------------------------------------------------------------ decide_case


def test_removing_removes_every_copy_and_blocks_the_file_at_the_door(town: Stage) -> None:
    case = hidden(town)
    town.post("copy", ONE)
    town.remove(case, town.staff("Rae"))
    assert town.seen("post", "copy") == ["removed", "removed"]
    checked = check_signals(platform_id=town.platform_id, signals=ONE, now=town.now)
    assert (checked.verdict, checked.case_number) == (Verdict.BLOCK, case.number)


def test_a_case_is_decided_once(town: Stage) -> None:
    case, rae = hidden(town), town.staff("Rae")
    town.remove(case, rae)
    before = facts_now()
    with pytest.raises(AlreadyDecided):
        decide(case_id=case.id, ruling=Ruling.REMOVE, by=rae.id, now=town.now, **words())
    assert facts_now() == before


def test_a_decision_names_a_clause_and_gives_reasons(town: Stage) -> None:
    case, rae = hidden(town), town.staff("Rae")
    remove: dict[str, Any] = {"case_id": case.id, "ruling": Ruling.REMOVE, "by": rae.id}
    with pytest.raises(MayNotDecide, match="Reasons"):
        decide(**remove, now=town.now, **words(reasons="  "))
    with pytest.raises(NoSuchClause):
        decide(**remove, now=town.now, **words(clause="because"))


def test_nobody_says_no_violation_of_a_file_they_have_not_opened(town: Stage) -> None:
    case, rae = hidden(town), town.staff("Rae")
    with pytest.raises(MayNotDecide, match="not opened"):
        decide(case_id=case.id, ruling=Ruling.KEEP, by=rae.id, now=town.now, **words())
    assert town.case(ONE).state == Case.State.OPEN


def test_what_is_not_about_a_body_may_be_let_stand_by_one_person(town: Stage) -> None:
    town.post("post", ONE)
    town.hear(somebody(town.url("post")))
    made = town.decide(town.case(ONE), Ruling.KEEP, town.staff("Rae"), clause="none")
    assert made.state == Decision.State.FINAL


def test_a_decision_on_the_named_items_leaves_the_file_elsewhere_alone(town: Stage) -> None:
    case = hidden(town)
    town.post("elsewhere", ONE)
    town.reshare("reshare", "post")
    town.remove(case, town.staff("Rae"), scope=Scope.ITEMS)
    town.may_stay(case, town.staff("Sam"))
    assert town.seen("post", "reshare", "elsewhere") == ["removed", "removed", "visible"]
    checked = check_signals(platform_id=town.platform_id, signals=ONE, now=town.now)
    assert checked.verdict is not Verdict.BLOCK


def test_a_place_that_was_found_first_and_named_later_goes_with_the_named_ones(
    town: Stage,
) -> None:
    case = hidden(town)
    town.post("hers", ONE)
    town.post("elsewhere", ONE)
    assert {copy.how for copy in Copy.objects.exclude(item__ref="post")} == {"exact"}
    town.hear(somebody(town.url("hers"), town.url("hers?utm_source=app")))
    town.remove(case, town.staff("Rae"), scope=Scope.ITEMS)
    town.may_stay(case, town.staff("Sam"))
    assert town.seen("post", "hers", "elsewhere") == ["removed", "removed", "visible"]


@pytest.mark.parametrize("scope", list(Scope))
def test_whoever_passes_on_what_a_removal_leaves_alone_is_left_alone_too(
    town: Stage, scope: Scope
) -> None:
    case, rae = hidden(town), town.staff("Rae")
    own = town.post("own", ONE)
    town.reshare("passed on", "own")
    town.reshare("and on", "passed on")
    town.reshare("bad", "post")
    assert town.seen("own", "passed on", "and on", "bad") == ["hidden"] * 4
    exempt = [own.id] if scope is Scope.FILE else []
    town.remove(case, rae, scope=scope, exempt=exempt)
    assert town.seen("post", "bad") == ["removed", "removed"]
    town.reshare("meanwhile", "and on")
    assert town.seen("own", "passed on", "and on", "meanwhile") == ["hidden"] * 4
    town.may_stay(case, town.staff("Sam"))
    assert town.seen("meanwhile") == ["visible"]
    assert town.seen("own", "passed on", "and on") == ["visible"] * 3
    town.reshare("later", "and on")
    town.reshare("later and bad", "bad")
    assert town.seen("later", "later and bad") == ["visible", "removed"]


def test_near_copies_and_held_uploads_that_outlive_a_removal_are_still_due(town: Stage) -> None:
    case = hidden(town)
    town.post("near", picture("near", like=ONE, bits=8))
    look_alike = picture("door", like=ONE, bits=5)
    check_signals(platform_id=town.platform_id, signals=look_alike, upload_ref="u", now=town.now)
    town.remove(case, town.staff("Rae"))
    due = Deadline.objects.filter(case=case, stops="person_looked", met_at=None)
    assert due.count() == 1
    sam = town.staff("Sam")
    judge_copy(copy_id=Copy.objects.get(item__ref="near").id, same=True, by=sam.id, now=town.now)
    assert due.exists()
    settle_upload(upload_id=Upload.objects.get().id, release=False, by=sam.id, now=town.now)
    assert not due.exists()
    assert town.seen("near") == ["removed"]


# ------------------------------------------------------------------ second_decision


def test_no_violation_on_a_body_stays_proposed_until_a_different_person_agrees(
    town: Stage,
) -> None:
    case, rae, sam = hidden(town), town.staff("Rae"), town.staff("Sam")
    made = town.decide(case, Ruling.KEEP, rae)
    assert (made.state, town.seen("post")) == (Decision.State.PROPOSED, ["hidden"])
    with pytest.raises(MayNotSecond, match="different person"):
        second(decision_id=made.id, agrees=True, by=rae.id, now=town.now)
    with pytest.raises(MayNotSecond, match="Open the file"):
        second(decision_id=made.id, agrees=True, by=sam.id, now=town.now)
    town.looks(sam, case)
    agreed = second(decision_id=made.id, agrees=True, by=sam.id, now=town.now)
    assert (agreed, town.seen("post")) == (Agreement.AGREED, ["visible"])
    with pytest.raises(CaseChanged):
        second(decision_id=made.id, agrees=True, by=sam.id, now=town.now)


def test_who_does_not_agree_leaves_the_case_open_and_the_post_hidden(town: Stage) -> None:
    case, rae, sam = hidden(town), town.staff("Rae"), town.staff("Sam")
    made = town.decide(case, Ruling.KEEP, rae)
    town.looks(sam, case)
    second(decision_id=made.id, agrees=False, reasons="He is a child.", by=sam.id, now=town.now)
    assert (town.case(ONE).state, town.seen("post")) == (Case.State.OPEN, ["hidden"])


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "with another"])
def test_who_proposed_that_it_may_stay_takes_it_back_at_once(town: Stage, others: int) -> None:
    case, rae = hidden(town), town.staff("Rae")
    if others:
        town.staff("Sam")
    made = town.decide(case, Ruling.KEEP, rae)
    second(decision_id=made.id, agrees=False, reasons="I erred.", by=rae.id, now=town.now)
    made.refresh_from_db()
    assert (made.state, made.unseconded) == (Decision.State.REFUSED, False)
    assert (town.case(ONE).state, town.seen("post")) == (Case.State.OPEN, ["hidden"])
    town.remove(town.case(ONE), rae)
    assert town.seen("post") == ["removed"]
    with pytest.raises(CaseChanged):
        second(decision_id=made.id, agrees=False, reasons="No.", by=rae.id, now=town.now)


def test_one_who_is_alone_confirms_after_24_hours_and_it_is_marked_unseconded(
    town: Stage,
) -> None:
    case, rae = hidden(town), town.staff("Rae")
    made = town.decide(case, Ruling.KEEP, rae)
    town.later(timedelta(hours=23))
    with pytest.raises(MayNotSecond, match="24 hours"):
        second(decision_id=made.id, agrees=True, by=rae.id, now=town.now)
    town.later(HOUR)
    agreed = second(decision_id=made.id, agrees=True, by=rae.id, now=town.now)
    made.refresh_from_db()
    assert (agreed, made.unseconded) == (Agreement.UNSECONDED, True)
    assert town.seen("post") == ["visible"]


# ------------------------------------------------------------------ appeals


def test_an_appeal_never_goes_back_to_who_decided_proposed_or_agreed(town: Stage) -> None:
    case = hidden(town)
    heard = town.hear(gil(town.url("post")))
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.keep(case, rae, sam)
    assert appeal_as_notifier(notice_id=heard.notice_id, text="Look again.", now=town.now)
    assert not appeal_as_notifier(notice_id=heard.notice_id, text="And again.", now=town.now)
    appeal = Appeal.objects.get()
    for person in (rae, sam):
        with pytest.raises(MayNotDecide, match="another person"):
            decide_appeal(
                appeal_id=appeal.id, outcome=AppealOutcome.REVERSED, reasons="No.",
                by=person.id, now=town.now,
            )  # fmt: skip
    ola = town.staff("Third")
    decide_appeal(
        appeal_id=appeal.id, outcome=AppealOutcome.REVERSED, reasons="It is him.",
        by=ola.id, now=town.now,
    )  # fmt: skip
    assert town.seen("post") == ["removed"]
    with pytest.raises(MayNotDecide):
        decide_appeal(
            appeal_id=appeal.id, outcome=AppealOutcome.STANDS, reasons="", by=ola.id, now=town.now
        )


def test_an_uploader_who_is_right_is_restored_only_when_a_second_person_agrees(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = hidden(town)
    town.remove(case, town.staff("Rae"))
    statement, secret = _statement(town)
    assert not appeal_as_uploader(statement_id=statement.id, secret="wrong", text="", now=town.now)
    assert appeal_as_uploader(
        statement_id=statement.id, secret=secret, text="It is my garden.", now=town.now
    )
    for _ in range(2):  # from another page that was still open
        more = "Look at the hedge."
        assert not appeal_as_uploader(
            statement_id=statement.id, secret=secret, text=more, now=town.now
        )
    assert Appeal.objects.get().text == "It is my garden.\n\nLook at the hedge."
    sam, third = town.staff("Sam"), town.staff("Third")
    town.looks(sam, case)
    decide_appeal(
        appeal_id=Appeal.objects.get().id, outcome=AppealOutcome.REVERSED, reasons="A garden.",
        by=sam.id, now=town.now,
    )  # fmt: skip
    assert town.seen("post") == ["removed"]
    town.looks(third, case)
    proposed = Decision.objects.get(state=Decision.State.PROPOSED)
    second(decision_id=proposed.id, agrees=True, by=third.id, now=town.now)
    assert town.seen("post") == ["visible"]


def test_an_uploader_who_is_right_before_anybody_decided_gets_it_back(town: Stage) -> None:
    case = hidden(town)
    statement, secret = _statement(town)
    assert appeal_as_uploader(statement_id=statement.id, secret=secret, text="Mine.", now=town.now)
    rae = town.staff("Rae")
    town.looks(rae, case)
    decide_appeal(
        appeal_id=Appeal.objects.get().id, outcome=AppealOutcome.REVERSED, reasons="Harmless.",
        by=rae.id, now=town.now,
    )  # fmt: skip
    assert Decision.objects.get().ruling == Ruling.KEEP


def _statement(town: Stage) -> tuple[StatementOfReasons, str]:
    """The newest statement, and the secret of the link that the platform was given for it."""
    statement = StatementOfReasons.objects.order_by("-issued_at", "-basis").first()
    assert statement is not None
    told = [one for letter in Letter.objects.all() for one in letter.payload["statements"]]
    links = [one["appeal_url"] for one in told if str(statement.id) in one["appeal_url"]]
    return statement, links[0].partition("?k=")[2]


# ------------------------------------------------------------------ judge_copy


def test_a_near_copy_that_a_person_confirms_goes_as_the_named_one_goes(town: Stage) -> None:
    case = hidden(town)
    town.post("near", picture("near", like=ONE, bits=8))
    town.remove(case, town.staff("Rae"))
    near = Copy.objects.get(item__ref="near")
    sam = town.staff("Sam")
    assert judge_copy(copy_id=near.id, same=True, by=sam.id, now=town.now)
    assert town.seen("near") == ["removed"]
    assert not judge_copy(copy_id=near.id, same=False, by=sam.id, now=town.now)
    assert entries("copy.judged") == 1


# ------------------------------------------------------------------ take_case


def test_two_people_never_work_on_one_case_at_once(town: Stage) -> None:
    case, rae, sam = hidden(town), town.staff("Rae"), town.staff("Sam")
    take_case(case_id=case.id, by=rae.id, now=town.now)
    take_case(case_id=case.id, by=rae.id, now=town.now)
    with pytest.raises(CaseChanged, match="somebody else"):
        take_case(case_id=case.id, by=sam.id, now=town.now)
    town.later(timedelta(minutes=11))
    take_case(case_id=case.id, by=sam.id, now=town.now)


# ------------------------------------------------------------------ answer_notifiers


def test_everybody_who_gave_notice_is_answered_once_for_each_decision(town: Stage) -> None:
    case = hidden(town)
    town.hear(gil(town.url("post")))
    made = town.remove(case, town.staff("Rae"))
    assert {answer.outcome for answer in Answer.objects.all()} == {"removed"}
    assert Answer.objects.count() == 2
    assert answer_notifiers(decision_id=made.id, now=town.now) == 0
    assert entries("answer.sent") == 2


# ------------------------------------------------------------------ issue_statements


def test_the_uploader_is_told_of_each_restriction_once_and_never_that_somebody_told(
    town: Stage,
) -> None:
    case = hidden(town)
    town.remove(case, town.staff("Rae"))
    assert sorted(StatementOfReasons.objects.values_list("basis", flat=True)) == [
        "hidden",
        "removed",
    ]
    assert issue_statements(case_id=case.id, now=town.now) == 0
    for statement in StatementOfReasons.objects.all():
        assert "told us" not in str(statement.body)
    accounts = {one["account"] for letter in Letter.objects.all()
                for one in letter.payload["statements"]}  # fmt: skip
    assert accounts == {"uri"}


def test_what_is_hidden_again_after_it_was_restored_is_told_again(town: Stage) -> None:
    """And what is restored again too: each restriction has its reasons, and a way to appeal."""
    case, rae, sam = hidden(town), town.staff("Rae"), town.staff("Sam")
    town.later(HOUR)
    town.keep(case, rae, sam)
    levels = ["hidden", "visible"]

    def told() -> list[str]:
        said = StatementOfReasons.objects.order_by("issued_at")
        return list(said.values_list("basis", flat=True))

    assert told() == levels
    town.later(HOUR)
    town.hear(gil(town.url("post"), police_reference="K-1"))
    assert (town.seen("post"), told()) == (["hidden"], [*levels, "hidden"])
    owed = Deadline.objects.filter(case=case, stops="statement_sent", met_at=None)
    assert not owed.exists()
    town.later(HOUR)
    town.keep(case, rae, sam)
    issue_statements(case_id=case.id, now=town.now)
    assert (town.seen("post"), told()) == (["visible"], levels * 2)


def test_who_tells_us_between_a_decision_and_its_answer_is_not_answered_by_it(
    town: Stage,
) -> None:
    """They may know what nobody had heard: a person reads it before they are told anything."""
    case, rae, sam = hidden(town), town.staff("Rae"), town.staff("Sam")
    made = town.decide(case, Ruling.KEEP, rae)
    town.looks(sam, case)
    second(decision_id=made.id, agrees=True, by=sam.id, now=town.now)
    late = town.hear(gil(town.url("post"), police_reference="K-1"), then_work=False)
    town.work()
    assert Answer.objects.exclude(notice_id=late.notice_id).count() == 1
    assert not Answer.objects.filter(notice_id=late.notice_id).exists()
    assert (town.case(ONE).state, town.seen("post")) == (Case.State.OPEN, ["hidden"])
    town.remove(case, rae)
    assert Answer.objects.get(notice_id=late.notice_id).outcome == "removed"
    assert Answer.objects.exclude(notice_id=late.notice_id).count() == 2
