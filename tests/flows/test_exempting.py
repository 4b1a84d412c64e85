"""second_exemption, and what a removal leaves alone: in decide_case, decide_appeal and
answer_notifiers. A restore of one place is a restore: on a body two people have seen it.
"""

from datetime import timedelta
from uuid import UUID

import pytest

from heed.cases.models import (
    Appeal,
    Case,
    Copy,
    Deadline,
    Decision,
    Exemption,
    MeasureOnAccount,
)
from heed.cases.queries import exemptions as reading
from heed.cases.queries import queue
from heed.cases.queries.private import private_page
from heed.cases.services.cases import CaseChanged
from heed.filings.models import Answer, SealedObject, StatementOfReasons
from heed.filings.queries import answers_to
from heed.flows.answer_back import answer_back, it_is_back
from heed.flows.decide_appeal import decide_appeal
from heed.flows.decide_case import MayNotDecide, NotRead, decide
from heed.flows.find_copies import find_copies
from heed.flows.judge_copy import judge_copy
from heed.flows.measure_account import measure_account
from heed.flows.open_appeal import appeal_as_notifier, appeal_as_uploader
from heed.flows.second_decision import second
from heed.flows.second_exemption import second_exemption
from heed.flows.shared.seconding import MayNotSecond
from heed.people import services as people
from heed.people.models import Staff
from heed.rules.accounts import AccountMeasure
from heed.rules.decisions import Agreement, AppealOutcome, Ruling, Scope
from tests.flows.stage import CHILD_CLAUSE, HOUR, Stage, entries, picture
from tests.people import dana, gil, somebody

ONE = picture("one")
DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)


def two_places(town: Stage) -> Case:
    """A repost that was named, and its original, which the claim hid with it."""
    town.post("own", ONE, account_ref="dana")
    town.post("post", ONE, account_ref="uri")
    town.hear(gil(town.url("post")))
    assert town.seen("own", "post") == ["hidden", "hidden"]
    return town.case(ONE)


def remove_but(town: Stage, by: Staff, *refs: str, looked: bool = True) -> Case:
    case = town.case(ONE)
    if looked:
        town.remove(case, by, exempt=[town.item(ref).id for ref in refs])
    else:
        decide(
            case_id=case.id, ruling=Ruling.REMOVE, scope=Scope.FILE, clause=CHILD_CLAUSE,
            reasons="Seen.", exempt=[town.item(ref).id for ref in refs], by=by.id, now=town.now,
        )  # fmt: skip
        town.work()
    case.refresh_from_db()
    return case


def says(town: Stage, by: Staff, *, agrees: bool = True, reasons: str = "") -> Agreement:
    town.later(MINUTE)
    one = Exemption.objects.get(state=Exemption.State.PROPOSED)
    found = second_exemption(
        exemption_id=one.id, agrees=agrees, reasons=reasons, by=by.id, now=town.now
    )
    town.work()
    return found


def told(notice_id: UUID) -> list[tuple[str, str]]:
    """What a notifier reads, the newest first: the ruling, and the words."""
    return [(line.ruling, line.text) for line in answers_to(notice_id)]


# ------------------------------------------------------------------ one person alone frees nothing


def test_what_one_person_excepts_stays_hidden_while_the_rest_is_removed_at_once(
    town: Stage,
) -> None:
    two_places(town)
    case = remove_but(town, town.staff("Rae"), "own")
    assert case.state == Case.State.DECIDED
    assert town.seen("own", "post") == ["hidden", "removed"]
    find_copies(case_id=case.id, now=town.now)
    town.post("late", ONE)
    town.reshare("of hers", "own")
    assert town.seen("own", "of hers", "late") == ["hidden", "hidden", "removed"]
    assert (entries("exemption.proposed"), entries("exemption.made")) == (1, 0)
    assert not StatementOfReasons.objects.filter(basis="visible").exists()
    due = Deadline.objects.get(cause=f"exempt:{Exemption.objects.get().id}")
    assert (due.stops, due.met_at) == ("person_looked", None)


def test_a_second_person_who_has_looked_gives_it_back(town: Stage) -> None:
    two_places(town)
    case = remove_but(town, town.staff("Rae"), "own")
    town.reshare("of hers", "own")
    town.work()
    sam = town.staff("Sam")
    with pytest.raises(MayNotSecond, match="Open the file in full"):
        says(town, sam)
    town.looks(sam, case)
    assert says(town, sam) is Agreement.AGREED
    assert town.seen("own", "of hers", "post") == ["visible", "visible", "removed"]
    assert (entries("exemption.seconded"), entries("exemption.made")) == (1, 1)
    back = StatementOfReasons.objects.filter(basis="visible").values_list("item_id", flat=True)
    assert set(back) == {town.item("own").id, town.item("of hers").id}
    review = Deadline.objects.get(cause=f"exempt:{Exemption.objects.get().id}")
    assert review.met_at == town.now
    town.reshare("later", "of hers")
    town.post("elsewhere", ONE)
    assert town.seen("later", "elsewhere") == ["visible", "removed"]
    with pytest.raises(CaseChanged, match="answered this already"):
        second_exemption(
            exemption_id=Exemption.objects.get().id, agrees=False, by=sam.id, now=town.now
        )


def test_what_a_second_person_does_not_agree_to_goes_with_the_rest(town: Stage) -> None:
    two_places(town)
    case, sam = remove_but(town, town.staff("Rae"), "own"), town.staff("Sam")
    town.reshare("of hers", "own")
    town.looks(sam, case)
    says(town, sam, agrees=False, reasons="It is another upload of his.")
    assert town.seen("own", "of hers", "post") == ["removed"] * 3
    find_copies(case_id=case.id, now=town.now)
    town.reshare("later", "own")
    assert town.seen("own", "later") == ["removed", "removed"]
    assert entries("exemption.made") == 0
    assert Exemption.objects.get().second_reasons == "It is another upload of his."


def test_who_has_not_opened_the_file_excepts_nothing_that_is_hidden(town: Stage) -> None:
    case = two_places(town)
    with pytest.raises(MayNotDecide, match="not opened this file in full"):
        remove_but(town, town.staff("Rae"), "own", looked=False)
    case.refresh_from_db()
    assert (case.state, town.seen("own", "post")) == (Case.State.OPEN, ["hidden", "hidden"])
    assert not Decision.objects.exists() and not Exemption.objects.exists()


def test_the_same_person_never_seconds_while_somebody_else_is_there(town: Stage) -> None:
    two_places(town)
    rae = town.staff("Rae")
    remove_but(town, rae, "own")
    town.staff("Sam")
    town.later(2 * DAY)
    with pytest.raises(MayNotSecond, match="A different person must agree"):
        says(town, rae)
    assert town.seen("own") == ["hidden"]


def test_who_is_alone_confirms_after_a_day_and_it_is_published_as_unseconded(town: Stage) -> None:
    from heed.measures.queries import measures

    two_places(town)
    rae = town.staff("Rae")
    remove_but(town, rae, "own")
    with pytest.raises(MayNotSecond, match="after 24 hours"):
        says(town, rae)
    town.later(DAY)
    assert says(town, rae) is Agreement.UNSECONDED
    assert town.seen("own", "post") == ["visible", "removed"]
    assert measures(since=town.now - 3 * DAY, now=town.now).unseconded == 1


def test_the_reach_of_a_removal_frees_nothing_by_one_person_either(town: Stage) -> None:
    """To remove the named items only would show all other copies again: it is the same question."""
    two_places(town)
    rae, sam = town.staff("Rae"), town.staff("Sam")
    case = town.case(ONE)
    town.post("near", picture("near", like=ONE, bits=8))
    before = town.seen("near")
    town.remove(case, rae, scope=Scope.ITEMS)
    assert town.seen("own", "post", "near") == ["hidden", "removed", *before]
    town.may_stay(case, sam, agrees=False)
    assert town.seen("own", "post") == ["removed", "removed"]
    assert town.seen("near") == ["hidden"], "nearly the same is not removed unseen"


def test_what_is_visible_may_stay_by_the_word_of_one(town: Stage) -> None:
    """A place that was never restricted is not given back; and words are no body."""
    town.post("post", ONE)
    town.post("own", ONE)
    town.hear(somebody(town.url("post"), town.url("own")))
    assert town.seen("post", "own") == ["visible", "visible"]
    case = remove_but(town, town.staff("Rae"), "own", looked=False)
    assert town.seen("post", "own") == ["removed", "visible"]
    assert not Exemption.objects.exclude(state=Exemption.State.FINAL).exists()
    assert case.state == Case.State.DECIDED


def test_what_may_stay_is_looked_at_by_the_second_person_too_so_its_copy_is_kept(
    town: Stage,
) -> None:
    two_places(town)
    case = town.case(ONE)
    review = SealedObject.objects.filter(case_id=case.id, copy="review")
    SealedObject.objects.create(
        platform_id=case.platform_id, case_id=case.id, file_id=case.file_id, copy="review",
        state="kept", asked_at=town.now,
    )  # fmt: skip
    remove_but(town, town.staff("Rae"), "own")
    assert review.exclude(state="destroyed").exists()
    town.may_stay(case, town.staff("Sam"))
    assert not review.exclude(state="destroyed").exists()


def test_a_removal_clock_is_not_met_while_a_place_may_yet_go(town: Stage) -> None:
    from heed.cases.services.deadlines import all_gone
    from heed.media.models import Item

    two_places(town)
    case = remove_but(town, town.staff("Rae"), "own")
    Item.objects.filter(ref="post").update(acknowledged="removed", observed="gone")
    assert not all_gone(case.id)
    removal = Deadline.objects.filter(case=case, stops="removed_and_searched", met_at=None)
    assert removal.exists()
    town.may_stay(case, town.staff("Sam"))
    assert all_gone(case.id) and not removal.exists()


# ------------------------------------------------------------------ what comes between


def test_what_we_are_told_meanwhile_is_read_before_it_is_agreed_to(town: Stage) -> None:
    two_places(town)
    case, sam = remove_but(town, town.staff("Rae"), "own"), town.staff("Sam")
    town.looks(sam, case)
    heard, one = town.now - HOUR, Exemption.objects.get()
    with pytest.raises(NotRead):
        second_exemption(
            exemption_id=one.id, agrees=True, heard_until=heard, by=sam.id, now=town.now
        )
    assert town.seen("own") == ["hidden"]


def test_a_case_that_opens_again_is_decided_anew_with_what_waited(town: Stage) -> None:
    two_places(town)
    rae, sam = town.staff("Rae"), town.staff("Sam")
    case = remove_but(town, rae, "own")
    town.later(HOUR)
    town.hear(gil(town.url("own")))
    case.refresh_from_db()
    assert (case.state, town.seen("own")) == (Case.State.OPEN, ["hidden"])
    town.looks(sam, case)
    with pytest.raises(MayNotSecond, match="open again"):
        says(town, sam)
    assert reading.held_on(case) == set()  # no form begins with what we were just told of
    town.later(HOUR)
    town.remove(case, sam, exempt=[town.item("own").id])
    waits = Exemption.objects.get(state=Exemption.State.PROPOSED)
    assert (waits.proposed_by, town.seen("own")) == (sam.id, ["hidden"])
    assert Exemption.objects.exclude(id=waits.id).get().state == Exemption.State.PASSED
    town.may_stay(case, rae)
    assert town.seen("own", "post") == ["visible", "removed"]


def test_a_word_on_a_near_copy_does_not_meet_the_clock_of_what_may_stay(town: Stage) -> None:
    two_places(town)
    town.post("near", picture("near", like=ONE, bits=8))
    case = remove_but(town, town.staff("Rae"), "own")
    near = Copy.objects.get(item__ref="near", case=case)
    judge_copy(copy_id=near.id, same=True, by=town.staff("Sam").id, now=town.now)
    due = Deadline.objects.get(cause=f"exempt:{Exemption.objects.get().id}")
    assert due.met_at is None


def test_it_waits_in_the_queue_for_everybody_but_who_proposed_it(town: Stage) -> None:
    two_places(town)
    rae, sam = town.staff("Rae"), town.staff("Sam")
    case, at = remove_but(town, rae, "own"), [town.platform_id]
    seconds = queue.cases_of(at, queue.Wanted(state="second"), now=town.now)
    assert list(seconds) == [case]
    assert queue.counts(at, now=town.now)["second"] == 1
    everything = queue.cases_of(at, now=town.now)
    assert not queue.for_person(everything, rae.id).exists()
    assert list(queue.for_person(everything, sam.id)) == [case]
    assert queue.rows([case.id])[0].may_stay_by == (rae.id,)
    town.may_stay(case, sam)
    assert not queue.cases_of(at, now=town.now).exists()


# ------------------------------------------------------------------ what notifiers are told


def test_who_named_only_what_may_stay_is_answered_when_a_second_person_has_spoken(
    town: Stage,
) -> None:
    town.post("own", ONE)
    town.post("post", ONE)
    of_post = town.hear(gil(town.url("post")))
    of_own = town.hear(dana(town.url("own")), verified_channel=True)
    case = remove_but(town, town.staff("Rae"), "own")
    assert [ruling for ruling, _ in told(of_post.notice_id)] == ["remove"]
    assert told(of_own.notice_id) == []
    from heed.cases.models import Notice

    page = private_page(Notice.objects.get(id=of_own.notice_id), now=town.now)
    assert page.looking == "proposed", "nobody is told that an answer is being written"
    outcome = Deadline.objects.filter(
        cause__startswith=f"notice:{of_own.notice_id}", stops="outcome_sent", met_at=None
    )
    owed = outcome.count()
    town.may_stay(case, town.staff("Sam"))
    [(ruling, words)] = told(of_own.notice_id)
    assert ruling == "keep" and town.url("own") in words and "let it stay" in words
    assert "comes down" not in words and "Ask for another look" in words
    assert town.url("post") not in words
    assert len(told(of_post.notice_id)) == 1, "the others hear nothing of it"
    assert not owed or not outcome.exists()


def test_who_named_it_is_told_that_it_comes_down_when_the_second_person_says_so(
    town: Stage,
) -> None:
    town.post("own", ONE)
    town.post("post", ONE)
    town.hear(gil(town.url("post")))
    of_own = town.hear(gil(town.url("own")))
    case = remove_but(town, town.staff("Rae"), "own")
    assert told(of_own.notice_id) == []
    town.may_stay(case, town.staff("Sam"), agrees=False)
    [(ruling, words)] = told(of_own.notice_id)
    assert ruling == "remove" and "comes down for good" in words


def test_who_named_both_is_told_of_each(town: Stage) -> None:
    town.post("own", ONE)
    town.post("post", ONE)
    heard = town.hear(gil(town.url("post"), town.url("own"), language="de"))
    case = remove_but(town, town.staff("Rae"), "own")
    assert [ruling for ruling, _ in told(heard.notice_id)] == ["remove"]
    town.may_stay(case, town.staff("Sam"))
    (newest, words), (first, _) = told(heard.notice_id)
    assert (newest, first) == ("keep", "remove")
    assert town.url("own") in words and "We looked" not in words, "in their own language"


def test_who_named_what_was_never_restricted_is_not_told_that_it_comes_down(town: Stage) -> None:
    town.post("post", ONE)
    town.post("own", ONE)
    both = town.hear(somebody(town.url("post"), town.url("own")))
    one = town.hear(somebody(town.url("own"), words="This one too."))
    remove_but(town, town.staff("Rae"), "own", looked=False)
    [(ruling, words)] = told(one.notice_id)
    assert ruling == "keep" and "comes down" not in words and town.url("own") in words
    [(ruling, words)] = told(both.notice_id)
    assert ruling == "remove" and f"let it stay: {town.url('own')}" in words


# ------------------------------------------------------------------ an appeal about one place


def uploader_asks(town: Stage, ref: str) -> Appeal:
    statement = StatementOfReasons.objects.filter(item_id=town.item(ref).id).latest("issued_at")
    from heed.cases.services.notices import digest

    StatementOfReasons.objects.filter(id=statement.id).update(link_hash=digest("k"))
    assert appeal_as_uploader(
        statement_id=statement.id, secret="k", text="That is my cat.", now=town.now
    )
    return Appeal.objects.get(statement_id=statement.id)


def partly(town: Stage, appeal: Appeal, by: Staff) -> None:
    town.later(MINUTE)
    decide_appeal(
        appeal_id=appeal.id, outcome=AppealOutcome.PARTLY, reasons="It is another picture.",
        by=by.id, now=town.now,
    )  # fmt: skip
    town.work()


def altered(town: Stage) -> tuple[Case, UUID]:
    """A removal with an altered copy that a person took for the same; the file of that."""
    town.post("post", ONE, account_ref="uri")
    town.post("altered", picture("cat", like=ONE, bits=8), account_ref="lee")
    town.hear(gil(town.url("post")))
    case = town.case(ONE)
    near = Copy.objects.get(case=case, item__ref="altered")
    rae = town.staff("Rae")
    town.remove(case, rae)
    judge_copy(copy_id=near.id, same=True, by=rae.id, now=town.now)
    town.work()
    assert town.seen("post", "altered") == ["removed", "removed"]
    assert near.near_file_id is not None
    case.refresh_from_db()
    return case, near.near_file_id


def sees(town: Stage, person: Staff, case: Case, file_id: UUID) -> None:
    people.note_viewing(
        staff_id=person.id, file_id=file_id, case_id=case.id, variant="full", whole=True,
        now=town.now,
    )  # fmt: skip


def test_of_an_altered_copy_that_is_another_picture_that_one_alone_goes_back(town: Stage) -> None:
    case, cat = altered(town)
    appeal = uploader_asks(town, "altered")
    sam, ola = town.staff("Sam"), town.staff("Ola")
    town.looks(sam, case)
    with pytest.raises(MayNotDecide, match="not opened this file"):
        partly(town, appeal, sam)
    sees(town, sam, case, cat)
    partly(town, appeal, sam)
    case.refresh_from_db()
    assert town.seen("post", "altered") == ["removed", "removed"]
    assert (case.state, case.round) == (Case.State.DECIDED, 1)
    assert Decision.objects.get().state == Decision.State.FINAL
    assert entries("decision.reversed") == 0
    town.looks(ola, case)
    with pytest.raises(MayNotSecond, match="Open the file in full"):
        says(town, ola)  # she has seen the case's file, and not the cat
    sees(town, ola, case, cat)
    says(town, ola)
    assert town.seen("post", "altered") == ["removed", "visible"]
    back = StatementOfReasons.objects.get(basis="visible")
    assert back.item_id == town.item("altered").id
    assert Answer.objects.count() == 1, "who did not name it hears nothing of it"
    find_copies(case_id=case.id, now=town.now)
    assert town.seen("altered") == ["visible"]


def test_what_was_done_to_an_account_ends_with_the_last_of_its_places_that_was_removed(
    town: Stage,
) -> None:
    case, cat = altered(town)
    sam, ola, zed = town.staff("Sam"), town.staff("Ola"), town.staff("Zed")
    for ref in ("post", "altered"):
        account = town.item(ref).account_id
        assert account is not None
        measure_account(
            case_id=case.id, account_id=account, measure=AccountMeasure.LIMIT,
            reasons="It posted this.", by=sam.id, now=town.now,
        )  # fmt: skip
    appeal = uploader_asks(town, "altered")
    for person in (ola, zed):
        town.looks(person, case)
        sees(town, person, case, cat)
    partly(town, appeal, ola)
    assert set(measured()) == {("uri", "final"), ("lee", "final")}, "nobody has agreed yet"
    says(town, zed)
    assert set(measured()) == {("uri", "final"), ("lee", "lifted")}


def measured() -> list[tuple[str, str]]:
    return list(MeasureOnAccount.objects.values_list("account__ref", "state"))


def test_who_decided_before_an_appeal_does_not_second_what_it_frees(town: Stage) -> None:
    case, cat = altered(town)
    sam = town.staff("Sam")
    town.looks(sam, case)
    sees(town, sam, case, cat)
    partly(town, uploader_asks(town, "altered"), sam)
    rae = Staff.objects.get(id=Decision.objects.get().decided_by)
    sees(town, rae, case, cat)
    assert not queue.for_person(Case.objects.all(), rae.id).exists()
    with pytest.raises(MayNotSecond, match="a person new to it"):
        says(town, rae)
    with pytest.raises(MayNotSecond, match="after 24 hours"):
        says(town, sam)  # nobody is left who is new to it: Rae is nobody to wait for
    town.later(DAY)
    assert says(town, sam) is Agreement.UNSECONDED
    assert town.seen("post", "altered") == ["removed", "visible"]


def test_who_spoke_of_one_place_before_an_appeal_does_not_second_what_it_turns(
    town: Stage,
) -> None:
    two_places(town)
    case = remove_but(town, town.staff("Rae"), "own")
    ola, sam = town.staff("Ola"), town.staff("Sam")
    town.may_stay(case, ola)
    town.looks(sam, case)
    appeal = uploader_asks(town, "post")
    town.later(MINUTE)
    turned = AppealOutcome.REVERSED
    decide_appeal(appeal_id=appeal.id, outcome=turned, reasons="Hers.", by=sam.id, now=town.now)
    proposed = Decision.objects.get(state=Decision.State.PROPOSED)
    town.staff("Zed")
    with pytest.raises(MayNotSecond, match="a person new to it"):
        second(decision_id=proposed.id, agrees=True, by=ola.id, now=town.now)


def test_who_named_the_place_that_goes_back_is_told_of_it_and_of_nothing_else(town: Stage) -> None:
    town.post("post", ONE, account_ref="uri")
    town.post("own", ONE, account_ref="dana")
    hers = town.hear(gil(town.url("own")))
    other = town.hear(gil(town.url("post")))
    rae, sam, ola = town.staff("Rae"), town.staff("Sam"), town.staff("Ola")
    case = town.case(ONE)
    town.remove(case, rae)
    assert [len(told(one.notice_id)) for one in (hers, other)] == [1, 1]
    town.looks(sam, case)
    partly(town, uploader_asks(town, "own"), sam)
    assert [len(told(one.notice_id)) for one in (hers, other)] == [1, 1], "nothing has happened yet"
    town.may_stay(case, ola)
    (ruling, words), _ = told(hers.notice_id)
    assert ruling == "keep" and town.url("own") in words
    assert "It is another picture." not in words, "that was written to the uploader"
    assert "Two people decided this" in words
    assert len(told(other.notice_id)) == 1
    assert town.seen("post", "own") == ["removed", "visible"]


def test_who_named_a_place_that_went_back_can_have_it_removed_after_all(town: Stage) -> None:
    """No dead end: another look at "it may stay" does not bring everything else back."""
    town.post("own", ONE)
    town.post("post", ONE)
    of_own = town.hear(gil(town.url("own")))
    rae, sam, ola = town.staff("Rae"), town.staff("Sam"), town.staff("Ola")
    case = remove_but(town, rae, "own") if town.hear(gil(town.url("post"))) else town.case(ONE)
    town.may_stay(case, sam)
    assert town.seen("own", "post") == ["visible", "removed"]
    assert appeal_as_notifier(notice_id=of_own.notice_id, text="That is me.", now=town.now)
    partly(town, Appeal.objects.get(), ola)
    assert town.seen("own", "post") == ["removed", "removed"]
    assert answers_to(of_own.notice_id)[0].reversed, "what they were told is marked as over"
    assert Decision.objects.get().state == Decision.State.FINAL


def test_there_is_nothing_to_say_of_one_place_where_nothing_was_decided(town: Stage) -> None:
    two_places(town)
    town.work()
    appeal, sam = uploader_asks(town, "own"), town.staff("Sam")
    town.looks(sam, town.case(ONE))
    with pytest.raises(MayNotDecide, match="no place any more"):
        partly(town, appeal, sam)
    assert town.seen("own") == ["hidden"]


def test_of_words_one_place_goes_back_at_once(town: Stage) -> None:
    town.post("post", ONE, account_ref="uri")
    town.post("own", ONE, account_ref="lee")
    heard = town.hear(somebody(town.url("post"), town.url("own")))
    case, sam = town.case(ONE), town.staff("Sam")
    town.remove(case, town.staff("Rae"))
    assert town.seen("post", "own") == ["removed", "removed"]
    partly(town, uploader_asks(town, "own"), sam)
    assert town.seen("post", "own") == ["removed", "visible"]
    assert entries("exemption.made") == 1 and entries("exemption.proposed") == 0
    (ruling, words), _ = told(heard.notice_id)
    assert ruling == "keep" and "Two people" not in words


# ------------------------------------------------------------------ decided anew, and back again


def left_alone(town: Stage) -> tuple[UUID, Case]:
    """Gil named both places, and two people let the original stay."""
    town.post("own", ONE, account_ref="dana")
    town.post("post", ONE, account_ref="uri")
    heard = town.hear(gil(town.url("post"), town.url("own")))
    case = remove_but(town, town.staff("Rae"), "own")
    town.may_stay(case, town.staff("Sam"))
    assert town.seen("own", "post") == ["visible", "removed"]
    town.later(HOUR)
    return heard.notice_id, town.case(ONE)


@pytest.mark.parametrize(("stays", "state"), [((), "settled"), (("own",), "open")])
def test_who_wants_a_place_gone_is_answered_by_a_decision_that_takes_it_down_alone(
    town: Stage, stays: tuple[str, ...], state: str
) -> None:
    notice_id, _ = left_alone(town)
    assert appeal_as_notifier(notice_id=notice_id, text="It is me there too.", now=town.now)
    answer_back(notice_id=notice_id, text="Look at her badge.", now=town.now)
    remove_but(town, town.staff("Ola"), *stays)
    assert Appeal.objects.get().state == state
    assert town.seen("own") == (["visible"] if stays else ["removed"])


def test_it_is_back_at_a_place_that_was_left_alone_is_read_by_a_person(town: Stage) -> None:
    notice_id, case = left_alone(town)
    it_is_back(notice_id=notice_id, urls=[], text="", now=town.now)
    case.refresh_from_db()
    assert case.state == Case.State.OPEN
    assert case.due_at is not None and case.due_at <= town.now + HOUR


def test_what_was_said_of_a_place_is_changed_once_the_other_is_done_with_it(town: Stage) -> None:
    notice_id, _ = left_alone(town)
    assert not any(one.reversed for one in answers_to(notice_id))
    answer_back(notice_id=notice_id, text="Look at her badge.", now=town.now)
    remove_but(town, town.staff("Ola"))
    over = {one.ruling: one.reversed for one in reversed(answers_to(notice_id))}
    assert over == {"keep": True, "remove": False}


def test_what_an_appeal_turned_into_a_proposal_has_a_time_also_when_it_is_taken_back(
    town: Stage,
) -> None:
    two_places(town)
    case = remove_but(town, town.staff("Rae"))
    appeal, sam = uploader_asks(town, "post"), town.staff("Sam")
    town.looks(sam, case)
    turned = AppealOutcome.REVERSED
    decide_appeal(appeal_id=appeal.id, outcome=turned, reasons="Hers.", by=sam.id, now=town.now)
    looks = Deadline.objects.filter(case=case, stops="person_looked", met_at=None)
    assert looks.count() == 1
    proposed = Decision.objects.get(state=Decision.State.PROPOSED)
    town.later(DAY)
    second(decision_id=proposed.id, agrees=False, by=sam.id, now=town.now)
    assert looks.filter(due_at__gt=town.now).exists()
