import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from heed.flows.register_items import register_items
from heed.flows.remember_answer import remember_answer
from heed.flows.shared.shapes import ItemIn
from heed.media import uploaders
from heed.media.models import (
    File,
    Item,
    ItemFile,
    Platform,
    RememberedAnswer,
    Signal,
    Uploader,
)
from tests.web.platform_api.engineer import SITE, Api, add, wrong_fields

Make = Callable[..., dict[str, Any]]
SHA = hashlib.sha256(b"a picture").hexdigest()
PDQ = "0f" * 32


def test_a_new_item_is_registered_and_a_known_one_stays_as_it_is(api: Api, item: Make) -> None:
    first, again = api.post("items", item()), api.post("items", item())
    assert (first.status_code, again.status_code) == (201, 200)
    told = {"ref": "81", "visibility": "visible", "revision": 0}
    assert first.json() == {**told, "status": "registered"}
    assert again.json() == {**told, "status": "known"}
    assert Item.objects.count() == 1


def test_all_that_was_said_of_an_item_is_kept(api: Api, item: Make) -> None:
    files = [
        {"sha256": SHA.upper(), "url": f"{SITE}f/0", "preview_url": f"{SITE}t/0"},
        {"url": f"{SITE}f/1"},
        {"signals": {"sha256": "ab" * 32, "md5": "cd" * 16, "pdq": PDQ, "pdq_quality": 80}},
    ]
    assert api.post("items", item(files=files, reshare_of="80")).status_code == 201
    kept = Item.objects.select_related("account").get()
    assert kept.account is not None and kept.account.ref == "uri"
    assert (kept.kind, kept.views, kept.text, kept.reshare_of_ref) == ("post", 3, "Hello", "80")
    assert kept.published_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    places = list(ItemFile.objects.order_by("position").values_list("url", "preview_url", "state"))
    assert places == [
        (f"{SITE}f/0", f"{SITE}t/0", "waiting"),  # its bytes are fetched: nobody checked them
        (f"{SITE}f/1", "", "waiting"),
        ("", "", "known"),
    ]
    told = File.objects.get()
    assert (bytes(told.sha256).hex(), bytes(told.forms).hex()) == ("ab" * 32, PDQ)
    assert Signal.objects.get().quality == 80


def test_a_file_that_was_checked_before_is_known_by_its_hash(api: Api, item: Make) -> None:
    checked = api.post("uploads/check", b"a picture", content_type="image/jpeg")
    assert checked.json()["sha256"] == SHA
    api.post("items", item(files=[{"sha256": SHA, "url": f"{SITE}f/0"}]))
    assert ItemFile.objects.get().state == "known"


def test_a_batch_takes_the_good_lines_and_refuses_the_bad_ones_by_number(
    api: Api, item: Make
) -> None:
    answer = api.batch(
        json.dumps(item("1")),
        '{"ref": "2", "url": ',
        json.dumps(item("3", views=-1)),
        "",
        json.dumps(item("5", url="https://elsewhere.example/5")),
        json.dumps(item("6")),
        b'{"ref": "7\xff"}',
    )
    said = answer.json()
    counts = {"registered": 2, "known": 0, "changed": 0, "refused": 4}
    assert {name: said[name] for name in counts} == counts
    refused = {one["line"]: one["errors"] for one in said["results"] if one["errors"]}
    assert sorted(refused) == [2, 3, 5, 7]
    assert refused[3] == [{"field": "views", "remedy": "send 0 or more"}]
    assert "https://square.example/" in refused[5][0]["remedy"]
    assert [one["ref"] for one in said["results"]] == ["1", None, "3", "5", "6", None]
    assert set(Item.objects.values_list("ref", flat=True)) == {"1", "6"}


def test_a_batch_answers_every_line_also_when_two_name_one_item(api: Api, item: Make) -> None:
    said = api.batch(json.dumps(item("1")), json.dumps(item("1", views=9))).json()
    assert [one["line"] for one in said["results"]] == [1, 2]
    assert Item.objects.get().views == 9


def test_more_than_five_thousand_lines_are_refused_with_what_to_do(api: Api) -> None:
    answer = api.batch(*["{}"] * 5_001)
    assert answer.status_code == 413
    assert "at most 5000 lines" in wrong_fields(answer)["body"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_reshare_finds_its_parent_in_whichever_order_they_come(
    api: Api, item: Make, order: int
) -> None:
    lines = [json.dumps(item("1")), json.dumps(item("2", reshare_of="1", kind="reshare"))]
    for line in lines[::order]:
        api.batch(line)
    assert Item.objects.get(ref="2").reshare_of == Item.objects.get(ref="1")
    both = [json.dumps(item("a", reshare_of="b")), json.dumps(item("b", reshare_of="2"))]
    api.batch(*both)
    assert Item.objects.get(ref="a").reshare_of == Item.objects.get(ref="b")
    assert Item.objects.get(ref="b").reshare_of == Item.objects.get(ref="2")


def test_telling_again_grows_views_and_never_forgets(api: Api, item: Make) -> None:
    api.batch(json.dumps(item(views=10)))
    said = api.batch(json.dumps(item(views=20, text=None))).json()
    assert said["results"][0]["status"] == "changed"
    api.batch(json.dumps(item(views=5)))
    assert Item.objects.values_list("views", "text").get() == (20, "Hello")


def test_another_file_in_its_place_is_taken_over(api: Api, item: Make) -> None:
    api.post("items", item(files=[{"url": f"{SITE}f/0"}]))
    api.post("items", item(files=[{"url": f"{SITE}f/other"}]))
    assert ItemFile.objects.get().url == f"{SITE}f/other"


@pytest.mark.parametrize(
    ("changes", "field", "remedy"),
    [
        ({"ref": "x" * 201}, "ref", "at most 200"),
        ({"ref": ""}, "ref", "at least 1"),
        ({"ref": "a\0b"}, "ref", "NUL"),
        ({"account_ref": "a\0b"}, "account_ref", "NUL"),
        ({"text": "a\0b"}, "text", "NUL"),
        ({"url": "https://elsewhere.example/81"}, "url", "begins with https://square.example/"),
        ({"url": "https://square.example.evil.example/"}, "url", "begins with"),
        ({"url": "javascript:alert(1)"}, "url", "https://"),
        ({"url": SITE + "é" * 1500}, "url", "2083 bytes"),
        ({"kind": "story"}, "kind", "'post'"),
        ({"uploader": {"ip": "at home"}}, "uploader.ip", "IPv4"),
        ({"uploader": {"ip": "192.0.2.10", "port": 70_000}}, "uploader.port", "65535"),
        ({"views": -1}, "views", "0 or more"),
        ({"views": 2**63}, "views", "or less"),
        ({"views": "many"}, "views", "whole number"),
        ({"published_at": "yesterday"}, "published_at", "2026-01-05T10:00:00Z"),
        ({"published_at": "2026-01-05T10:00:00"}, "published_at", "time zone"),
        ({"files": [{"sha256": "zz"}]}, "files.0.sha256", "64 hexadecimal digits"),
        ({"files": [{}]}, "files.0", "sha256, url or signals"),
        ({"files": [{"url": "http://10.0.0.1/"}]}, "files.0.url", "begins with"),
        ({"files": [{"signals": {"md5": "00" * 16}}]}, "files.0.signals.sha256", "required"),
        ({"files": [{"signals": {"sha256": SHA, "pdq": "0f"}}]}, "files.0.signals.pdq", "64"),
    ],
)
def test_a_bad_field_is_named_with_what_to_send_instead(
    api: Api, item: Make, changes: dict[str, Any], field: str, remedy: str
) -> None:
    answer = api.post("items", item(**changes))
    assert answer.status_code == 422
    assert remedy in wrong_fields(answer)[field]
    assert not Item.objects.exists()


def test_what_is_no_json_or_of_another_type_is_refused_in_words(api: Api) -> None:
    assert api.post("items", b"{", content_type="application/json").status_code == 400
    assert api.post("items", b'["a"]', content_type="application/json").status_code == 422
    lone = api.post("items", b'{"ref": "\\ud800"}', content_type="application/json")
    assert lone.status_code == 400
    other = api.post("items", b"{}", content_type="text/plain")
    assert other.status_code == 415
    assert "application/x-ndjson" in wrong_fields(other)["Content-Type"]


# ---------------------------------------------------------------- changes


def test_a_ref_may_hold_slashes_and_colons(api: Api, item: Make) -> None:
    api.post("items", item("at://did:plc:a/b?c", url=f"{SITE}x"))
    answer = api.patch("items/at%3A%2F%2Fdid%3Aplc%3Aa%2Fb%3Fc", {"views": 9})
    assert (answer.status_code, answer.json()["ref"]) == (200, "at://did:plc:a/b?c")
    assert Item.objects.get().views == 9


def test_a_change_is_noted(api: Api, item: Make) -> None:
    api.post("items", item())
    files = [{"url": f"{SITE}f/0"}]
    said = {"views": 1, "deleted_at": "2026-01-06T00:00:00Z", "text": "Bye", "files": files}
    assert api.patch("items/81", said).status_code == 200
    kept = Item.objects.get()
    assert (kept.views, kept.text, kept.deleted_at is None) == (3, "Bye", False)
    assert kept.files.count() == 1


def test_a_change_of_an_unknown_item_or_of_nothing_says_what_to_do(api: Api, item: Make) -> None:
    api.post("items", item())
    assert "POST /api/v1/items" in wrong_fields(api.patch("items/82", {"views": 1}))["ref"]
    assert api.patch("items/82%00", {"views": 1}).status_code == 404
    assert "say what changed" in wrong_fields(api.patch("items/81", {"view": 1}))["body"]
    foreign = api.patch("items/81", {"files": [{"url": "https://elsewhere.example/"}]})
    assert "files.0.url" in wrong_fields(foreign)


# ---------------------------------------------------------------- asked twice


def test_the_same_key_and_body_give_the_same_answer(api: Api, item: Make) -> None:
    key = {"Idempotency-Key": "one"}
    first = api.post("items", item(), headers=key)
    again = api.post("items", item(), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_key_with_another_body_is_refused(api: Api, item: Make) -> None:
    key = {"Idempotency-Key": "one"}
    api.post("items", item(), headers=key)
    other = api.post("items", item("82"), headers=key)
    assert other.status_code == 422
    assert "take a new one" in wrong_fields(other)["Idempotency-Key"]


def test_a_refused_request_does_not_use_its_key_up(api: Api, item: Make) -> None:
    key = {"Idempotency-Key": "one"}
    assert api.post("items", item(views=-1), headers=key).status_code == 422
    assert api.post("items", item(), headers=key).status_code == 201


def test_while_the_first_is_being_answered_the_second_waits(
    api: Api, item: Make, square: Platform
) -> None:
    key = {"Idempotency-Key": "one"}
    api.post("items", item(), headers=key)
    RememberedAnswer.objects.update(answer_sealed=None, status=None)
    busy = api.post("items", item(), headers=key)
    assert (busy.status_code, busy.headers["Retry-After"]) == (409, "1")


def test_a_remembered_answer_is_not_readable_in_the_database(api: Api, item: Make) -> None:
    api.post("items", item("secret-ref"), headers={"Idempotency-Key": "one"})
    sealed = RememberedAnswer.objects.get().answer_sealed
    assert sealed is not None and b"secret-ref" not in bytes(sealed)
    assert remember_answer.__doc__


@pytest.mark.django_db(transaction=True)
def test_two_doors_that_tell_of_the_same_items_never_wait_for_each_other_for_good() -> None:
    square = add("square", SITE)
    rows = [
        ItemIn(ref=f"i{n}", url=f"{SITE}{n}", account_ref=f"a{n}", reshare_of=f"i{n - 1}")
        for n in range(60)
    ]
    failed: list[BaseException] = []

    def tell(order: int) -> None:
        try:
            for views in range(8):
                told = [replace(row, views=views) for row in rows[::order]]
                register_items(platform_id=square.id, rows=told, now=timezone.now())
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=tell, args=[order]) for order in (1, -1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert Item.objects.filter(reshare_of=None).count() == 1
    assert set(Item.objects.values_list("views", flat=True)) == {7}


def test_where_an_upload_came_from_is_kept_sealed_and_apart(api: Api, item: Make) -> None:
    came = {"ip": "192.0.2.10", "port": 51234, "at": "2026-01-21T14:03:00Z", "screen_name": "uri"}
    assert api.post("items", item(uploader=came)).status_code == 201
    api.post("items", item(uploader={"ip": "192.0.2.99"}))  # what was told first stays
    [kept] = Uploader.objects.all()
    assert b"192.0.2" not in bytes(kept.sealed)
    [told] = uploaders.of_items([kept.item_id]).values()
    assert (told.ip, told.port, told.screen_name) == ("192.0.2.10", 51234, "uri")
    assert told.at == datetime(2026, 1, 21, 14, 3, tzinfo=UTC)
