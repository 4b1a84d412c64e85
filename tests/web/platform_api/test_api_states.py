import json
import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from heed.cases.models import Notice
from heed.media.models import Item, Platform
from heed.outbox import services as outbox
from heed.outbox.feed import Position
from heed.outbox.models import StateTelling
from heed.web.platform_api import cursors
from tests.web.platform_api.engineer import SITE, Api, add, wrong_fields

CHILD = {"category": "minor_sexual", "standing": "guardian", "words": "his name is Dana"}


def hidden(api: Api, count: int) -> str:
    """So many items hidden by one notice; its number."""
    files = [{"signals": {"sha256": "ab" * 32}}]
    lines = [{"ref": f"i{n}", "url": f"{SITE}p/{n}", "files": files} for n in range(count)]
    api.batch(*(json.dumps(line) for line in lines))
    urls = [line["url"] for line in lines]
    said = api.post("notices", {**CHILD, "urls": urls, "email": "gil@example.org"}).json()
    return str(said["number"])


def pages(api: Api, path: str, name: str, limit: int) -> list[Any]:
    found: list[Any] = []
    after = ""
    while True:
        page = api.get(f"{path}?limit={limit}&after={after}").json()
        found += page[name]
        if not page["next"] or not page[name]:
            return found
        after = page["next"]


def test_a_platform_that_recovers_reads_all_that_should_not_be_visible(api: Api) -> None:
    hidden(api, 5)
    api.post("items", {"ref": "seen", "url": f"{SITE}p/seen"})
    states = pages(api, "states", "states", 2)
    assert [one["item"] for one in states] == ["i0", "i1", "i2", "i3", "i4"]
    assert states[0] == {
        "item": "i0",
        "visibility": "hidden",
        "revision": 1,
        "reason": "child-safety",
    }


def test_results_may_come_later_and_twice(api: Api) -> None:
    hidden(api, 1)
    said = {"results": [{"item": "i0", "revision": 1, "result": "applied"}]}
    assert [api.post("states/results", said).json()["taken"] for _ in range(2)] == [1, 0]
    assert Item.objects.values_list("acknowledged", "acknowledged_revision").get() == ("hidden", 1)


def test_results_of_what_was_never_told_are_passed_over(api: Api) -> None:
    result = {"item": "nobody", "revision": 1, "result": "applied"}
    assert api.post("states/results", {"results": [result]}).json() == {"taken": 0}


@pytest.mark.parametrize(
    ("result", "field"),
    [
        ({"item": "i0", "revision": -1, "result": "applied"}, "results.0.revision"),
        ({"item": "i0", "revision": 1, "result": "done"}, "results.0.result"),
        ({"item": "a\0", "revision": 1, "result": "failed"}, "results.0.item"),
        ({"revision": 1, "result": "failed"}, "results.0.item"),
    ],
)
def test_a_bad_result_is_named(api: Api, result: dict[str, Any], field: str) -> None:
    assert field in wrong_fields(api.post("states/results", {"results": [result]}))


@pytest.mark.parametrize("cursor", ["%00", "zzz", "é", "AAAA", "eHg" * 300, "MS54LnM"])
@pytest.mark.parametrize("path", ["states", "events", "cases/C-1"])
def test_a_cursor_that_we_never_gave_is_refused_or_harmless(
    api: Api, path: str, cursor: str
) -> None:
    answer = api.get(f"{path}?after={cursor}")
    assert answer.status_code in (200, 404, 422)
    assert answer.status_code != 422 or set(wrong_fields(answer)) <= {"after"}
    assert "limit" in wrong_fields(api.get(f"{path}?limit=1001"))


# ---------------------------------------------------------------- events


def tell(platform: Platform, ref: str, revision: int = 1) -> UUID:
    now = timezone.now()
    item_id = Item.objects.get_or_create(
        ref=ref, platform=platform, defaults={"url": ref, "registered_at": now, "committed": 1}
    )[0].id
    telling = outbox.Telling(
        item_id=item_id,
        platform_id=platform.id,
        item_ref=ref,
        visibility="hidden",
        revision=revision,
        reason="policy",
    )
    outbox.tell_states([telling], now=now)
    return item_id


@pytest.mark.django_db(transaction=True)
def test_events_are_read_in_order_to_their_end_and_on_from_there() -> None:
    square = add("square", SITE)
    api = Api("square")
    with transaction.atomic():
        ids = [tell(square, f"i{n}") for n in range(5)]
    released: dict[str, object] = {"type": "upload.released", "upload_ref": "u", "sha256": "ab"}
    outbox.tell("upload.released", released, key="u", platform_id=square.id, now=timezone.now())
    events = pages(api, "events", "events", 2)
    assert sorted(one["id"] for one in events[:5]) == sorted(f"{one}.1" for one in ids)
    assert {name: events[5][name] for name in released} == released
    last = api.get("events?limit=1000").json()["next"]
    assert api.get(f"events?after={last}").json() == {"events": [], "next": last}
    tell(square, "i0", revision=2)
    news = api.get(f"events?after={last}").json()["events"]
    assert [one["id"] for one in news] == [f"{ids[0]}.2"]


@pytest.mark.django_db(transaction=True)
def test_no_event_is_passed_over_when_an_earlier_transaction_commits_later() -> None:
    square = add("square", SITE)
    api = Api("square")
    told, commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            tell(square, "slow")
            told.set()
            commit.wait(60)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert told.wait(60)
    tell(square, "quick")
    first = api.get("events").json()
    commit.set()
    thread.join()
    rest = api.get(f"events?after={first['next'] or ''}").json()
    seen = [one["states"][0]["item"] for one in first["events"] + rest["events"]]
    assert sorted(seen) == ["quick", "slow"]


@pytest.mark.django_db(transaction=True)
def test_a_cursor_from_another_life_of_the_database_reads_from_the_start() -> None:
    square = add("square", SITE)
    api = Api("square")
    tell(square, "i0")
    ahead = cursors.of_position(Position(transaction=2**40, kind="s", id=UUID(int=1)))
    assert len(api.get(f"events?after={ahead}").json()["events"]) == 1


# ---------------------------------------------------------------- cases


def test_a_case_says_where_it_stands_and_nothing_of_people(api: Api) -> None:
    number = hidden(api, 3)
    answer = api.get(f"cases/{number}")
    said = answer.json()
    assert (said["state"], said["level"]) == ("open", "hidden")
    assert said["copies"] == {"named": 3, "reshare": 0, "exact": 0, "near": 0}
    assert [one["item"] for one in said["items"]] == ["i0", "i1", "i2"]
    assert said["items"][0]["desired"] == "hidden" and said["items"][0]["revision"] == 1
    for secret in (b"Dana", b"gil@", b"guardian", str(Notice.objects.get().id).encode()):
        assert secret not in answer.content
    assert api.get(f"cases/{said['cases'][0]}").json()["items"] == said["items"]
    assert len(pages(api, f"cases/{number}", "items", 2)) == 3
    assert api.get(f"cases/{number.lower()}").json()["number"] == number


def test_a_number_that_there_is_not_is_a_404(api: Api) -> None:
    for number in ("C-0000-0000", "H-0000-0000", "x" * 50, "%00", "a/b"):
        assert api.get(f"cases/{number}").status_code == 404


def test_a_state_told_is_a_row_of_the_outbox(api: Api) -> None:
    hidden(api, 1)
    assert StateTelling.objects.get().item_ref == "i0"
