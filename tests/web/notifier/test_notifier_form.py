"""Step one: what a frightened person sends is taken in, and nothing they typed is lost."""

import re
from threading import Thread

import pytest
from django.db import connection
from django.test import Client

from heed.cases.models import Case, Notice, Target
from heed.flows.check_upload import check_signals
from heed.flows.manage_platforms import declare_addresses
from heed.flows.name_place import NotThere, name_place
from heed.media.models import Item
from heed.people.services import blind_index
from heed.rules.claims import AgeThen, Category, Standing
from heed.web.notifier import taking
from tests.flows.stage import Stage, picture
from tests.web.notifier.forms import link_in, number_in, send, step_one, words_in


def only() -> Notice:
    return Notice.objects.get()


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_a_child_is_protected_by_step_one_alone(client: Client, town: Stage) -> None:
    answer = send(client, town.url("p1"))
    assert answer.status_code == 200
    assert town.seen("p1", "p2") == ["hidden", "visible"]
    notice = only()
    assert (notice.category, notice.standing, notice.age_then) == (
        Category.MINOR_SEXUAL, Standing.DEPICTED, AgeThen.UNDER_18,
    )  # fmt: skip
    assert number_in(answer) == notice.number
    assert len(words_in(answer).split()) == 4
    assert "Being hidden" in text(answer)


def test_a_browser_without_cookies_is_heard_too(strict: Client, town: Stage) -> None:
    assert send(strict, town.url("p1")).status_code == 200
    assert town.seen("p1") == ["hidden"]


def test_a_form_that_another_site_sends_is_shown_first(client: Client, town: Stage) -> None:
    answer = client.post(
        "/notice", step_one(town.url("p1")), headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    assert town.url("p1") in text(answer)
    assert not Notice.objects.exists()


@pytest.mark.parametrize("more", [{}, {"only_speak": "uk"}])
def test_who_filled_the_form_in_for_somebody_is_not_given_their_page(
    client: Client, town: Stage, more: dict[str, str]
) -> None:
    known = step_one(town.url("p1"))
    shown = text(
        client.post("/notice", {**known, **more}, headers={"sec-fetch-site": "cross-site"})
    )
    token = re.search(r'name="token" value="([^"]+)"', shown)
    assert token is not None
    theirs = send(client, town.url("p1"), token=token[1])
    assert number_in(send(Client(), town.url("p1"))) != number_in(theirs)


def test_an_age_left_out_protects_as_for_a_child(client: Client, town: Stage) -> None:
    send(client, town.url("p1"), who="someone")
    assert only().age_then == AgeThen.UNSURE
    assert town.seen("p1") == ["hidden"]


def test_an_adult_is_kept_back_until_the_statement_is_signed(client: Client, town: Stage) -> None:
    answer = send(client, town.url("p1"), who="me-adult", young="no")
    assert only().category == Category.INTIMATE_IMAGE
    assert town.seen("p1") == ["limited"]
    assert "sign the short statement" in text(answer)


WHO = {
    "me-child": Standing.DEPICTED, "me-adult": Standing.DEPICTED, "my-child": Standing.GUARDIAN,
    "represent": Standing.AUTHORISED, "pupil": Standing.SCHOOL, "police": Standing.POLICE,
    "flagger": Standing.TRUSTED_FLAGGER, "someone": Standing.OTHER,
}  # fmt: skip


def test_whoever_asks_and_whatever_for_is_heard_as_that(client: Client, town: Stage) -> None:
    for who, standing in WHO.items():
        send(client, town.url("p1"), who=who, young="unsure", token=who)
        assert Notice.objects.latest("received_at").standing == standing
    ordinary = {"pretend": "impersonation", "private": "doxxing", "hurt": "threats"}
    for what, category in ordinary.items():
        send(client, town.url("p2"), what=what, who="someone", why="It names me", token=what)
        notice = Notice.objects.latest("received_at")
        assert (notice.category, notice.words) == (category, "It names me")
    assert town.seen("p1", "p2") == ["hidden", "visible"]


def test_without_a_link_what_is_remembered_leads_on_to_a_person(
    client: Client, town: Stage
) -> None:
    nothing = send(client, posted="no-link")
    assert nothing.status_code == 422
    assert "write “I don&#x27;t know”" in text(nothing)
    answer = send(client, posted="no-link", seen_where="a group", their_account="@uri")
    assert "A person goes and looks for it" in text(answer)
    case = Case.objects.get()
    assert case.because == ["place-not-known"]
    assert only().remembered == {"where": "a group", "account": "@uri"}
    rae = town.staff("Rae")
    with pytest.raises(NotThere):
        name_place(case_id=case.id, url="https://elsewhere.example/x", by=rae.id, now=town.now)
    name_place(case_id=case.id, url=town.url("p2"), by=rae.id, now=town.now)
    more = f"/n/{number_in(answer)}/more"
    client.post(more, {"words": "He is in my class.", "links": f"the red one\n{town.url('p1')}"})
    client.post(more, {"words": "It is still there."})
    assert town.seen("p1", "p2") == ["hidden", "hidden"]
    assert only().words == "He is in my class.\nthe red one\nIt is still there."


def test_who_says_that_they_have_no_link_and_pastes_it_where_they_saw_it_is_protected(
    client: Client, town: Stage
) -> None:
    sent = send(client, posted="no-link", seen_where=f"in a group, {town.url('p1')}", links="")
    assert town.seen("p1") == ["hidden"]
    assert "A person goes and looks for it" not in text(sent)


def test_a_threat_that_is_carried_out_is_hidden_as_soon_as_its_link_comes(
    client: Client, town: Stage
) -> None:
    there = "https://elsewhere.example/@uri"
    answer = send(client, there, posted="threat", what="", timed="yes", other_app="chat: @uri")
    notice = only()
    assert notice.threatened_only and notice.time_given == "yes"
    for shown in (answer, client.get(f"/n/{number_in(answer)}")):
        said = text(shown)
        assert "Nothing is posted yet" in said and there in said and "we can&#x27;t reach" in said
    assert "a-time-was-given" in Case.objects.get().because
    client.post(f"/n/{number_in(answer)}/back", {"where": town.url("p1")})
    assert town.seen("p1") == ["hidden"]


def test_codes_of_a_picture_stop_its_upload_and_touch_nothing_that_is_there(
    client: Client, town: Stage
) -> None:
    threatened, known = picture("threatened"), picture("one")
    assert threatened.sha256 and threatened.pdq and known.sha256
    wrong = send(client, posted="threat", hashes="sha256:abc")
    assert wrong.status_code == 422
    assert "read “sha256:abc” as a code" in text(wrong)
    answer = send(
        client, posted="threat", hashes=f"sha256: {known.sha256.hex().upper()}",
        sha256=f"sha256:{threatened.sha256.hex()}", pdq=threatened.pdq.hex(),
    )  # fmt: skip
    assert "on guard from now on" in text(answer)
    assert town.seen("p1") == ["visible"]
    asked = check_signals(platform_id=town.platform_id, signals=threatened, now=town.now)
    assert asked.verdict == "hold"
    near = picture("near", like=threatened, bits=8)
    assert check_signals(platform_id=town.platform_id, signals=near, now=town.now).verdict == "hold"
    town.remove(Case.objects.get(), town.staff("Rae"))
    asked = check_signals(platform_id=town.platform_id, signals=threatened, now=town.now)
    assert asked.verdict == "hold"


def test_what_is_no_post_is_written_down_and_a_person_looks(client: Client, town: Stage) -> None:
    declare_addresses(
        platform_slug="town",
        kinds={"item": ["/p*"], "profile": ["/u/*"], "search": ["/search?q=*"]},
        now=town.now,
    )
    answer = send(client, town.url("u/uri"), town.url("search?q=me"), town.url(""))
    assert {one.state for one in Target.objects.all()} == {Target.State.NOT_AN_ITEM}
    assert text(answer).count("We look for the post") == 3
    assert (Case.objects.get().because, Item.objects.count()) == (["place-not-known"], 2)
    send(client, town.url("u/uri"), town.url("p1"), token="two")
    assert town.seen("p1") == ["hidden"]


def test_five_hundred_wrong_links_are_a_handful_of_cases(client: Client, town: Stage) -> None:
    answer = send(client, *[town.url(f"gone/{n}") for n in range(120)])
    assert answer.status_code == 200
    town.work()
    assert Target.objects.filter(state=Target.State.REGISTERED).count() == 120
    assert Case.objects.count() == 2
    assert set(Item.objects.filter(registered_by="notice").values_list("desired", flat=True)) == {
        "hidden"
    }


def test_a_threat_needs_no_link(client: Client, town: Stage) -> None:
    answer = send(client, what="threat", time_given="tonight at 8", danger="yes")
    notice = only()
    assert notice.threatened_only and notice.danger_now
    assert notice.time_given == "tonight at 8"
    assert notice.category == Category.MINOR_EXTORTION
    assert "A person will read this" in text(answer)


def test_links_are_found_however_they_are_pasted(client: Client, town: Stage) -> None:
    send(client, f"look: {town.url('p1')}.", "town.example/p2", "he wrote this on Monday")
    assert [one.url for one in Target.objects.order_by("position")] == [
        town.url("p1"), town.url("p2"),
    ]  # fmt: skip
    assert only().words == f"look: {town.url('p1')}.\nhe wrote this on Monday"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Paste the link"),
        ("   \n ", "Paste the link"),
        ("hello", "read this as a link"),
        ("javascript:alert(1)", "read this as a link"),
        ("https://elsewhere.example/x", "not on Town"),
        ("\x00\ud800".encode("utf-8", "ignore").decode() + "https://", "read this as a link"),
        ("https://[broken/x", "read this as a link"),
        ("https://town.example/" + "x" * 5_000, "read this as a link"),
    ],
)
def test_what_is_no_link_of_ours_is_said_at_the_field(
    client: Client, town: Stage, typed: str, said: str
) -> None:
    answer = client.post("/notice", {**step_one(), "links": typed})
    assert answer.status_code == 422
    assert said in text(answer)
    assert 'href="#links"' in text(answer)
    assert not Notice.objects.exists()


def test_nothing_that_was_typed_is_lost_when_something_is_missing(
    client: Client, town: Stage
) -> None:
    typed = {
        "links": f"{town.url('p1')}\n<b>and & more</b>", "what": "threat", "who": "my-child",
        "young": "unsure", "danger": "yes", "time_given": 'at "eight"', "token": "kept",
    }  # fmt: skip
    shown = text(client.post("/notice", typed))
    assert "&lt;b&gt;and &amp; more&lt;/b&gt;" in shown
    for kept in ('value="threat" id', 'value="my-child"', 'value="unsure"', 'value="yes"'):
        name = kept.split(" id")[0]
        assert f"{name}" in shown
    assert shown.count(" checked") == 4
    assert 'value="at &quot;eight&quot;"' in shown
    assert 'value="kept"' in shown


def test_a_links_place_can_be_filled_in_by_the_site(client: Client, town: Stage) -> None:
    shown = client.get("/notice", {"url": town.url("p1") + '?a=1&b="2"'})
    assert "https://town.example/p1?a=1&amp;b=&quot;2&quot;</textarea>" in text(shown)


def test_ten_million_letters_are_kept_with_the_link_among_them(client: Client, town: Stage) -> None:
    long = "help me please " * 660_000
    answer = client.post("/notice", {**step_one(), "links": f"{town.url('p1')}\n{long}"})
    assert answer.status_code == 200
    assert town.seen("p1") == ["hidden"]
    assert len(only().verbatim["links"]) > 9_900_000


def test_what_is_longer_than_the_door_gets_a_page_that_says_what_to_do(
    client: Client, town: Stage
) -> None:
    answer = client.post("/notice", {**step_one(), "links": "x" * 12_000_000})
    assert answer.status_code == 413
    assert "back button" in text(answer)


def test_very_many_links_become_several_notices_on_one_page(
    client: Client, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MOST_PLACES", 3)
    answer = send(client, *[town.url(f"many/{n}") for n in range(13)])
    assert answer.status_code == 200
    assert "Part 5 of 5" in text(answer)
    assert Notice.objects.count() == 5
    assert Target.objects.count() == 13
    page = f"/n/{number_in(answer)}"
    client.post(f"{page}/more", {"words": "all of these show me"})
    assert set(Notice.objects.values_list("words", flat=True)) == {"all of these show me"}


def test_more_links_than_that_are_kept_in_the_form(client: Client, town: Stage) -> None:
    answer = send(client, *[town.url(f"many/{n}") for n in range(501)])
    assert answer.status_code == 422
    assert "These are 501 links" in text(answer)
    assert town.url("many/500") in text(answer)


def test_two_sites_are_told_apart(client: Client, town: Stage) -> None:
    other = Stage(slug="field", at="https://field.example")
    send(client, town.url("p1"), other.url("q1"), "https://elsewhere.example/x")
    by_site = {one.platform_id: one for one in Notice.objects.all()}
    assert set(by_site) == {town.platform_id, other.platform_id}
    urls = [t.url for t in by_site[town.platform_id].targets.order_by("position")]
    assert urls == [town.url("p1"), "https://elsewhere.example/x"]


def test_the_same_sending_twice_is_one_notice_with_the_same_secrets(
    client: Client, town: Stage
) -> None:
    first, again = send(client, town.url("p1")), send(client, town.url("p1"))
    assert Notice.objects.count() == 1
    assert number_in(first) == number_in(again)
    assert words_in(first) == words_in(again) != ""
    assert link_in(first) == link_in(again)


def test_after_a_restart_the_same_sending_gives_a_link_and_words_that_work(
    client: Client, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, town.url("p1"))
    monkeypatch.setattr(taking, "_remembered", taking.Remembered())
    again = send(client, town.url("p1"))
    assert Notice.objects.count() == 1
    assert "You sent this before" in text(again)
    assert Client().get(link_in(again)).status_code == 302
    lost = {"number": number_in(again), "words": words_in(again)}
    assert Client().post("/find", lost).status_code == 302


def test_a_corrected_form_is_a_notice_of_its_own(client: Client, town: Stage) -> None:
    send(client, town.url("p1"))
    send(client, town.url("p2"))
    assert Notice.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_are_one_notice(town: Stage) -> None:
    answers: list[str] = []

    def press() -> None:
        while (answer := send(Client(), town.url("p1"))).status_code == 503:
            pass  # the page says: it is being taken in, press again
        answers.append(number_in(answer))
        connection.close()

    presses = [Thread(target=press) for _ in range(4)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert Notice.objects.count() == 1
    assert len(answers) == 4
    assert len(set(answers)) == 1


def test_a_flood_about_no_body_is_asked_to_wait_and_loses_nothing(
    client: Client, town: Stage
) -> None:
    for n in range(20):
        assert send(client, town.url("p2"), what="other", why=f"no {n}").status_code == 200
    answer = send(client, town.url("p2"), what="other", token="late")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert town.url("p2") in text(answer)
    assert "send this one again in" in text(answer)


def test_a_claim_about_a_body_is_never_asked_to_wait(client: Client, town: Stage) -> None:
    for n in range(20):
        send(client, town.url("p2"), what="other", why=f"no {n}")
    assert send(client, town.url("p1")).status_code == 200
    assert town.seen("p1") == ["hidden"]


def test_where_it_came_from_is_kept_blind(client: Client, town: Stage) -> None:
    send(client, town.url("p1"))
    assert bytes(only().source_index or b"") == blind_index("127.0.0.1")
    assert "127.0.0.1" not in str(only().verbatim)


def test_the_form_is_kept_by_no_browser_and_sets_no_cookie(client: Client, town: Stage) -> None:
    shown = client.get("/")
    assert shown["Cache-Control"] == "no-store"
    assert not shown.cookies
    policy = shown["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
