"""What each page says next is true of this very notice, and one step on from where they are."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone, translation

from heed.cases.models import Case, Deadline, Notice
from heed.filings import said_words
from heed.filings.said_words import in_words
from heed.flows.supplement_notice import TAKEN
from heed.people.models import Contact
from heed.rules.claims import AgeThen
from heed.rules.decisions import Ruling
from heed.web.console.forms import DecisionForm
from heed.web.notifier import choices, form, more
from tests.flows.stage import Stage, picture, post_mail
from tests.web.notifier.forms import number_in, send

SIGNED = {"good_faith": "yes", "not_consensual": "yes", "signature": "Dana"}
ADULT = {"who": "me-adult", "young": "no"}
DAY = timedelta(days=1)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def page_of(answer: Any) -> str:
    return f"/n/{number_in(answer)}"


# ------------------------------------------------------------------ nobody in need waits


@pytest.mark.parametrize("need", [{"danger": "yes"}, {"timed": "yes"}])
def test_who_is_in_danger_or_was_given_a_time_never_waits(
    client: Client, town: Stage, need: dict[str, str]
) -> None:
    for n in range(20):
        send(client, town.url("p2"), what="other", why=f"no {n}")
    assert send(client, town.url("p2"), what="hurt", token="a").status_code == 429
    assert send(client, town.url("p2"), what="hurt", token="b", **need).status_code == 200


def test_what_a_school_tells_of_bodies_takes_nobodys_room(client: Client, town: Stage) -> None:
    for n in range(20):
        assert send(client, town.url("p1"), why=f"class {n}").status_code == 200
    assert send(client, town.url("p2"), what="private").status_code == 200


@pytest.mark.parametrize("fact", [{"time_given": "tonight at 8"}, {"danger": "yes"}])
def test_a_time_that_is_told_later_is_promised_sooner_too(
    client: Client, town: Stage, fact: dict[str, str]
) -> None:
    page = page_of(send(client, town.url("p1")))
    assert "in 4 hours" in text(client.get(page))
    client.post(f"{page}/more", fact)
    client.post(f"{page}/more", fact)
    town.work()
    assert "in 15 minutes" in text(client.get(page))
    looks = Deadline.objects.filter(stops="person_looked")
    assert looks.count() == 2
    before = Case.objects.get().due_at
    client.post(f"{page}/more", {"words": "It is in my class."})
    assert (looks.count(), Case.objects.get().due_at) == (2, before)


def test_who_was_given_a_time_and_did_not_say_which_is_asked_once_more(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1"), timed="yes"))
    in_arabic = text(client.get(f"{page}?lang=ar"))
    assert "<dd>yes</dd>" not in in_arabic and "<dd>نعم</dd>" in in_arabic
    assert "Which time?" in text(client.get(f"{page}/more?lang=en"))
    looks = Deadline.objects.filter(stops="person_looked").count()
    client.post(f"{page}/more", {"time_given": "tonight at 8"})
    town.work()
    assert "tonight at 8" in text(client.get(page))
    assert "Which time?" not in text(client.get(f"{page}/more"))
    assert Deadline.objects.filter(stops="person_looked").count() == looks


# ------------------------------------------------------------------ nothing to hide yet


def test_who_has_no_link_reads_what_happens_and_where_to_send_it(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, posted="no-link", seen_where="a class chat"))
    shown = text(client.get(page))
    assert "A person goes and looks for it" in shown
    assert f'href="{page}/more#links"' in shown
    assert "It is back" not in shown
    client.post(f"{page}/more", {"links": town.url("p1")})
    shown = text(client.get(page))
    assert "A person goes and looks for it" not in shown
    assert "It is back" in shown


@pytest.mark.parametrize("codes", ["", f"sha256:{'ab' * 32}"])
def test_one_tap_when_the_threat_is_carried_out_sends_somebody_to_look_for_it(
    client: Client, town: Stage, codes: str
) -> None:
    page = page_of(send(client, posted="threat", what="", hashes=codes))
    shown = text(client.get(page))
    assert "It is posted now" in shown
    assert "It is back" not in shown
    shown = text(client.post(f"{page}/back", {}, follow=True))
    assert "Do you have the link?" in shown
    assert "A person goes and looks for it" in shown
    assert "Nothing is posted yet" not in shown
    case, notice = Case.objects.get(), Notice.objects.get()
    assert "place-not-known" in case.because
    looks = Deadline.objects.filter(case=case, stops="person_looked").earliest("due_at")
    assert looks.due_at <= notice.received_at + timedelta(hours=1, minutes=1)
    client.post(f"{page}/back", {"where": town.url("p1")})
    assert town.seen("p1") == ["hidden"]


def test_who_is_threatened_with_a_picture_is_offered_a_code_of_it(
    client: Client, town: Stage
) -> None:
    sent = send(client, posted="threat", what="")
    page = page_of(sent)
    for shown in (text(sent), text(client.get(page))):
        assert f'href="{page}/codes"' in shown
        assert "Make a code of the picture" in shown
    client.post(f"{page}/codes", {"hashes": f"sha256:{'cd' * 32}"})
    assert "Make a code of the picture" not in text(client.get(page))
    other = send(client, posted="threat", what="private", token="other")
    assert "Make a code of the picture" not in text(other)


def test_who_is_threatened_is_never_told_that_it_may_stay(client: Client, town: Stage) -> None:
    page = page_of(send(client, posted="threat", what=""))
    town.now = timezone.now()
    case = Case.objects.get()
    offered = dict(DecisionForm(case, []).fields["ruling"].choices)  # type: ignore[attr-defined]
    assert "nothing that we can do here" in offered["keep"]
    kept = town.keep(case, town.staff("Gil"), town.staff("Rae"), clause="none")
    shown = text(client.get(page))
    assert "With this answer nothing is taken down here" in shown
    assert "It was decided: nothing is taken down." in shown
    assert "Two people decided this." in shown
    assert kept.reasons in shown
    wrong = ["it may stay", "let it stay", "No rule was broken", "has looked at it", "will read"]
    assert [one for one in wrong if one in shown] == []


def test_of_a_threat_that_breaks_a_rule_nothing_is_said_to_come_down(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, posted="threat", what=""))
    town.now = timezone.now()
    town.remove(Case.objects.get(), town.staff("Gil"))
    shown = text(client.get(page))
    assert "You were right to tell us. It is against our rules." in shown
    assert "No post comes down by it" in shown
    for wrong in ("comes down for good", "press “It is back”", "A person will read"):
        assert wrong not in shown


# ------------------------------------------------------------------ times that are promised


def test_within_the_hour_is_said_until_the_hour_is_over_or_somebody_has_looked(
    client: Client, town: Stage
) -> None:
    page = page_of(sent := send(client, town.url("p1"), **ADULT))
    assert all("looks within the hour" in text(one) for one in (sent, client.get(page)))
    Deadline.objects.filter(stops="person_looked").update(due_at=timezone.now() - DAY)
    late = text(client.get(page))
    assert "A person should have looked by now" in late
    assert "it is hidden." in late
    town.now = timezone.now()
    town.decide(Case.objects.get(), Ruling.KEEP, town.staff("Gil"), clause="none")
    proposed = text(client.get(page))
    assert "A second person must agree" in proposed
    for wrong in ("within the hour", "should have looked"):
        assert wrong not in proposed
    assert "within the hour" not in late


def test_what_is_written_after_a_no_has_a_time_on_the_page_and_an_age_is_heard_as_one(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1")))
    assert 'name="age"' not in text(client.get(page)), "asked once there is an answer to doubt"
    town.now = timezone.now()
    town.keep(town.case(picture("one")), town.staff("Gil"), town.staff("Rae"), clause="none")
    client.post(f"{page}/message", {"text": "Look again."})
    shown = text(client.get(page))
    assert "What we promise next" in shown
    assert "in 60 minutes" in shown
    assert "the time we promise is on your page" in shown
    town.now = timezone.now()
    town.keep(town.case(picture("one")), town.staff("Ola"), town.staff("Sam"), clause="none")
    assert 'name="age"' in text(client.get(page))
    refused = client.post(f"{page}/message", {"text": "I was", "age": "thirteen"})
    assert refused.status_code == 422
    assert "Write the age as a number" in text(refused)
    assert "I was" in text(refused)
    added = text(client.post(f"{page}/message", {"text": "", "age": "13"}, follow=True))
    assert "We have added what you told us" in added
    assert town.seen("p1") == ["hidden"]
    assert "in 4 hours" in added
    assert Notice.objects.get().stated_age == 13


def test_whose_case_another_opens_again_reads_no_time_that_nobody_promised(
    client: Client, town: Stage
) -> None:
    page, friend = page_of(send(client, town.url("p1"))), Client()
    other = page_of(send(friend, town.url("p1"), why="I know her.", token="b"))
    town.now = timezone.now()
    town.keep(town.case(picture("one")), town.staff("Gil"), town.staff("Rae"), clause="none")
    client.post(f"{page}/message", {"text": "I was 13."})
    shown = text(friend.get(other))
    assert "What we promise next" not in shown
    assert "A trained person looks at it again." in shown


# ------------------------------------------------------------------ an adult's statement


def test_nothing_is_promised_to_be_hidden_while_nothing_is_posted(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, posted="threat", what="", **ADULT))
    for shown in (text(client.get(page)), text(client.get(f"{page}/contact"))):
        assert "hidden as soon as we have its link" in shown
        assert "hidden at once" not in shown


def test_what_is_hidden_already_asks_for_no_more_signing(client: Client, town: Stage) -> None:
    page = page_of(send(client, town.url("p1"), **ADULT))
    assert "This would protect it more" in text(client.get(page))
    client.post(f"{page}/contact", {"write": "yes", "email": "dana@example.org", **SIGNED})
    post_mail(timezone.now())
    link = re.search(r"/c/\S+", str(mail.outbox[-1].body))
    assert link is not None
    Client().post(link[0])
    client.post(f"{page}/erase")
    assert town.seen("p1") == ["hidden"]
    assert "This would protect it more" not in text(client.get(page))


def test_nobody_is_asked_for_the_same_part_of_the_statement_twice(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1"), **ADULT))
    half = {"write": "yes", "email": "dana@example.org.", "not_consensual": "yes"}
    client.post(f"{page}/contact", {**half, "signature": "Dana"})
    shown = text(client.get(f"{page}/contact"))
    assert "What you ticked or signed before is kept" in shown
    assert 'name="not_consensual"' not in shown
    assert 'name="signature"' not in shown
    assert "Dana" not in shown
    answer = client.post(f"{page}/contact", {"write": "yes", "good_faith": "yes"})
    assert answer.status_code == 302
    assert "This is what is still missing" not in text(client.get(f"{page}/contact"))
    assert Contact.objects.get().address_sealed is not None


# ------------------------------------------------------------------ small truths


def test_what_is_written_on_a_page_that_closed_meanwhile_is_given_back(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1")))
    client.cookies.clear()
    answer = client.post(f"{page}/message", {"text": "He wrote to me again <b>."})
    assert answer.status_code == 404
    assert "Your page was closed on this device" in text(answer)
    assert "He wrote to me again &lt;b&gt;." in text(answer)
    assert "Copy your words" not in text(client.post(f"{page}/back"))
    client.get(f"{page}/leave")
    after = client.post(f"{page}/message", {"text": "He wrote to me again."})
    assert "He wrote to me again" not in text(after)


def test_while_a_second_person_must_agree_it_is_their_look_that_is_promised(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1")))
    town.now = timezone.now()
    town.decide(town.case(picture("one")), Ruling.KEEP, town.staff("Rae"))
    shown = text(client.get(page))
    assert "<dt>A second person looks at it</dt>" in shown
    assert "<dt>A person looks at it</dt>" not in shown


def test_who_says_that_it_is_back_is_not_told_that_it_is_hidden_already(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1")))
    town.now = timezone.now()
    town.remove(town.case(picture("one")), town.staff("Rae"))
    assert "If it breaks a rule" not in text(client.get(page))
    assert "We look again" not in text(client.get(page))
    client.post(f"{page}/back")
    shown = text(client.get(page))
    assert "You told us that it is posted again" in shown
    assert "It is gone, and we have looked for every copy" in shown
    assert "Hidden already" not in shown


def test_who_takes_back_what_was_decided_is_not_told_that_somebody_looks(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1")))
    town.now = timezone.now()
    town.remove(town.case(picture("one")), town.staff("Rae"))
    assert "until a person has decided" not in text(client.get(page))
    shown = text(client.post(f"{page}/withdraw", follow=True))
    assert "What was decided stays as it is" in shown
    assert "A person still looks" not in shown


def test_a_link_in_a_message_is_asked_about_and_hides_only_when_it_is_sent(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1")))
    known = text(
        client.post(f"{page}/message", {"text": f"still at {town.url('p1')}"}, follow=True)
    )
    assert "There is a link in your message" not in known
    said = {"text": f"now at {town.url('p2')} as well"}
    shown = text(client.post(f"{page}/message", said))
    assert "There is a link in your message" in shown
    assert f"\n{town.url('p2')}</textarea>" in shown
    assert town.seen("p2") == ["visible"]
    client.post(f"{page}/back", {"where": town.url("p2"), "then": "where"})
    assert town.seen("p2") == ["hidden"]


def test_a_school_reads_how_to_handle_what_it_was_shown(client: Client, town: Stage) -> None:
    advice = "copy, print, send or show the picture"
    assert advice in text(send(client, town.url("p1"), who="pupil", token="a"))
    assert advice not in text(send(client, town.url("p1"), token="b"))


def test_who_took_it_back_reads_the_way_on(client: Client, town: Stage) -> None:
    page = page_of(send(client, town.url("p1")))
    shown = text(client.post(f"{page}/withdraw", follow=True))
    assert "Did somebody make you do it, or shall we go on after all?" in shown


def test_step_two_names_the_number_to_call_there_and_promises_what_is_kept(
    client: Client, town: Stage
) -> None:
    page = page_of(send(client, town.url("p1")))
    client.post(f"{page}/more", {"country": "AU"})
    shown = text(client.get(f"{page}/more"))
    assert "call 000 first" in shown
    assert "They are protected as well" in shown
    words = page_of(send(client, town.url("p2"), what="private", token="other"))
    shown = text(client.get(f"{words}/more"))
    assert "They are protected as well" not in shown
    assert "We look at them as well" in shown


# ------------------------------------------------------------------ a case file speaks as the form


def test_a_case_file_says_what_was_told_in_the_words_of_the_form() -> None:
    said = {
        "true": "yes", "what": "threat", "who": "my-child", "form": "ab", "young": "unsure",
        "posted": "threat", "timed": "yes", "note_of_a_partner": "7", "acting_for": True,
    }  # fmt: skip
    assert list(in_words(said)) == [
        ("Who is it about, and who are you?", "It is my child"),
        ("What is it?", "Someone threatens to show one"),
        ("Was the person shown under 18 when it was made?", "Not sure"),
        ("Is it posted already?", "No. Someone threatens to post it"),
        ("Did someone give you a time?", "Yes"),
        ("I may act for the person shown.", "Yes"),
        ("I am telling the truth, as far as I know.", "Yes"),
        ("note of a partner", "7"),
    ]
    with translation.override("de"):
        assert dict(in_words(said))["Was ist es?"] == "Jemand droht, eins zu zeigen"


def test_no_field_or_answer_of_the_form_is_without_its_words() -> None:
    asked = {
        "danger": choices.DANGER, "timed": choices.TIMED, "posted": choices.POSTED,
        "what": choices.WHAT, "who": choices.WHO, "young": choices.YOUNG,
    }  # fmt: skip
    for name, options in asked.items():
        labels = {one.value: str(one.label) for one in options}
        assert {k: str(v) for k, v in said_words.ANSWERED[name].items()} == labels
    assert set(said_words.ANSWERED["age_then"]) == {one.value for one in AgeThen}
    by_machine = {"form", "token", "sha256", "pdq"}
    typed = set(form.read({}).__dataclass_fields__) - by_machine
    kept = {*TAKEN, *more.FACTS, "urls"} - {"age", "standing"}
    assert typed | kept <= set(said_words.ASKED)
