"""The public log over HTTP."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import include, path

from heed.ledger import notes, queries, services, tiles

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
urlpatterns = [path("log/", include("heed.web.public.log_urls"))]


@pytest.fixture
def grown(now: datetime) -> None:
    for number in range(300):
        services.enter("case.opened", subject="c", body={"n": number}, at=now)
    services.sequence(now=now)


def test_anybody_can_check_the_newest_checkpoint_with_the_published_key(
    client: Client, grown: None
) -> None:
    answer = client.get("/log/checkpoint")
    key = client.get("/log/key").content.decode().split("\n")[0]
    said = notes.parse_checkpoint(notes.verify_note(answer.content.decode(), notes.parse_vkey(key)))
    assert (said.origin, said.size) == ("heed.example/log", 300)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=1"
    assert answer["Access-Control-Allow-Origin"] == "*"


TILES = {
    "0/000": (0, 0, 256),
    "0/001.p/44": (0, 1, 44),
    "0/001.p/7": (0, 1, 7),
    "0/000.p/255": (0, 0, 255),
    "1/000.p/1": (1, 0, 1),
}


def test_a_tile_is_served_for_good(client: Client, grown: None) -> None:
    for address, (level, index, width) in TILES.items():
        answer = client.get(f"/log/tile/{address}")
        assert answer.status_code == 200, address
        assert tiles.cut(answer.content) == queries.read_tile(level, index, width)
        assert len(answer.content) == 32 * width
        assert "immutable" in answer["Cache-Control"]
        assert answer["Content-Type"] == "application/octet-stream"


def test_an_entry_bundle_gives_the_leaves(client: Client, grown: None) -> None:
    whole = tiles.unbundle(client.get("/log/tile/entries/000").content)
    rest = tiles.unbundle(client.get("/log/tile/entries/001.p/44").content)
    assert [len(whole), len(rest)] == [256, 44]
    assert {len(leaf) for leaf in whole + rest} == {35}


NOT_THERE = [
    "0/001",
    "0/001.p/45",
    "0/002",
    "1/000",
    "2/000.p/1",
    "0/0",
    "entries/001",
    "x",
    "63/000",
]


def test_a_tile_that_is_not_there_yet_is_not_found(client: Client, grown: None) -> None:
    answers = [client.get(f"/log/tile/{address}").status_code for address in NOT_THERE]
    assert answers == [404] * len(NOT_THERE)


def test_an_unused_log_has_nothing_to_show(client: Client) -> None:
    assert client.get("/log/checkpoint").status_code == 404
    assert client.get("/log/key").status_code == 404
    assert client.get("/log/tile/0/000").status_code == 404


def test_nobody_can_write_to_it(client: Client, grown: None) -> None:
    assert client.post("/log/checkpoint").status_code == 405
