"""receive_notice, protect_target, supplement_notice, confirm_contact, withdraw_notice, renew_link,
answer_back, write_to_notifier: the notifier's own stories.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from heed.cases.models import Case, Deadline, Message, Notice, Supplement, Target
from heed.cases.services.notices import digest
from heed.flows import protect_target
from heed.flows.answer_back import answer_back, it_is_back
from heed.flows.confirm_contact import confirm_contact
from heed.flows.protect_target import protect
from heed.flows.receive_notice import NothingNamed
from heed.flows.renew_link import recover, renew_link
from heed.flows.supplement_notice import supplement_notice
from heed.flows.withdraw_notice import withdraw_notice
from heed.flows.write_to_notifier import write_to_notifier
from heed.ledger.models import EntryBody
from heed.people.models import Contact
from tests.flows.stage import HOUR, Stage, entries, facts_now, picture, waiting
from tests.people import dana, gil

MOST_QUESTIONS = 100  # for one notice about one known post, up to its being hidden

# ------------------------------------------------------------------ receive_notice


def test_a_notice_is_kept_as_it_was_said_with_number_receipt_and_link(town: Stage) -> None:
    town.post("post", picture("one"))
    heard = town.hear(gil(town.url("post")))
    kept = Notice.objects.get()
    assert kept.verbatim["words"] == "My son is 13. They made him send these."
    assert kept.number == heard.number
    assert bytes(kept.link_hash) == digest(heard.link_secret)
    assert heard.receipt
    assert kept.receipt == heard.receipt
    assert entries("notice.received") == 1


def test_being_heard_and_protected_asks_the_database_little(town: Stage) -> None:
    """Each question is a thousandth of a second of somebody's wait, and of all who wait behind."""
    town.post("other", picture("other"))
    town.post("post", picture("one"))
    town.hear(gil(town.url("other")))  # what is asked once is known from now on
    with CaptureQueriesContext(connection) as asked:
        town.hear(gil(town.url("post")), then_work=False)
    assert town.seen("post") == ["hidden"]
    assert len(asked) <= MOST_QUESTIONS


def test_a_notice_that_names_nothing_is_refused_in_words(town: Stage) -> None:
    with pytest.raises(NothingNamed, match="link"):
        town.hear(gil())
    assert not Notice.objects.exists()


def test_a_notice_is_safe_when_protecting_it_fails(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("post", picture("one"))
    with monkeypatch.context() as broken:
        broken.setattr(protect_target, "protect", lambda **_: 1 / 0)
        heard = town.hear(gil(town.url("post")), then_work=False)
    assert heard.number
    assert (town.seen("post"), waiting()) == (["visible"], ["look_at_items", "protect"])
    town.later(timedelta(seconds=6))
    town.work()
    assert town.seen("post") == ["hidden"]


def test_no_address_and_no_source_is_kept_in_the_clear(town: Stage) -> None:
    town.hear(dana(town.url("post")), source="203.0.113.9")
    assert b"dana@example.org" not in bytes(Contact.objects.get().address_sealed or b"")
    ledger = "".join(EntryBody.objects.values_list("body", flat=True))
    assert "dana" not in ledger
    assert "203.0.113.9" not in ledger


def test_many_addresses_of_one_thing_never_make_a_source_a_wave(town: Stage) -> None:
    one = picture("one")
    for n in range(40):
        town.post(f"post{n}", one)
    town.hear(gil(*(town.url(f"post{n}") for n in range(40))), source="203.0.113.9")
    assert set(town.seen(*(f"post{n}" for n in range(40)))) == {"hidden"}


# ------------------------------------------------------------------ protect_target


def test_protecting_twice_changes_nothing(town: Stage) -> None:
    town.post("post", picture("one"), picture("two"))
    heard = town.hear(gil(town.url("post"), town.url("unknown")))
    before = facts_now(), town.item("post").revision
    protect(notice_id=heard.notice_id, now=town.now)
    town.work()
    assert (facts_now(), town.item("post").revision) == before


def test_a_deleted_item_is_named_so_and_its_copies_are_found_all_the_same(town: Stage) -> None:
    one = picture("one")
    item = town.post("post", one)
    town.post("copy", one)
    type(item).objects.filter(id=item.id).update(deleted_at=town.now)
    town.hear(gil(town.url("post")))
    assert Target.objects.get().state == Target.State.DELETED
    assert town.seen("copy") == ["hidden"]


# ------------------------------------------------------------------ supplement_notice


def test_what_is_added_is_kept_beside_the_notice_and_clears_nothing(town: Stage) -> None:
    town.post("post", picture("one"))
    heard = town.hear(gil(town.url("post")))
    said = {"police_reference": "2026-0417", "words": "", "stated_age": None}
    added = supplement_notice(notice_id=heard.notice_id, said=said, now=town.now)
    assert added.facts_taken == ("police_reference",)
    kept = Notice.objects.get()
    assert (kept.police_reference, kept.stated_age) == ("2026-0417", 13)
    assert kept.words
    assert "police_reference" not in kept.verbatim
    assert Supplement.objects.get().said == said


def test_a_place_that_is_added_is_protected_and_adding_it_again_adds_nothing(town: Stage) -> None:
    town.post("one", picture("one"))
    town.post("two", picture("two"))
    heard = town.hear(gil(town.url("one")))
    for _ in range(2):
        said = {"urls": [town.url("two")]}
        added = supplement_notice(notice_id=heard.notice_id, said=said, now=town.now)
        assert [target.visibility for target in added.targets] == ["hidden", "hidden"]


def test_an_adult_who_turns_out_to_have_been_a_child_is_hidden_at_once(town: Stage) -> None:
    town.post("post", picture("one"))
    heard = town.hear(dana(town.url("post")))
    assert town.seen("post") == ["limited"]
    supplement_notice(notice_id=heard.notice_id, said={"stated_age": 16}, now=town.now)
    assert town.seen("post") == ["hidden"]


# ------------------------------------------------------------------ confirm_contact


def test_an_address_is_confirmed_by_its_code_alone_and_once(town: Stage) -> None:
    town.post("post", picture("one"))
    heard = town.hear(dana(town.url("post")))
    assert not confirm_contact(number=heard.number, code="wrong", now=town.now)
    assert not confirm_contact(number="H-NONE", code=heard.contact_code, now=town.now)
    assert confirm_contact(number=heard.number, code=heard.contact_code, now=town.now)
    assert not confirm_contact(number=heard.number, code=heard.contact_code, now=town.now)
    assert entries("contact.confirmed") == 1


# ------------------------------------------------------------------ withdraw_notice


def test_a_notice_is_withdrawn_once_and_stays_in_the_log(town: Stage) -> None:
    town.post("post", picture("one"))
    heard = town.hear(gil(town.url("post")))
    assert withdraw_notice(notice_id=heard.notice_id, now=town.now)
    assert not withdraw_notice(notice_id=heard.notice_id, now=town.now)
    assert entries("notice.withdrawn") == 1


def test_a_notice_withdrawn_before_it_was_protected_is_protected_all_the_same(
    town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.post("post", picture("one"))
    with monkeypatch.context() as broken:
        broken.setattr(protect_target, "protect", lambda **_: 1 / 0)
        heard = town.hear(gil(town.url("post")), then_work=False)
    withdraw_notice(notice_id=heard.notice_id, now=town.now)
    town.later(HOUR)
    town.work()
    assert town.seen("post") == ["hidden"]


# ------------------------------------------------------------------ renew_link


def test_a_new_link_ends_the_old_one(town: Stage) -> None:
    heard = town.hear(gil(town.url("post")))
    fresh = renew_link(notice_id=heard.notice_id, now=town.now)
    assert bytes(Notice.objects.get().link_hash) == digest(fresh) != digest(heard.link_secret)


def test_number_and_four_words_lead_back_however_they_are_spelt(town: Stage) -> None:
    heard = town.hear(gil(town.url("post")))
    spelt = f"  {heard.recovery_code.replace('-', ' ').upper()} "
    back = recover(number=heard.number.lower(), words=spelt, now=town.now)
    assert back is not None
    assert back[0] == heard.notice_id
    assert recover(number=heard.number, words="wrong wrong wrong wrong", now=town.now) is None
    assert recover(number="H-NONE", words=heard.recovery_code, now=town.now) is None


# ------------------------------------------------------------------ answer_back


def test_a_message_opens_a_decided_case_again_and_restricts_nothing(town: Stage) -> None:
    one = picture("one")
    town.post("post", one)
    heard = town.hear(gil(town.url("post")))
    town.keep(town.case(one), town.staff("Rae"), town.staff("Sam"))
    answer_back(notice_id=heard.notice_id, text="Look at his school badge.", now=town.now)
    town.work()
    assert (town.case(one).state, town.seen("post")) == (Case.State.OPEN, ["visible"])
    answer_back(notice_id=heard.notice_id, text="Please.", now=town.now)
    assert town.case(one).round == 2
    assert Message.objects.count() == 2


@pytest.mark.parametrize("ours", [False, True], ids=["theirs", "ours"])
def test_pressed_twice_a_message_is_one_and_said_again_later_it_is_two(
    town: Stage, ours: bool
) -> None:
    town.post("post", picture("one"))
    heard, rae = town.hear(gil(town.url("post"))), town.staff("Rae")

    def write(text: str, minutes: int) -> int:
        at = town.now + timedelta(minutes=minutes)
        if ours:
            write_to_notifier(notice_id=heard.notice_id, text=text, by=rae.id, now=at)
        else:
            answer_back(notice_id=heard.notice_id, text=text, now=at)
        assert Message.objects.count() == entries("message.received")
        return Message.objects.count()

    assert [write("Please.", 0), write("Please.", 1), write("Thank you.", 2)] == [1, 1, 2]
    assert [write("Please.", 3), write("Please.", 14)] == [3, 4]


def test_it_is_back_starts_a_new_clock_and_protects_the_new_place(town: Stage) -> None:
    one, two = picture("one"), picture("two")
    town.post("post", one)
    heard = town.hear(gil(town.url("post")))
    town.remove(town.case(one), town.staff("Rae"))
    town.post("again", two)
    town.later(HOUR)
    before = Deadline.objects.filter(stops="removed_and_searched").count()
    it_is_back(notice_id=heard.notice_id, urls=[town.url("again")], text="There!", now=town.now)
    jobs = town.work()
    assert town.seen("post", "again") == ["removed", "hidden"]
    assert Deadline.objects.filter(stops="removed_and_searched").count() == before + 1
    assert {"find_copies", "look_again"} <= set(jobs)


# ------------------------------------------------------------------ write_to_notifier


def test_a_reviewer_writes_on_the_private_page_and_the_words_stay_out_of_the_log(
    town: Stage,
) -> None:
    heard = town.hear(gil(town.url("post")))
    rae = town.staff("Rae")
    write_to_notifier(notice_id=heard.notice_id, text=" We are looking. ", by=rae.id, now=town.now)
    assert Message.objects.get().text == "We are looking."
    assert Message.objects.get().from_staff == rae.id
    assert "We are looking" not in EntryBody.objects.get(event="message.received").body
