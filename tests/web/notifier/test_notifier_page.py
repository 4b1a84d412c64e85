"""The private page: its holder sees what was done, can answer back, and nobody else gets in."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from heed.cases.models import (
    Appeal,
    Case,
    Consent,
    Deadline,
    Decision,
    Message,
    Notice,
    Supplement,
    Target,
)
from heed.cases.queries import consents
from heed.cases.services.notices import digest
from heed.filings.models import StatementOfReasons
from heed.flows.count_try import count_try
from heed.flows.decide_appeal import decide_appeal
from heed.flows.second_decision import second
from heed.flows.write_to_notifier import write_to_notifier
from heed.ledger.verify import commit_to, verify_receipt
from heed.ledger.verify_case_file import verify_case_file
from heed.people.guesses import Bound
from heed.people.models import Contact
from heed.rules.decisions import AppealOutcome
from heed.web.notifier import more
from tests.flows.stage import Stage, picture, post_mail
from tests.web.notifier.forms import link_in, number_in, send, step_one, words_in


@pytest.fixture
def page(client: Client, town: Stage) -> str:
    """The path of a page that this client has open; whatever is done next is done later."""
    path = f"/n/{number_in(send(client, town.url('p1')))}"
    town.now = timezone.now()
    return path


def text(answer: Any) -> str:
    return str(answer.content.decode())


def other_case(town: Stage) -> Case:
    return town.case(picture("one"))


# ------------------------------------------------------------------ who gets in


def test_the_secret_leaves_the_address_at_once(client: Client, town: Stage) -> None:
    link = link_in(send(client, town.url("p1")))
    visitor = Client()
    moved = visitor.get(link)
    assert (moved.status_code, moved["Location"]) == (302, link.partition("?")[0])
    cookie = next(iter(moved.cookies.values()))
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (
        link.partition("?")[0], True, "Lax",
    )  # fmt: skip
    shown = visitor.get(moved["Location"])
    assert shown.status_code == 200
    assert shown["Cache-Control"] == "no-store"
    assert "<title>Your page</title>" in text(shown)


def test_whatever_is_wrong_the_answer_is_the_same(client: Client, page: str, town: Stage) -> None:
    stranger = Client()
    tried = [f"{page}?k=wrong", page, "/n/H-AAAA-AAAA?k=wrong", "/n/H-AAAA-AAAA", f"{page}/receipt"]
    answers = [stranger.get(path) for path in tried]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1


def test_a_browser_that_refuses_cookies_is_told_what_opens_the_page(
    client: Client, page: str
) -> None:
    answer = Client().get(page)
    assert answer.status_code == 404
    assert "refuse cookies" in text(answer)


def test_who_is_threatened_reads_what_to_do_whenever_they_come_back(
    client: Client, town: Stage
) -> None:
    sent = send(client, posted="threat", what="", links="")
    assert "Don't pay" in text(client.get(f"/n/{number_in(sent)}")).replace("&#x27;", "'")


def test_the_cookie_of_one_page_opens_no_other(client: Client, page: str, town: Stage) -> None:
    other = number_in(send(Client(), town.url("p2")))
    mine = client.cookies[f"page_{page.rpartition('/')[2]}"].value
    client.cookies[f"page_{other}"] = mine
    assert client.get(f"/n/{other}").status_code == 404
    assert client.get(page).status_code == 200


def test_a_renewed_link_shuts_the_old_one_out(client: Client, page: str) -> None:
    old = Client()
    old.cookies.load(client.cookies)
    assert client.post(f"{page}/renew", follow=True).status_code == 200
    assert old.get(page).status_code == 404
    assert client.get(page).status_code == 200


def test_leaving_closes_the_page_in_this_browser(client: Client, page: str, town: Stage) -> None:
    assert client.get(f"{page}/leave")["Location"].startswith("https://www.wikipedia.org")
    assert "H-" not in text(client.get(page))
    client.get("/?open=1")
    assert client.get(page).status_code == 404
    sent_again = send(client, town.url("p1"))
    assert (sent_again.status_code, sent_again["Location"]) == (302, "/find")
    assert Notice.objects.count() == 1


def test_an_uploader_who_was_right_is_told_what_is_still_missing(
    client: Client, town: Stage
) -> None:
    send(client, town.url("p1"))
    town.now = timezone.now()
    town.work()
    case, sam, rae = town.case(picture("one")), town.staff("Sam"), town.staff("Rae")
    town.remove(case, town.staff("Gil"))
    statement = StatementOfReasons.objects.get(basis="removed")
    StatementOfReasons.objects.filter(id=statement.id).update(link_hash=digest("known"))
    uri, path = Client(), f"/s/{statement.id}"
    uri.get(f"{path}?k=known")
    uri.post(path, {"why": "It is a garden."})
    town.looks(sam, case)
    decide_appeal(
        appeal_id=Appeal.objects.get().id, outcome=AppealOutcome.REVERSED, reasons="A garden.",
        by=sam.id, now=town.now,
    )  # fmt: skip
    assert town.seen("p1") == ["removed"]
    shown = text(uri.get(path))
    assert "agreed with you" in shown
    assert "when a second person agrees as well" in shown
    town.looks(rae, case)
    proposed = Decision.objects.get(state=Decision.State.PROPOSED)
    second(decision_id=proposed.id, agrees=False, reasons="No.", by=rae.id, now=town.now)
    shown = text(uri.get(path))
    assert "looked at once more" in shown and "agrees as well" not in shown
    town.remove(case, rae)
    assert "decided anew, and it is not shown again" in text(uri.get(path))


def test_who_comes_back_by_the_link_after_leaving_sees_the_page_and_no_empty_one(
    client: Client, town: Stage
) -> None:
    link = link_in(send(client, town.url("p1")))
    path = link.partition("?")[0]
    client.get(f"{path}/leave")
    assert "Empty page" in text(client.get(path))
    assert client.get(f"{path}?k=wrong").status_code == 404
    assert "Empty page" in text(client.get(path))
    assert "<title>Your page</title>" in text(client.get(link, follow=True))


def test_number_and_four_words_lead_back_however_they_are_written(
    client: Client, town: Stage
) -> None:
    sent = send(client, town.url("p1"))
    number, words = number_in(sent), words_in(sent)
    visitor = Client()
    written = {"number": number.lower().replace("-", " "), "words": f"  {words.upper()} "}
    found = visitor.post("/find", written, follow=True)
    assert found.status_code == 200
    assert "Welcome back" in text(found)


def test_figures_of_another_language_commas_and_a_missing_letter_lead_back_too(
    client: Client, town: Stage
) -> None:
    sent = send(client, town.url("p1"))
    number = number_in(sent)[1:].translate({48 + n: 0x0660 + n for n in range(10)})
    words = ", ".join(f"{n}. {word}" for n, word in enumerate(words_in(sent).split(), 1))
    found = Client().post("/find", {"number": f"\u200f{number}", "words": f"{words}."}, follow=True)
    assert "Welcome back" in text(found)


def test_whoever_pastes_the_whole_link_where_the_number_goes_is_let_in(
    client: Client, town: Stage
) -> None:
    link = f"http://testserver{link_in(send(client, town.url('p1')))}"
    visitor = Client()
    assert "<title>Your page</title>" in text(
        visitor.post("/find", {"number": link, "words": ""}, follow=True)
    )
    assert visitor.post("/find", {"number": f"{link}x"}, follow=True).status_code == 404


def test_no_browser_translates_the_number_the_words_or_the_link(
    client: Client, town: Stage
) -> None:
    """Whoever writes down translated words never comes back."""
    sent = text(client.post("/notice?lang=ar", step_one(town.url("p1"))))
    for kind in ("number", "words", "url"):
        opening = re.search(rf'<p ([^>]*)class="{kind}"', sent)
        assert opening is not None
        assert 'translate="no"' in opening[1]
        assert 'dir="ltr"' in opening[1]


def test_guessing_is_slowed_down_by_where_it_comes_from_and_never_shuts_the_owner_out(
    client: Client, town: Stage, settings: Any
) -> None:
    sent = send(client, town.url("p1"))
    number, words = number_in(sent), words_in(sent)
    settings.HEED_PROXIES = 1

    def guess(source: str, said: str) -> int:
        typed = {"number": number, "words": said}
        return Client().post("/find", typed, headers={"x-forwarded-for": source}).status_code

    assert [guess("192.0.2.1", "able acid acorn actor") for _ in range(11)] == [422] * 10 + [429]
    for n in range(45):
        guess(f"198.51.100.{n}", "able acid acorn actor")
    tired = [guess("203.0.113.5", "able acid acorn actor") for _ in range(4)]
    assert tired == [422] * 3 + [429]
    assert guess("203.0.113.9", words) == 302


def test_a_bound_at_a_door_counts_each_name_for_itself(db: None) -> None:
    """In the database: whichever process hears the next try knows of the last."""
    now, soon = timezone.now(), timedelta(minutes=5)
    door = Bound(door="officer.code", most=2, within=soon)
    for _ in range(2):
        assert door.again_at("192.0.2.1", now) is None
        count_try(at=door, name="192.0.2.1", now=now)
    assert door.again_at("192.0.2.1", now) == now + soon
    assert door.again_at("192.0.2.2", now) is None
    assert Bound(door="officer.asked", most=2, within=soon).again_at("192.0.2.1", now) is None
    assert door.again_at("192.0.2.1", now + soon) is None


def test_forms_of_the_page_are_checked(strict: Client, town: Stage) -> None:
    page = f"/n/{number_in(send(strict, town.url('p1')))}"
    refused = strict.post(f"{page}/withdraw")
    assert refused.status_code == 403
    assert "once more" in text(refused)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text(strict.get(page)))
    assert token is not None
    again = strict.post(f"{page}/message", {"csrfmiddlewaretoken": token[1], "text": "hello"})
    assert again.status_code == 302


# ------------------------------------------------------------------ what it shows


def test_the_page_says_what_was_done_and_what_comes_next(
    client: Client, page: str, town: Stage
) -> None:
    town.post("copy1", picture("one"))
    town.work()
    shown = text(client.get(page))
    assert "Being hidden" in shown
    assert "<strong>1</strong> copy found" in shown
    assert "A person looks at it" in shown
    assert "in 4 hours" in shown


def test_the_page_never_tells_where_copies_are_nor_of_other_notices(
    client: Client, page: str, town: Stage
) -> None:
    town.post("copy-elsewhere", picture("one"))
    other = send(Client(), town.url("p1"), who="someone", links=town.url("p1"), token="other")
    town.work()
    shown = text(client.get(page))
    assert "copy-elsewhere" not in shown
    assert number_in(other) not in shown
    assert other_case(town).number not in shown


def test_a_police_number_is_shown_to_a_confirmed_guardian_only(client: Client, town: Stage) -> None:
    page = f"/n/{number_in(send(client, town.url('p1'), who='my-child'))}"
    client.post(f"{page}/more", {"police_reference": "K-77/26", "words": "my son"})
    assert Notice.objects.get().police_reference == "K-77/26"
    shown = text(client.get(page))
    assert "K-77/26" not in shown
    assert "We don't show it here" in shown
    client.post(f"{page}/contact", {"write": "yes", "email": "gil@example.org"})
    Client().post(_confirming_link())
    assert "K-77/26" in text(client.get(page))


def test_the_answer_stands_there_with_its_reasons_and_the_way_on(
    client: Client, page: str, town: Stage
) -> None:
    rae, sam = town.staff("Rae"), town.staff("Sam")
    case = other_case(town)
    town.keep(case, rae, sam, reasons="The picture shows a statue.")
    shown = text(client.get(page))
    assert "decided to let it stay" in shown
    assert "The picture shows a statue." in shown
    assert "We know that you may have hoped for another answer." in shown
    assert "out-of-court dispute body" in shown
    client.post(f"{page}/appeal", {"why": "It is me"})
    assert Appeal.objects.get().text == "It is me"
    assert "A different person is looking" in text(client.get(page))
    again = client.post(f"{page}/appeal", follow=True)
    assert "looking already" in text(again)
    assert Appeal.objects.count() == 1
    gil, town.now = town.staff("Gil"), timezone.now()
    town.looks(gil, case)
    decide_appeal(
        appeal_id=Appeal.objects.get().id, outcome=AppealOutcome.STANDS, reasons="It is stone.",
        by=gil.id, now=town.now,
    )  # fmt: skip
    assert '<p dir="auto">It is stone.</p>' in text(client.get(page))  # in any page's language


def test_there_is_nothing_to_appeal_before_an_answer(client: Client, page: str) -> None:
    assert "Ask for another look" not in text(client.get(page))


def test_a_removal_is_told_with_the_rule(client: Client, page: str, town: Stage) -> None:
    town.remove(other_case(town), town.staff("Rae"))
    shown = text(client.get(page))
    assert "against our rules" in shown
    assert "No sexual content of anyone under 18" in shown


def test_an_answer_is_read_by_those_it_was_given_to(client: Client, page: str, town: Stage) -> None:
    town.remove(other_case(town), town.staff("Rae"), reasons="He is 13 and lives in Ohio.")
    late = Client()
    other = f"/n/{number_in(send(late, town.url('p1'), who='someone', token='late'))}"
    assert "lives in Ohio" in text(client.get(page))
    assert "lives in Ohio" not in text(late.get(other))


def test_the_page_tells_the_story_in_order(client: Client, page: str, town: Stage) -> None:
    town.post("copy1", picture("one"))
    town.work()
    town.keep(other_case(town), town.staff("Rae"), town.staff("Sam"))
    client.post(f"{page}/back")
    client.post(f"{page}/appeal")
    shown = text(client.get(page))
    told = ["message reached us", "copy of it", "it may stay", "You told us that it is posted",
            "You asked for another look."]  # fmt: skip
    assert [shown.rindex(one) for one in told] == sorted(shown.rindex(one) for one in told)


def test_what_only_looks_alike_is_counted_once(client: Client, town: Stage) -> None:
    from heed.cases.models import Copy

    page = f"/n/{number_in(send(client, town.url('p1'), town.url('p2')))}"
    alike = town.post("alike")
    for file in ("one", "two"):
        case = town.case(picture(file))
        Copy.objects.create(case=case, item=alike, how=Copy.How.NEAR, found_at=town.now)
    assert "1 more looks alike" in text(client.get(page))


# ------------------------------------------------------------------ what its holder may do


def test_one_tap_answers_a_question_and_tells_the_rules(client: Client, town: Stage) -> None:
    page = f"/n/{number_in(send(client, town.url('p1'), who='someone', young='no'))}"
    rae = town.staff("Rae")
    write_to_notifier(
        notice_id=Notice.objects.get().id, text="", letter="how-old", by=rae.id, now=town.now
    )
    assert town.seen("p1") == ["limited"]
    assert "Yes, under 18" in text(client.get(page))
    answer = client.post(f"{page}/message", {"letter": "how-old", "reply": "0"}, follow=True)
    assert "Yes, under 18" in Message.objects.get(from_staff=None).text
    assert "with one tap" not in text(answer)
    assert town.seen("p1") == ["hidden"]


@pytest.mark.parametrize("reply", ["9", "-1", "x", ""])
def test_a_reply_that_no_letter_has_asks_for_words(client: Client, page: str, reply: str) -> None:
    answer = client.post(f"{page}/message", {"letter": "how-old", "reply": reply})
    assert answer.status_code == 422
    assert not Message.objects.exists()


def test_it_is_back_and_then_the_link_is_one_clock(client: Client, page: str, town: Stage) -> None:
    asked = text(client.post(f"{page}/back", follow=True))
    assert "Do you have the link?" in asked
    client.post(f"{page}/back", {"where": town.url("p2"), "then": "where"})
    assert town.seen("p2") == ["hidden"]
    causes = Deadline.objects.filter(cause__startswith="back:").values_list("cause", flat=True)
    assert len(set(causes)) == 1


def test_answering_back_opens_a_decided_case(client: Client, page: str, town: Stage) -> None:
    town.remove(other_case(town), town.staff("Rae"))
    client.post(f"{page}/message", {"text": "There is <one> more thing"})
    assert other_case(town).state == Case.State.OPEN
    assert "There is &lt;one&gt; more thing" in text(client.get(page))


def test_an_empty_message_is_asked_for_at_its_field(client: Client, page: str) -> None:
    answer = client.post(f"{page}/message", {"text": "  "})
    assert answer.status_code == 422
    assert "Write your message first" in text(answer)
    assert not Message.objects.exists()


def test_what_is_longer_than_books_stands_there_to_be_sent_in_parts(
    client: Client, page: str
) -> None:
    """Both sides' pages show all that was sent: nobody fills them, and nothing is cut unsaid."""
    long = "word " * 4_001
    for path, name in (("message", "text"), ("more", "words"), ("appeal", "why")):
        answer = client.post(f"{page}/{path}", {name: long})
        assert answer.status_code == 422 and "more than 20,000 letters" in text(answer)
        assert answer.content.decode().count(long.strip()) == 1, "it is not lost"
    assert not Message.objects.exists() and not Supplement.objects.filter(said__has_key="words")
    assert client.post(f"{page}/message", {"text": long[:20_000]}).status_code == 302


def test_it_is_back_starts_its_clock_also_when_the_words_beside_it_are_too_long(
    client: Client, page: str, town: Stage
) -> None:
    long = "word " * 4_001
    sent = {"where": f"{town.url('p2')} {long}", "then": "where"}
    answer = client.post(f"{page}/back", sent)
    assert answer.status_code == 422 and "more than 20,000 letters" in text(answer)
    assert answer.content.decode().count(long.strip()) == 1, "it is not lost"
    assert Target.objects.filter(url=town.url("p2")).exists()
    assert Deadline.objects.filter(cause__startswith="back:", met_at=None).exists()
    assert not Message.objects.exists()


def test_it_is_back_protects_the_new_place(client: Client, page: str, town: Stage) -> None:
    answer = client.post(f"{page}/back", {"where": f"here {town.url('p2')}"}, follow=True)
    assert "new clock" in text(answer)
    assert town.seen("p2") == ["hidden"]
    nothing = client.post(f"{page}/back", {"where": " ", "then": "where"}, follow=True)
    assert "We have your link" not in text(nothing)


def test_words_beside_a_link_and_links_beyond_a_hundred_are_not_lost(
    client: Client, page: str, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(f"{page}/back", {"where": f"{town.url('p2')} by @bad, again"})
    assert Message.objects.get(from_staff=None).text.endswith("by @bad, again")
    client.post(f"{page}/more", {"links": f"look here {town.url('p2')}"})
    assert Notice.objects.get().words.endswith(f"look here {town.url('p2')}")
    client.post(f"{page}/back", {"where": f"{town.url('p2')}\n"})
    assert Message.objects.count() == 1  # a link alone is no message
    monkeypatch.setattr(more, "MOST_LINKS", 2)
    many = "\n".join(town.url(f"many/{n}") for n in range(4))
    answer = client.post(f"{page}/back", {"where": many})
    assert answer.status_code == 422
    assert "more than 100 links" in text(answer) and "new clock has started" in text(answer)
    assert town.url("many/3") in text(answer) and f"{town.url('many/1')}\n" not in text(answer)
    assert Target.objects.filter(url=town.url("many/1")).exists()


def test_what_is_said_while_somebody_looks_again_already_is_kept(
    client: Client, page: str, town: Stage
) -> None:
    town.remove(other_case(town), town.staff("Rae"))
    client.post(f"{page}/appeal", {"why": "It is not all."})
    again = client.post(f"{page}/appeal", {"why": "And one thing more."}, follow=True)
    assert "is looking already" in text(again) and "And one thing more." in text(again)
    assert Message.objects.get().text == "And one thing more."
    client.post(f"{page}/appeal")  # a second tap says nothing new
    assert Message.objects.count() == 1


def test_taking_a_notice_back_restores_nothing(client: Client, page: str, town: Stage) -> None:
    assert "stays hidden" in text(client.post(f"{page}/withdraw", follow=True))
    assert Notice.objects.get().state == Notice.State.WITHDRAWN
    assert town.seen("p1") == ["hidden"]


def test_more_facts_are_taken_in_and_leaving_one_empty_clears_nothing(
    client: Client, page: str
) -> None:
    client.post(f"{page}/more", {"words": "first", "age": "13", "other_app": "app: @bad"})
    client.post(f"{page}/more", {"words": ""})
    notice = Notice.objects.get()
    assert (notice.words, notice.stated_age, notice.other_app) == ("first", 13, "app: @bad")


@pytest.mark.parametrize("typed", ["13 years old", "I was 13", "١٣ سنة", "13."])
def test_an_age_may_have_words_beside_it(client: Client, page: str, typed: str) -> None:
    client.post(f"{page}/more", {"age": typed})
    assert Notice.objects.get().stated_age == 13


@pytest.mark.parametrize("typed", ["almost 18", "under 18", "13 or 14", "-", "2013"])
def test_an_age_that_may_mean_another_is_asked_for_again(
    client: Client, page: str, typed: str
) -> None:
    assert client.post(f"{page}/more", {"age": typed}).status_code == 422
    assert Notice.objects.get().stated_age is None


def test_an_age_that_is_no_number_keeps_all_that_was_typed(client: Client, page: str) -> None:
    answer = client.post(f"{page}/more", {"words": "a long story", "age": "thirteen"})
    assert answer.status_code == 422
    assert "a long story" in text(answer)
    assert 'value="thirteen"' in text(answer)


def test_a_mail_scanner_that_opens_the_link_confirms_nothing(client: Client, page: str) -> None:
    client.post(f"{page}/contact", {"write": "yes", "email": "dana@example.org"})
    assert mail.outbox == []
    link = _confirming_link()
    assert mail.outbox[0].subject == "Please confirm your address"
    assert Client().get(link).status_code == 200
    assert Contact.objects.get().confirmed_at is None
    assert "Thank you" in text(Client().post(link))
    assert Contact.objects.get().confirmed_at is not None
    assert Client().post(link).status_code == 422


def test_who_does_not_want_mail_gets_none(client: Client, page: str) -> None:
    answer = client.post(
        f"{page}/contact", {"write": "no", "email": "dana@example.org"}, follow=True
    )
    assert "keep no address" in text(answer)
    post_mail(timezone.now())
    assert mail.outbox == []
    assert Contact.objects.get().address_sealed is None


def test_an_address_goes_when_somebody_no_longer_wants_to_be_written_to(
    client: Client, page: str
) -> None:
    client.post(f"{page}/contact", {"write": "yes", "email": "dana@example.org"})
    client.post(f"{page}/contact", {"write": "no"})
    kept = Contact.objects.get()
    assert (kept.may_write, kept.address_sealed) == (False, None)


def test_a_statement_that_is_half_there_is_said_to_be(client: Client, town: Stage) -> None:
    page = f"/n/{number_in(send(client, town.url('p1'), who='me-adult', young='no'))}"
    half = {"write": "yes", "email": "dana@example.org", "good_faith": "yes"}
    shown = text(client.post(f"{page}/contact", half, follow=True))
    assert "part of the statement is still missing" in shown
    assert "the tick that the person shown has not agreed" in shown
    assert "your name, as a signature" in shown
    assert "the tick that you believe" not in shown


def test_an_address_that_is_given_twice_is_confirmed_by_either_mail(
    client: Client, town: Stage
) -> None:
    page = f"/n/{number_in(send(client, town.url('p1'), who='me-adult', young='no'))}"
    said = {"write": "yes", "email": "dana@example.org", "good_faith": "yes", "signature": "Dana"}
    said["not_consensual"] = "yes"
    client.post(f"{page}/contact", said)
    first = _confirming_link()
    pressed_again = text(client.post(f"{page}/contact", said, follow=True))
    assert "We are sending you an e-mail" in pressed_again
    assert "is confirmed" in text(Client().post(first))
    assert town.seen("p1") == ["hidden"]
    given_again = {"write": "yes", "email": " Dana@example.org"}
    assert "Saved." in text(client.post(f"{page}/contact", given_again, follow=True))
    contact = Contact.objects.get()
    assert contact.confirmed_at is not None
    assert "your address is confirmed" in text(client.get(page))


def test_a_mail_that_did_not_come_is_sent_anew(client: Client, town: Stage, page: str) -> None:
    said = {"write": "yes", "email": "dana@example.org"}
    client.post(f"{page}/contact", said)
    first = _confirming_link()
    Contact.objects.update(code_sent_at=timezone.now() - timedelta(minutes=5))
    client.post(f"{page}/contact", said)
    second = _confirming_link()
    assert second != first
    assert "is confirmed" in text(Client().post(second))


@pytest.mark.parametrize("email", ["", "dana", "dana@", "@x.org", "a b@c.org"])
def test_an_address_that_can_not_work_is_said_so(client: Client, page: str, email: str) -> None:
    answer = client.post(f"{page}/contact", {"write": "yes", "email": email})
    assert answer.status_code == 422
    assert "e-mail address" in text(answer)


def test_an_adults_signed_and_confirmed_statement_hides(client: Client, town: Stage) -> None:
    sent = send(client, town.url("p1"), who="me-adult", young="no")
    page = f"/n/{number_in(sent)}"
    client.post(
        f"{page}/contact",
        {
            "write": "yes", "email": "dana@example.org", "good_faith": "yes",
            "not_consensual": "yes", "signature": "Dana",
        },
    )  # fmt: skip
    assert town.seen("p1") == ["limited"]
    Client().post(_confirming_link())
    assert town.seen("p1") == ["hidden"]
    assert "Sign and confirm" not in text(client.get(page))


def test_the_receipt_verifies_and_opens_what_was_sent(client: Client, page: str) -> None:
    receipt = json.loads(client.get(f"{page}/receipt").content)
    said = json.loads(client.get(f"{page}/said").content)
    key = Client().get("/log/key").content.decode().split("\n")[0]
    assert verify_receipt(receipt, key).kind in ("promise", "proof")
    salt = bytes.fromhex(receipt["salt"])
    assert commit_to(said, salt).hex() == receipt["promise"]["commitment"]
    assert "town.example" not in json.dumps(receipt)


def test_the_receipt_can_be_read_and_scanned_and_says_nothing_of_the_matter(
    client: Client, page: str
) -> None:
    shown = text(client.get(f"{page}/proof"))
    receipt = json.loads(client.get(f"{page}/receipt").content)
    assert receipt["promise"]["commitment"] in shown
    assert "heed verify receipt-" in shown
    assert "<svg" in shown and "style=" not in shown
    assert not re.search(r"nude|sexual|child|picture of", shown.partition("<main")[2])


# ------------------------------------------------------------------ the uploader's side


def test_an_uploader_reads_why_and_asks_for_another_look(town: Stage) -> None:
    send(Client(), town.url("p1"))
    town.work()
    statement = StatementOfReasons.objects.first()
    assert statement is not None
    StatementOfReasons.objects.filter(id=statement.id).update(link_hash=digest("known"))
    uri = Client()
    assert uri.get(f"/s/{statement.id}?k=wrong").status_code == 404
    shown = uri.get(f"/s/{statement.id}?k=known", follow=True)
    assert shown.status_code == 200
    assert "What was done" in text(shown)
    assert "told us" not in text(shown)
    long = "word " * 4_001
    answer = uri.post(f"/s/{statement.id}", {"why": long})
    assert answer.status_code == 422 and "more than 20,000 letters" in text(answer)
    assert answer.content.decode().count(long.strip()) == 1 and not Appeal.objects.exists()
    answer = uri.post(f"/s/{statement.id}", {"why": "My account was taken over"})
    assert "not decided before" in text(answer)
    assert Appeal.objects.get().statement_id == statement.id
    assert not Decision.objects.exists()
    more = uri.post(f"/s/{statement.id}", {"why": "I have the letter of the support."})
    assert "We have added it to what you wrote." in text(more)
    assert Appeal.objects.get().text.split("\n\n") == [
        "My account was taken over", "I have the letter of the support.",
    ]  # fmt: skip
    empty = uri.post(f"/s/{statement.id}", {"why": " "})
    assert empty.status_code == 422 and "Write your message first." in text(empty)
    assert "We have added it" not in text(uri.get(f"/s/{statement.id}"))


def _confirming_link() -> str:
    post_mail(timezone.now())
    found = re.search(r"https?://[^/]+(/c/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found.group(1)


# ------------------------------------------------------------------ afterwards


def test_a_mother_and_her_son_see_each_other_when_both_want_it(
    client: Client, page: str, town: Stage
) -> None:
    gil = Client()
    theirs = f"/n/{number_in(send(gil, town.url('p1'), who='my-child', token='gil'))}"
    mine, other = page.rpartition("/")[2], theirs.rpartition("/")[2]
    stranger = Client()
    third = f"/n/{number_in(send(stranger, town.url('p1'), who='someone', token='zed'))}"
    client.post(f"{page}/close", {"other": other.lower().replace("-", " ")})
    stranger.post(f"{third}/close", {"other": mine})
    assert "has told us about" not in text(client.get(f"{page}/close"))
    assert mine not in text(gil.get(f"{theirs}/close"))
    gil.post(f"{theirs}/close", {"other": mine})
    for who, where, sees in ((client, page, other), (gil, theirs, mine)):
        assert re.search(rf"{sees}</strong> has told us about", text(who.get(f"{where}/close")))
    assert "has told us about" not in text(stranger.get(f"{third}/close"))
    gil.post(f"{theirs}/close", {"other": mine, "take_back": "yes"})
    assert "has told us about" not in text(client.get(f"{page}/close"))
    for wrong in ("", "H-1", mine):
        assert client.post(f"{page}/close", {"other": wrong}).status_code == 422


def test_a_case_file_is_asked_for_made_and_fetched(client: Client, page: str, town: Stage) -> None:
    assert client.get(f"{page}/case-file.pdf").status_code == 404
    asked = text(client.post(f"{page}/case-file", follow=True))
    assert "being made" in asked
    town.now = timezone.now()
    town.work()
    shown = text(client.get(f"{page}/case-file"))
    assert "It is ready" in shown
    pdf = client.get(f"{page}/case-file.pdf")
    document = client.get(f"{page}/case-file.json")
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    key = Client().get("/log/key").content.decode().split("\n")[0]
    assert verify_case_file(json.loads(document.content), key, pdf.content)
    assert Client().get(f"{page}/case-file.json").status_code == 404


def test_an_address_can_be_deleted_and_one_that_takes_no_mail_is_said_so(
    client: Client, page: str
) -> None:
    client.post(f"{page}/contact", {"write": "yes", "email": "dana@example.org"})
    Contact.objects.update(returned_at=timezone.now(), returned_for="unknown")
    assert "does not take mail" in text(client.get(page))
    assert "What we keep, and why" in text(client.get(f"{page}/contact"))
    assert "is deleted" in text(client.post(f"{page}/erase", follow=True))
    assert Contact.objects.get().address_sealed is None
    assert "does not take mail" not in text(client.get(page))


def test_a_code_that_is_none_is_said_so_and_a_consent_can_be_taken_back(
    client: Client, page: str
) -> None:
    wrong = client.post(f"{page}/codes", {"hashes": "pdq:12", "to": "stopncii"})
    assert wrong.status_code == 422
    assert "pdq:12" in text(wrong)
    assert not Consent.objects.exists()
    client.post(f"{page}/codes", {"to": "stopncii"})
    assert consents.notices_agreeing_to(Consent.To.STOPNCII).count() == 1
    client.post(f"{page}/codes", {})
    assert consents.notices_agreeing_to(Consent.To.STOPNCII).count() == 0
