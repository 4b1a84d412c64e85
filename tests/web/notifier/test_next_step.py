"""What each page says next is true of this very notice, and one step on from where they are."""

from typing import Any

import pytest
from django.test import Client

from heed.cases.models import Case, Deadline
from tests.flows.stage import Stage
from tests.web.notifier.forms import number_in, send


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
