"""Nobody comes in with one factor, and nobody by guessing."""

import json
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from heed.ledger.models import EntryBody
from heed.people.models import Role, Staff
from heed.web.console.sign_in import demo_link
from tests.web.console.world import World, code_of

LOGIN = "/console/sign-in/login/"


def enter(client: Client, world: World, name: str = "Rae", password: str = "") -> str:
    """Send e-mail and password; where it leads."""
    said = {
        "login": f"{name.lower()}@heed.example",
        "password": password or world.added[name].password,
    }
    answer = client.post(LOGIN, said)
    return answer.get("Location", "")


@pytest.fixture
def rae(world: World) -> Staff:
    return world.person("Rae", Role.REVIEWER)


def test_password_and_second_factor_together_open_the_console(world: World, rae: Staff) -> None:
    client = Client()
    assert enter(client, world) == "/console/sign-in/2fa/authenticate/"
    code = code_of(world.added["Rae"].totp_secret)
    answer = client.post("/console/sign-in/2fa/authenticate/", {"code": code})
    assert answer["Location"] == "/console/"
    page = client.get("/console/")
    assert page.status_code == 200
    assert "Signed in as Rae." in page.content.decode()
    other = Client()
    enter(other, world)
    again = other.post("/console/sign-in/2fa/authenticate/", {"code": code})
    assert "A code works once" in again.content.decode()


def test_who_works_here_finds_back_from_an_address_that_leads_nowhere(
    world: World, rae: Staff
) -> None:
    lost = world.signed_in(rae).get("/console/c/C-NONE-NONE/")
    assert lost.status_code == 404
    assert '<a href="/console/">To the console</a>' in lost.content.decode()
    assert "To the console" not in Client().get("/nowhere").content.decode()


def test_a_recovery_code_stands_in_for_the_device_once(world: World, rae: Staff) -> None:
    code = world.added["Rae"].recovery_codes[0]
    for expected in (302, 200):
        client = Client()
        enter(client, world)
        answer = client.post("/console/sign-in/2fa/authenticate/", {"code": code})
        assert answer.status_code == expected


def test_the_password_alone_opens_nothing(world: World, rae: Staff) -> None:
    client = Client()
    enter(client, world)
    assert client.get("/console/").status_code == 302


def test_a_session_without_the_second_factor_is_sent_to_it(world: World, rae: Staff) -> None:
    client = Client()
    client.force_login(rae)
    assert client.get("/console/")["Location"].startswith("/console/sign-in/2fa/reauthenticate/")


def test_who_has_no_second_factor_sets_one_up_before_anything_else(
    world: World, rae: Staff, django_capture_on_commit_callbacks: Any
) -> None:
    Authenticator.objects.filter(user=rae).delete()
    client = Client()
    assert enter(client, world) == "/console/"
    assert client.get("/console/")["Location"] == "/console/sign-in/2fa/"
    activate = "/console/sign-in/2fa/totp/activate/"
    page = client.get(activate, follow=True)
    if "password" in page.request["PATH_INFO"] or "reauthenticate" in page.request["PATH_INFO"]:
        said = {
            "password": world.added["Rae"].password,
            "next": "/console/sign-in/2fa/totp/activate/",
        }
        page = client.post("/console/sign-in/reauthenticate/", said, follow=True)
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post(
            "/console/sign-in/2fa/totp/activate/", {"code": code_of(secret)}, follow=True
        )
    assert "Recovery codes" in done.content.decode()
    kept = EntryBody.objects.filter(event="staff.changed", subject=f"staff:{rae.id}")
    bodies = [json.loads(one) for one in kept.values_list("body", flat=True)]
    assert {"factor": "app set up", "by": str(rae.id)} in bodies  # it could be a stranger's
    assert client.get("/console/")["Location"].startswith("/console/sign-in/2fa/reauthenticate/")
    proven = client.post(
        "/console/sign-in/2fa/reauthenticate/", {"code": code_of(secret), "next": "/console/"}
    )
    assert proven["Location"] == "/console/"
    assert client.get("/console/").status_code == 200


def test_the_password_alone_shows_nobody_again_who_they_are(world: World, rae: Staff) -> None:
    """A screen left open beside a browser that knows the password would else add a passkey."""
    client, add = world.signed_in(rae), "/console/sign-in/2fa/passkeys/add/"
    said = {"password": world.added["Rae"].password, "next": add}
    asked = client.post("/console/sign-in/reauthenticate/", said)
    assert asked["Location"].startswith("/console/sign-in/2fa/reauthenticate/")
    assert client.get(add).status_code == 302
    code = {"code": code_of(world.added["Rae"].totp_secret), "next": add}
    assert client.post(asked["Location"], code)["Location"] == add
    assert client.get(add).status_code == 200


def test_nobody_takes_their_second_factor_off(world: World, rae: Staff) -> None:
    client = world.signed_in(rae)
    client.post("/console/sign-in/2fa/totp/")
    assert Authenticator.objects.filter(user=rae, type="totp").exists()


def test_guessing_passwords_ends_after_a_few_whichever_process_is_asked(
    world: World, rae: Staff
) -> None:
    for _ in range(6):
        enter(Client(), world, password="wrong")
        caches["default"].close()
        del caches["default"]  # as another process begins: with nothing but the database
    client = Client()
    assert enter(client, world) == ""


def test_guessing_second_factors_ends_after_a_few(world: World, rae: Staff) -> None:
    client = Client()
    enter(client, world)
    for _ in range(6):
        client.post("/console/sign-in/2fa/authenticate/", {"code": "000000"})
    code = code_of(world.added["Rae"].totp_secret)
    client.post("/console/sign-in/2fa/authenticate/", {"code": code})
    assert client.get("/console/").status_code == 302


def test_who_has_left_is_out_at_once(world: World, rae: Staff) -> None:
    client = world.signed_in(rae)
    assert client.get("/console/").status_code == 200
    Staff.objects.filter(id=rae.id).update(is_active=False)
    assert client.get("/console/").status_code == 302


def test_there_is_no_sign_up(world: World) -> None:
    for path in ("signup/", "password/reset/", "email/", "password/set/"):
        assert Client().get(f"/console/sign-in/{path}").status_code == 404


def test_the_demo_link_signs_in_while_the_demo_runs(
    world: World, rae: Staff, settings: Settings
) -> None:
    settings.HEED_DEMO = True
    client = Client()
    assert client.get(demo_link(rae.id))["Location"] == "/console/"
    assert client.get("/console/").status_code == 200
    settings.HEED_DEMO = False
    assert client.get("/console/").status_code == 302


def test_the_demo_link_leads_nowhere_on_a_real_site(world: World, rae: Staff) -> None:
    assert Client().get(demo_link(rae.id)).status_code == 404


def test_a_forged_demo_link_leads_nowhere(world: World, rae: Staff, settings: Settings) -> None:
    settings.HEED_DEMO = True
    assert Client().get(demo_link(rae.id)[:-1] + "x").status_code == 404
    assert Client().get(f"/console/in/{rae.id}").status_code == 404


def test_signing_out_ends_it(world: World, rae: Staff) -> None:
    client = world.signed_in(rae)
    client.post("/console/sign-in/logout/")
    assert client.get("/console/").status_code == 302


def left(client: Client, minutes: int) -> None:
    """Nobody has touched it for so long."""
    session = client.session
    session["heed_seen"] = time.time() - minutes * 60
    session.save()


def sign_in(client: Client, world: World, code: str) -> None:
    enter(client, world)
    client.post("/console/sign-in/2fa/authenticate/", {"code": code})


def test_a_session_that_nobody_uses_ends(world: World, rae: Staff) -> None:
    client = Client()
    sign_in(client, world, code_of(world.added["Rae"].totp_secret))
    assert client.get("/console/").status_code == 200
    left(client, 44)
    assert client.get("/console/counts").status_code == 200  # which a page asks by itself
    left(client, 46)
    part = client.get("/console/counts", headers={"HX-Request": "true"})
    assert part["HX-Redirect"].startswith(LOGIN)
    sign_in(client, world, world.added["Rae"].recovery_codes[0])
    assert client.get("/console/").status_code == 200
    left(client, 46)
    client.post("/console/sign-in/reauthenticate/", {"password": "a long pass phrase"})
    assert client.get("/console/").status_code == 302
    assert "heed_unsent" not in client.session


def test_what_was_sent_after_the_end_waits_for_its_sender(world: World, rae: Staff) -> None:
    case, client = world.case(child=False), world.signed_in(rae)
    decide = f"/console/c/{case.number}/decide"
    said = {"ruling": "remove", "clause": "other", "scope": "items", "reasons": "Long <thought>"}
    left(client, 46)
    away = client.post(decide, said)
    assert away["Location"].startswith(LOGIN)
    assert "45 minutes" in client.get(away["Location"]).content.decode()
    assert not case.decisions.exists()
    sign_in(client, world, world.added["Rae"].recovery_codes[1])
    page = client.get("/console/").content.decode()
    assert "Not sent yet" in page and f'action="{decide}"' in page
    assert "Long &lt;thought&gt;</blockquote>" in page
    client.post(decide, said)
    assert case.decisions.get().decided_by == rae.pk
    assert "Not sent yet" not in client.get("/console/").content.decode()


def test_what_was_not_sent_is_for_nobody_else_at_the_same_browser(world: World) -> None:
    client = world.as_("Sam", Role.REVIEWER)
    left(client, 46)
    client.post("/console/me/limits", {"files_a_shift": "a thought of my own"})
    rae = world.person("Rae", Role.REVIEWER)
    sign_in(client, world, world.added["Rae"].recovery_codes[0])
    assert client.get("/console/").context["me"] == rae
    assert client.get("/console/").context["unsent"] is None


def test_even_a_session_that_is_used_ends_after_a_shift(world: World, rae: Staff) -> None:
    client = world.signed_in(rae)
    assert client.get("/console/").status_code == 200
    session = client.session
    session["heed_since"] = time.time() - 13 * 60 * 60
    session.save()
    assert client.get("/console/")["Location"].startswith(LOGIN)


def test_who_has_to_show_again_who_they_are_finds_there_what_they_had_asked_for(
    world: World,
) -> None:
    client = world.as_("Sam", Role.ADMINISTRATOR)
    sent = client.post("/console/platforms/square/keys", {"name": "For the app", "scopes": "items"})
    assert "/2fa/reauthenticate/" in sent["Location"]
    page = client.get("/console/platforms").content.decode()
    assert "Not sent yet" in page and 'value="For the app"' in page
    client.post("/console/unsent/forget")
    assert "Not sent yet" not in client.get("/console/platforms").content.decode()


def test_a_form_that_is_not_taken_to_be_ours_gives_the_words_back(world: World) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        "/console/duty/telephone", {"words": "He is 13 & afraid", "password": "not this one"}
    )
    assert answer.status_code == 403
    assert "He is 13 &amp; afraid" in answer.content.decode()
    assert "not this one" not in answer.content.decode()


def test_who_has_a_passkey_too_may_show_that_instead_of_a_code(world: World, rae: Staff) -> None:
    """A telephone was lost, and with it the app: only the few recovery codes were left."""
    client = world.signed_in(rae)
    asks = "/console/sign-in/2fa/reauthenticate/?next=/console/me"
    assert "Use your" not in client.get(asks).content.decode()
    Authenticator.objects.create(user=rae, type="webauthn", data={"name": "Key", "credential": {}})
    page = client.get(asks).content.decode()
    assert 'passkeys/reauthenticate/?next=%2Fconsole%2Fme">Use your passkey</a>' in page
    assert "password" not in page.partition("<main")[2]
