"""open_by_passkey: a device opens the agency account that it was added to, and no other."""

import json
from copy import copy
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from heed.filings.models import Order
from heed.flows.verify_officer import confirm_mailbox, open_account
from heed.people.models import Role
from heed.web.officer import views
from tests.flows.soft_key import SoftKey
from tests.flows.stage import Stage
from tests.flows.test_orders import OLA, asks, code_in_mail, verified
from tests.web.console.world import code_of


@pytest.fixture
def order(town: Stage, settings: Settings) -> Order:
    """Of an officer whose mailbox answered, and who was called back."""
    settings.PUBLIC_URL, settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = "https://heed.example", False
    cache.clear()
    lee, sam = town.staff("Lee", Role.LIAISON), town.staff("Sam", Role.SENIOR)
    town.now = timezone.now()
    order = asks(town, "subpoena", identifiers="x")
    confirm_mailbox(order_id=order.id, code=code_in_mail(), now=town.now)
    verified(town, order, lee, sam)
    order.answered_by = lee.id  # who opens the account, below
    return order


def account(order: Order) -> str:
    assert order.answered_by
    return open_account(order_id=order.id, by=order.answered_by, now=timezone.now())


def device() -> SoftKey:
    return SoftKey("https://heed.example", "heed.example")


def added(browser: Client, key: SoftKey, name: str = "Phone") -> Any:
    asked = browser.get("/officer/account").context["asked"]["creation_options"]
    said = {"credential": json.dumps(key.create(asked)), "name": name}
    return browser.post("/officer/account", said)


def opens(key: SoftKey) -> bool:
    browser = Client()
    asked = browser.get("/officer/passkey").json()["request_options"]
    browser.post("/officer/passkey", {"credential": json.dumps(key.get(asked))})
    return b"Signed in for County police" in browser.get("/officer/").content


def signed_in(order: Order) -> Client:
    return signed_in_with(code_of(account(order)))


def signed_in_with(code: str) -> Client:
    browser = Client()
    assert browser.get("/officer/account").status_code == 302  # nobody is signed in
    browser.post("/officer/sign-in", {"mail": OLA.mail, "code": code})
    return browser


def test_a_device_is_added_after_the_code_opens_the_account_and_is_taken_off(order: Order) -> None:
    browser, key = signed_in(order), device()
    wrong = browser.post("/officer/account", {"credential": "{}"})
    assert wrong.status_code == 422 and b"Try it again" in wrong.content
    assert added(browser, key).status_code == 302
    page = browser.get("/officer/account")
    assert b"Phone" in page.content and opens(key)
    kept = page.context["passkeys"][0]
    assert browser.post("/officer/account", {"off": str(kept.id)}).status_code == 302
    assert not opens(key)
    assert browser.post("/officer/account", {"off": str(kept.id)}).status_code == 422


def test_no_other_key_page_or_touch_opens_it_and_a_renewed_account_has_no_devices(
    order: Order,
) -> None:
    key = device()
    added(signed_in(order), key)
    stranger, elsewhere, untouched = copy(key), copy(key), copy(key)
    stranger.key = ec.generate_private_key(ec.SECP256R1())
    elsewhere.origin = "https://heed.example.evil"
    untouched.verifies = False  # anybody who holds it could tap it
    assert [opens(one) for one in (stranger, elsewhere, untouched, key)] == [
        False, False, False, True,
    ]  # fmt: skip
    account(order)
    assert not opens(key)


def test_a_press_without_scripts_is_no_try_and_codes_are_not_guessed_from_many_places(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "OF_ACCOUNT", replace(views.OF_ACCOUNT, most=2))
    pressed = [Client().post("/officer/passkey", {"credential": ""}) for _ in range(12)]
    assert {page.status_code for page in pressed} == {422} and b"needs JavaScript" in (
        pressed[-1].content
    )
    secret, codes = account(order), []
    key = device()
    added(signed_in_with(code_of(secret)), key)
    for n in range(3):
        place = Client(REMOTE_ADDR=f"198.51.100.{n}")
        said = {"mail": OLA.mail.upper(), "code": "000000"}
        codes.append(place.post("/officer/sign-in", said).status_code)
    assert codes == [422, 422, 429] and opens(key)
    late = Client(REMOTE_ADDR="198.51.100.9")
    right = late.post("/officer/sign-in", {"mail": OLA.mail, "code": code_of(secret)})
    assert right.status_code == 429 and b"There were many tries" in right.content
