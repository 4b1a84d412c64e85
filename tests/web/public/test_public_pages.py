"""What anybody may read, and what is said when something is not there."""

from datetime import timedelta

from django.test import Client

from heed.measures.queries import measures
from heed.rules.decisions import Ruling
from heed.rules.policy import clauses
from tests.flows.stage import HOUR, SECOND, Stage, picture
from tests.people import gil, somebody


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_policy_is_published_word_for_word(client: Client, db: None) -> None:
    shown = text(client, "/policy").replace("&#x27;", "'")
    assert all(one.text in shown for one in clauses())
    assert "version 1" in text(client, "/policy?version=none-such")


def test_the_log_can_be_checked_by_whoever_reads_how(client: Client, town: Stage) -> None:
    town.post("p1", picture("one"))
    town.hear(gil(town.url("p1")))
    key = client.get("/log/key").content.decode().split("\n")[0]
    assert key in text(client, "/verify").replace("&#x2B;", "+")


def test_a_page_that_is_not_there_is_no_dead_end(client: Client, db: None) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert 'href="/notice"' in answer.content.decode()


def test_measures_are_readable_before_anything_has_happened(client: Client, db: None) -> None:
    assert "nothing to count yet" in text(client, "/measures")


def test_measures_count_what_was_hidden_and_what_then_stood(town: Stage) -> None:
    began = town.now
    for name in ("one", "two"):
        town.post(name, picture(name))
        town.hear(gil(town.url(name)))
    town.hear(somebody(town.url("one")))
    rae, sam = town.staff("Rae"), town.staff("Sam")
    town.later(2 * HOUR)
    town.decide(town.case(picture("one")), Ruling.REMOVE, rae)
    town.keep(town.case(picture("two")), rae, sam)
    found = measures(since=began - HOUR, now=town.now + HOUR)
    assert (found.notices, found.about_bodies, found.without_action) == (3, 2, 0)
    assert found.to_first_action.median == timedelta(0)
    assert abs(found.to_answer.median - 2 * HOUR) < SECOND
    assert (found.removed, found.kept, found.unseconded) == (1, 1, 0)
    assert (found.stood.cases, found.stood.items) == (1, 1)
    assert abs(found.stood.hidden_for.median - 2 * HOUR) < SECOND


def test_measures_name_nobody(client: Client, town: Stage) -> None:
    town.post("p1", picture("one"))
    heard = town.hear(gil(town.url("p1"), words="secret words"))
    shown = text(client, "/measures")
    for private in (heard.number, town.url("p1"), "secret words"):
        assert private not in shown
