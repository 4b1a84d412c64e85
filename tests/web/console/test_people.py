"""People come by invitation, do what their role says, and are out the moment they leave."""

import base64
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from heed.flows.connect_platform import connect_platform
from heed.flows.invite_staff import InvitationOver, NotYours, accept, end_role, give_role
from heed.ledger.models import EntryBody
from heed.media.keys import caller_with
from heed.people import queries as people_now
from heed.people import services as people
from heed.people.models import Role, Staff
from heed.people.staff_models import Invitation
from tests.web.console.test_sign_in import enter
from tests.web.console.world import World, code_of

SENTENCE = "four plain words together"


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


def fresh(client: Client) -> None:
    """As after the page that asks who it is once more."""
    import time

    session = client.session
    now = {"method": "mfa", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [
        *session["account_authentication_methods"],
        now,
    ]
    session.save()


def invited(world: World, admin: Client, *roles: str, email: str = "sam@heed.example") -> str:
    """Invite somebody; the path of their link."""
    fresh(admin)
    said = {"email": email, "name": "Sam", "platform": str(world.platform.id), "roles": roles}
    page = text(admin.post("/console/people/invite", said))
    found = re.search(r"(/console/sign-in/invitation/[^<]+/)</code>", page)
    assert found, page
    return found[1]


def test_an_invitation_leads_to_an_account_with_a_second_factor_and_works_once(
    world: World, mailoutbox: list[Any]
) -> None:
    path = invited(world, world.as_("Dana", Role.ADMINISTRATOR), "reviewer")
    assert path in mailoutbox[0].body
    assert "square" not in mailoutbox[0].body
    sam = Client()
    assert "sam@heed.example" in text(sam.get(path))
    weak = sam.post(path, {"name": "Sam", "password": "password", "again": "password"})
    assert weak.status_code == 422
    assert "too short" in text(weak)
    answer = sam.post(path, {"name": "Sam", "password": SENTENCE, "again": SENTENCE})
    assert answer["Location"] == "/console/sign-in/2fa/"
    assert sam.get("/console/")["Location"] == "/console/sign-in/2fa/"
    page = sam.get("/console/sign-in/2fa/totp/activate/")
    secret = page.context["form"].secret
    sam.post("/console/sign-in/2fa/totp/activate/", {"code": code_of(secret)})
    assert Authenticator.objects.filter(user__email="sam@heed.example").count() == 2
    assert Client().get(path).status_code == 404
    with pytest.raises(InvitationOver):
        accept(token=path.split("/")[-2], name="Zed", password=SENTENCE, now=world.now)


def test_nobody_takes_back_another_platforms_invitation_by_one_of_their_own(world: World) -> None:
    ours = invited(world, world.as_("Dana", Role.ADMINISTRATOR), "reviewer")
    square, world.platform = world.platform, world.add_platform("elsewhere", "Elsewhere")
    zed = world.as_("Zed", Role.ADMINISTRATOR, platform="elsewhere")
    before, theirs = invited(world, zed, "auditor"), invited(world, zed, "auditor")
    said = {"name": "Sam", "password": SENTENCE, "again": SENTENCE}
    assert Client().get(before).status_code == 404
    assert Client().post(ours, said)["Location"] == "/console/sign-in/2fa/"
    assert Client().post(theirs, said).status_code == 404
    sam = Staff.objects.get(email="sam@heed.example")
    assert people_now.platforms_of(sam) == {square.id}


def test_whoever_invites_shows_again_who_they_are(world: World) -> None:
    """An account of one's own, with any role, is worth more than a role that is given."""
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    said = {"email": "zed@heed.example", "name": "Zed", "roles": ["administrator"]}
    asked = dana.post("/console/people/invite", {**said, "platform": str(world.platform.id)})
    assert "/2fa/reauthenticate/" in asked["Location"]
    assert not Invitation.objects.exists()
    assert "zed@heed.example" in text(dana.get("/console/people"))  # waits to be sent again


def test_an_invitation_that_was_taken_back_leads_nowhere(world: World) -> None:
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    path = invited(world, dana, "reviewer")
    dana.post(f"/console/people/invitations/{Invitation.objects.get().id}/off")
    assert "leads nowhere any more" in text(Client().get(path))


def test_who_has_an_account_is_not_invited_again(world: World) -> None:
    world.person("Sam", Role.REVIEWER)
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    said = {"email": "SAM@heed.example", "name": "Sam", "platform": str(world.platform.id),
            "roles": ["reviewer"]}  # fmt: skip
    fresh(dana)
    answer = dana.post("/console/people/invite", said)
    assert "give it a role instead" in text(answer)


def test_roles_are_given_and_ended_at_once_by_another_administrator(world: World) -> None:
    sam = world.person("Sam", Role.REVIEWER)
    case = world.case()
    at_work = world.signed_in(sam)
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    change = {"what": "end", "role": "reviewer", "platform": str(world.platform.id)}
    asked = dana.post(f"/console/people/{sam.id}", change)
    assert "/2fa/reauthenticate/" in asked["Location"]
    assert at_work.get(f"/console/c/{case.number}/").status_code == 200
    fresh(dana)
    dana.post(f"/console/people/{sam.id}", change)
    assert at_work.get(f"/console/c/{case.number}/").status_code == 404
    dana.post(f"/console/people/{sam.id}", {**change, "what": "give", "role": "child-safety"})
    assert at_work.get(f"/console/c/{case.number}/").status_code == 200
    me = world.added["Dana"].staff_id
    with pytest.raises(NotYours):
        end_role(staff_id=me, platform_id=world.platform.id, role=Role.ADMINISTRATOR, by=me,
                 now=world.now)  # fmt: skip


def test_a_new_start_takes_the_lost_device_off_and_ends_its_sessions(world: World) -> None:
    sam = world.person("Sam", Role.REVIEWER)
    lost = Client()
    enter(lost, world, "Sam")
    code = code_of(world.added["Sam"].totp_secret)
    lost.post("/console/sign-in/2fa/authenticate/", {"code": code})
    assert "This browser" in text(lost.get("/console/sign-in/sessions/"))
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    fresh(dana)
    page = text(dana.post(f"/console/people/{sam.id}", {"what": "anew"}))
    found = re.search(r"(/console/sign-in/invitation/[^<]+/)</code>", page)
    assert found
    assert lost.get("/console/").status_code == 200  # until the link is used
    Client().post(found[1], {"name": "Sam", "password": SENTENCE, "again": SENTENCE})
    assert lost.get("/console/").status_code == 302
    assert not Authenticator.objects.filter(user=sam).exists()


def test_whoever_leaves_is_signed_out_everywhere(world: World) -> None:
    sam = world.person("Sam", Role.REVIEWER)
    at_work = world.signed_in(sam)
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    fresh(dana)
    dana.post(f"/console/people/{sam.id}", {"what": "close"})
    assert at_work.get("/console/").status_code == 302
    assert "closed" in text(dana.get("/console/people"))


def test_an_administrator_of_one_platform_changes_nobody_of_another(world: World) -> None:
    sam = world.person("Sam", Role.REVIEWER)
    world.add_platform("elsewhere", "Elsewhere")
    zed = world.as_("Zed", Role.ADMINISTRATOR, platform="elsewhere")
    fresh(zed)
    assert zed.post(f"/console/people/{sam.id}", {"what": "close"}).status_code == 404
    assert "Sam" not in text(zed.get("/console/people"))


def test_who_works_at_two_platforms_is_never_signed_in_as_by_the_administrator_of_one(
    world: World,
) -> None:
    sam = world.person("Sam", Role.CHILD_SAFETY)
    other = world.add_platform("elsewhere", "Elsewhere")
    zed = world.as_("Zed", Role.ADMINISTRATOR, platform="elsewhere")
    fresh(zed)
    give = {"role": "reviewer", "platform": str(other.id)}
    people.give_role(sam, other.id, Role.REVIEWER)
    for what in ("anew", "sign-out", "close"):
        page = text(zed.post(f"/console/people/{sam.id}", {"what": what}, follow=True))
        assert "They also work for a platform that is not yours" in page
    assert not Invitation.objects.exists()
    zed.post(f"/console/people/{sam.id}", {"what": "end", **give})
    assert people_now.platforms_of(sam) == {world.platform.id}


def test_a_new_start_leads_nowhere_once_its_sender_does_not_reach_all_of_the_account(
    world: World,
) -> None:
    sam = world.person("Sam", Role.REVIEWER)
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    fresh(dana)
    page = text(dana.post(f"/console/people/{sam.id}", {"what": "anew"}))
    found = re.search(r"/console/sign-in/invitation/([^<]+)/</code>", page)
    assert found
    people.give_role(sam, world.add_platform("elsewhere", "Elsewhere").id, Role.CHILD_SAFETY)
    with pytest.raises(InvitationOver):
        accept(token=found[1], name="Sam", password=SENTENCE, now=world.now)
    assert Authenticator.objects.filter(user=sam).exists()


def test_other_sessions_can_be_ended_by_their_owner(world: World) -> None:
    world.person("Rae", Role.REVIEWER)
    browsers = [Client(), Client()]
    for one in browsers:
        enter(one, world)
        code = code_of(world.added["Rae"].totp_secret)
        one.post("/console/sign-in/2fa/authenticate/", {"code": code})
        from django.core.cache import cache

        cache.clear()  # the same six figures are not taken twice
    browsers[0].post("/console/sign-in/sessions/")
    assert [one.get("/console/").status_code for one in browsers] == [200, 302]


def test_where_somebody_is_signed_in_is_noted_once_a_minute_and_at_once_when_it_changes(
    world: World,
) -> None:
    rae = world.as_("Rae", Role.REVIEWER)
    rae.get("/console/help")
    first = UserSession.objects.get().last_seen_at
    rae.get("/console/help")
    assert UserSession.objects.get().last_seen_at == first
    rae.get("/console/help", headers={"user-agent": "another browser"})
    now = UserSession.objects.get()
    assert now.user_agent == "another browser" and now.last_seen_at > first
    UserSession.objects.update(last_seen_at=first - timedelta(minutes=2))
    rae.get("/console/help", headers={"user-agent": "another browser"})
    assert UserSession.objects.get().last_seen_at > first


# ------------------------------------------------------------------ the organisation's sign-in


@pytest.fixture
def issuer(httpserver: HTTPServer, settings: Settings) -> dict[str, Any]:
    """A stand-in that says of whoever comes what the test put into it."""
    said: dict[str, Any] = {"sub": "42", "email": "sam@heed.example", "email_verified": True}
    at = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/.well-known/openid-configuration").respond_with_json({
        "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
        "userinfo_endpoint": f"{at}/userinfo", "jwks_uri": f"{at}/keys",
    })  # fmt: skip

    def part(what: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(what).encode()).decode().rstrip("=")

    def token(_: Any) -> Any:
        from werkzeug import Response

        claims = {"iss": at, "aud": "heed", "iat": 0, "exp": 9_999_999_999, **said}
        jwt = f"{part({'alg': 'RS256', 'kid': '1'})}.{part(claims)}.c2ln"
        body = {"access_token": "a", "token_type": "Bearer", "id_token": jwt}
        return Response(json.dumps(body), content_type="application/json")

    def userinfo(_: Any) -> Any:
        from werkzeug import Response

        return Response(json.dumps(said), content_type="application/json")

    httpserver.expect_request("/token").respond_with_handler(token)
    httpserver.expect_request("/userinfo").respond_with_handler(userinfo)
    settings.HEED_OIDC_NAME = "Square GmbH"
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{
        "provider_id": "oidc", "name": "Square GmbH", "client_id": "heed", "secret": "s",
        "settings": {"server_url": at},
    }]}}  # fmt: skip
    return said


def by_work(client: Client) -> Any:
    """Press the organisation's button, and come back as the issuer sends one."""
    sent = client.post("/console/sign-in/work/oidc/")
    asked = parse_qs(urlsplit(sent["Location"]).query)
    said = {"code": "c", "state": asked["state"][0]}
    return client.get("/console/sign-in/work/oidc/callback/", said, follow=True)


def test_the_organisations_sign_in_opens_an_account_that_exists(
    world: World, issuer: dict[str, Any]
) -> None:
    path = invited(world, world.as_("Dana", Role.ADMINISTRATOR), "reviewer")
    client = Client()
    assert "Square GmbH" in text(client.get(path))
    client.post(path, {"by_work": "1"})
    assert not Staff.objects.get(email="sam@heed.example").has_usable_password()
    assert "Queue" in text(by_work(client))


@pytest.mark.parametrize("what", ["stranger", "unverified"])
def test_it_opens_nothing_for_who_was_not_invited_or_is_not_known_for_sure(
    world: World, issuer: dict[str, Any], what: str
) -> None:
    world.person("Sam", Role.REVIEWER)
    issuer.update({"email": "zed@heed.example"} if what == "stranger" else
                  {"email_verified": False})  # fmt: skip
    client = Client()
    assert "There is no account for you here" in text(by_work(client))
    assert client.get("/console/").status_code == 302
    assert Staff.objects.count() == 1


def test_an_issuer_that_is_down_is_said_in_words(world: World, settings: Settings) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{
        "provider_id": "oidc", "name": "Square GmbH", "client_id": "heed", "secret": "s",
        "settings": {"server_url": "http://127.0.0.1:9"},
    }]}}  # fmt: skip
    answer = Client().post("/console/sign-in/work/oidc/", follow=True)
    assert "did not answer as it should" in text(answer)


# ------------------------------------------------------------------ platforms' keys


def test_a_key_is_made_by_who_shows_again_who_they_are_and_ends_when_withdrawn(
    world: World,
) -> None:
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    said = {"name": "site", "scopes": ["items"], "days": "30"}
    assert "/2fa/" in dana.post("/console/platforms/square/keys", said)["Location"]
    fresh(dana)
    none = text(dana.post("/console/platforms/square/keys", {"name": "site"}))
    assert "A key that may do nothing" in none
    page = text(dana.post("/console/platforms/square/keys", said))
    found = re.search(r"heed_[a-z0-9]{8}_[\w-]+", page)
    assert found
    assert found[0] not in text(dana.get("/console/platforms"))
    caller = caller_with(found[0], now=world.now)
    assert caller is not None
    dana.post(f"/console/platforms/square/keys/{caller.key_id}/off")
    assert caller_with(found[0], now=world.now) is None
    assert "withdrawn" in text(dana.get("/console/platforms"))
    said = {"url": "https://square.example", "gate": "on"}
    connect_platform(
        platform_slug="square", connector="mastodon", said=said, by="test", now=world.now
    )
    page = text(dana.get("/console/platforms"))
    assert "the words of a post stay" in page and "never yet" in page


def test_a_closed_account_is_opened_again_without_its_roles_and_by_a_new_start(
    world: World, mailoutbox: list[Any]
) -> None:
    """The wrong line pressed, or who comes back after a year."""
    sam, dana = world.person("Sam", Role.REVIEWER), world.as_("Dana", Role.ADMINISTRATOR)
    fresh(dana)
    at = f"/console/people/{sam.id}"
    dana.post(at, {"what": "close"})
    said = {"email": sam.email, "name": "Sam", "platform": str(world.platform.id),
            "roles": ["reviewer"]}  # fmt: skip
    assert "open it again, in the list" in text(dana.post("/console/people/invite", said))
    role = {"what": "give", "role": "reviewer", "platform": str(world.platform.id)}
    assert "open it again first" in text(dana.post(at, role, follow=True))
    page = text(dana.post(at, {"what": "open"}))
    link = re.search(r"(/console/sign-in/invitation/[^<]+/)</code>", page)
    assert link
    sam.refresh_from_db()
    assert sam.is_active and not sam.has_usable_password()
    assert not Authenticator.objects.filter(user=sam).exists()
    assert not people_now.every_role_of(sam)
    at_home = Client()
    answer = at_home.post(link[1], {"name": "Sam", "password": SENTENCE, "again": SENTENCE})
    assert answer["Location"] == "/console/sign-in/2fa/"
    assert "This account is open." in text(dana.post(at, {"what": "open"}, follow=True))
    assert "is reviewer now" in text(dana.post(at, role, follow=True))


def test_who_works_elsewhere_is_given_a_role_by_whoever_runs_the_server(world: World) -> None:
    """The list of people shows nobody of another platform, and so nobody to give a role to."""
    world.add_platform("elsewhere", "Elsewhere")
    sam = world.person("Sam", Role.REVIEWER, platform="elsewhere")
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    fresh(dana)
    said = {"email": sam.email, "name": "Sam", "platform": str(world.platform.id),
            "roles": ["reviewer"]}  # fmt: skip
    assert "`heed staff give`" in text(dana.post("/console/people/invite", said))
    give_role(
        staff_id=sam.id, platform_id=world.platform.id, role=Role.AUDITOR, by=None, now=world.now
    )
    assert world.platform.id in people_now.platforms_of(sam)


def test_the_log_names_who_made_a_key(world: World) -> None:
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    fresh(dana)
    dana.post("/console/platforms/square/keys", {"name": "site", "scopes": ["items"]})
    bodies = EntryBody.objects.filter(event="key.added").values_list("body", flat=True)
    assert [json.loads(one)["by"] for one in bodies] == [str(world.added["Dana"].staff_id)]


def test_a_key_that_may_do_nothing_is_refused_before_anybody_is_asked_who_they_are(
    world: World,
) -> None:
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    answer = dana.post("/console/platforms/square/keys", {"name": "site"})
    assert answer.status_code == 422
    assert "A key that may do nothing is of no use" in text(answer)


def test_nobody_is_said_to_be_mailed_where_no_mail_leaves(world: World, settings: Settings) -> None:
    dana = world.as_("Dana", Role.ADMINISTRATOR)
    fresh(dana)
    said = {"name": "Sam", "platform": str(world.platform.id), "roles": ["reviewer"]}
    mailed = text(dana.post("/console/people/invite", {**said, "email": "a@heed.example"}))
    assert "It was mailed too." in mailed
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(settings.HEED_VAR / "mail")
    kept = text(dana.post("/console/people/invite", {**said, "email": "b@heed.example"}))
    assert "It was not mailed: hand it over yourself." in kept
    rae = world.as_("Rae", Role.REVIEWER)
    assert "No mail reaches anybody from here" in text(rae.get("/console/duty"))
    tried = text(rae.post("/console/duty/try", follow=True))
    assert "reach nobody" in tried and "Mail was taken" not in tried


def test_what_waits_to_be_sent_is_shown_with_its_choices(world: World) -> None:
    """A press on “Send it now” can close an account: its sender sees what it is."""
    sam, dana = world.person("Sam", Role.REVIEWER), world.as_("Dana", Role.ADMINISTRATOR)
    dana.post(f"/console/people/{sam.id}", {"what": "close"})
    page = text(dana.get("/console/people"))
    waits = page.partition("Not sent yet")[2].partition("</section>")[0]
    assert "what: <strong>close</strong>" in waits
