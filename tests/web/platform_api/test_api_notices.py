from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from heed.cases.models import Notice
from heed.ledger.verify import verify_receipt
from heed.media.models import Item
from tests.flows.stage import post_mail
from tests.web.platform_api.engineer import SITE, Api, wrong_fields

CHILD = {"category": "minor_sexual", "standing": "guardian", "age_then": "under_18"}


def test_a_notice_is_kept_as_it_was_sent_and_answered_with_all_its_holder_needs(api: Api) -> None:
    api.post("items", {"ref": "1", "url": f"{SITE}p/1"})
    sent = {**CHILD, "url": f"{SITE}p/1", "words": "please", "our_own_field": [1, {"a": None}]}
    answer = api.post("notices", sent)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    said = answer.json()
    assert set(said) == {"number", "private_url", "recovery_code", "receipt", "targets"}
    assert f"/n/{said['number']}?k=" in said["private_url"]
    assert len(said["recovery_code"].split("-")) == 4
    assert said["receipt"]["promise"]["number"] == said["number"]
    kept = Notice.objects.get()
    assert (kept.verbatim, kept.door, kept.number) == (sent, "api", said["number"])
    assert verify_receipt.__doc__


def test_a_place_that_nobody_registered_is_registered(api: Api) -> None:
    said = api.post("notices", {**CHILD, "urls": [f"{SITE}p/new"]}).json()
    assert said["targets"][0]["state"] == "registered"
    assert Item.objects.get().registered_by == "notice"


def test_a_foreign_place_is_kept_and_said_to_be_foreign(api: Api) -> None:
    places = ["https://elsewhere.example/1", "not an address at all"]
    answer = api.post("notices", {**CHILD, "urls": places})
    assert answer.status_code == 201
    assert [one["state"] for one in answer.json()["targets"]] == ["foreign", "foreign"]
    assert Notice.objects.get().verbatim["urls"] == places


def test_a_file_may_be_named_by_its_hashes_and_a_threat_by_nothing(api: Api) -> None:
    hashes = api.post("notices", {**CHILD, "hashes": [{"sha256": "AB" * 32}]})
    assert hashes.json()["targets"][0]["state"] == "hashes"
    threat = api.post("notices", {"category": "minor_extortion", "threatened_only": True})
    assert threat.status_code == 201


def test_asking_again_with_the_key_is_one_notice_and_one_link(api: Api) -> None:
    sent, key = {**CHILD, "url": f"{SITE}p/1"}, {"Idempotency-Key": "a"}
    first, again = (api.post("notices", sent, headers=key).json() for _ in range(2))
    assert first == again
    assert Notice.objects.count() == 1


def test_who_leaves_an_address_is_asked_to_confirm_it(
    api: Api, mailoutbox: list[EmailMessage]
) -> None:
    said = {**CHILD, "url": f"{SITE}p/1", "email": "gil@example.org"}
    number = api.post("notices", said).json()["number"]
    post_mail(timezone.now())
    (mail,) = mailoutbox
    assert mail.to == ["gil@example.org"] and f"/c/{number}/" in str(mail.body)


def test_ten_megabytes_of_words_are_kept(api: Api) -> None:
    words = "help " * (2 << 20)
    assert api.post("notices", {**CHILD, "url": f"{SITE}p/1", "words": words}).status_code == 201
    assert Notice.objects.get().words == words
    more = api.post("notices", {**CHILD, "url": f"{SITE}p/1", "words": words * 2})
    assert more.status_code == 413
    assert "at most 12 MB" in wrong_fields(more)["body"]


@pytest.mark.parametrize(
    ("said", "field", "remedy"),
    [
        ({}, "urls", "at least one place"),
        ({"urls": [""]}, "urls.0", "at least 1"),
        ({"urls": [f"{SITE}{n}" for n in range(500)]}, "urls", "at most 100"),
        ({"url": SITE + "x" * 2083}, "url", "at most 2083"),
        ({"url": SITE + "é" * 1500}, "urls", "2083 bytes"),
        ({"url": SITE, "category": "spam"}, "category", "'minor_sexual'"),
        ({"url": SITE, "stated_age": -1}, "stated_age", "0 or more"),
        ({"url": SITE, "email": "nobody"}, "email", "one e-mail address"),
        ({"url": SITE, "country": "Germany"}, "country", "two letters"),
        ({"url": SITE, "words": "a\0"}, "words", "NUL"),
        ({"url": SITE, "own": {"a": ["\0"]}}, "own.a.0", "NUL"),
        ({"url": SITE, "own": 2**80}, "own", "as a text"),
        ({"url": SITE, "danger_now": "perhaps"}, "danger_now", "true or false"),
        ({"hashes": [{}]}, "hashes.0", "sha256, md5 and pdq"),
        ({"hashes": [{"md5": "zz"}]}, "hashes.0.md5", "32 hexadecimal"),
    ],
)
def test_what_does_not_fit_is_named_with_what_to_send(
    api: Api, said: dict[str, Any], field: str, remedy: str
) -> None:
    answer = api.post("notices", {**CHILD, **said})
    assert answer.status_code == 422
    assert remedy in wrong_fields(answer)[field]
    assert not Notice.objects.exists()


@pytest.mark.parametrize("garbage", [b" ", b"\xff\xfe", b"[" * 100_000, b"null", b'{"a": NaN}'])
def test_garbage_is_answered_in_words(api: Api, garbage: bytes) -> None:
    answer = api.post("notices", garbage, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert wrong_fields(answer)


def test_who_gives_notice_is_nowhere_in_the_words_that_are_kept(api: Api) -> None:
    who = {"email": "gil@example.org", "notifier_ref": "member-77"}
    api.post("notices", {**CHILD, "url": f"{SITE}p/1", "words": "please", **who})
    assert Notice.objects.get().verbatim == {**CHILD, "url": f"{SITE}p/1", "words": "please"}
