"""Nobody comes in with one factor, and nobody by guessing."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

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
    assert client.get("/console/").status_code == 200


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
    world: World, rae: Staff
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
    done = client.post(
        "/console/sign-in/2fa/totp/activate/", {"code": code_of(secret)}, follow=True
    )
    assert "Recovery codes" in done.content.decode()
    assert client.get("/console/")["Location"].startswith("/console/sign-in/2fa/reauthenticate/")
    proven = client.post(
        "/console/sign-in/2fa/reauthenticate/", {"code": code_of(secret), "next": "/console/"}
    )
    assert proven["Location"] == "/console/"
    assert client.get("/console/").status_code == 200


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
