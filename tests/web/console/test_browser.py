"""A reviewer's day in a real browser: sign in, queue, look, decide; each page for everybody."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from pytest_httpserver import HTTPServer

from bench import long_lists
from heed.cases.models import Appeal, Case, Decision
from heed.filings.gathering import Chosen
from heed.filings.models import Officer, Order, Tip
from heed.filings.ordering import OrderIn
from heed.flows import manage_banks, prepare_tip
from heed.flows.decide_case import decide
from heed.flows.keep_rota import add_shifts
from heed.flows.manage_exchanges import add_exchange
from heed.flows.manage_operator import set_operator
from heed.flows.preserve import preserve
from heed.flows.receive_order import Taken, receive_order
from heed.flows.verify_officer import open_account
from heed.ledger import services as ledger
from heed.media.models import Bank, Item, Unchecked, Upload
from heed.people import queries as people
from heed.people.duty_models import Call
from heed.people.models import Role, Staff, Viewing
from heed.rules.claims import Category
from heed.rules.decisions import Ruling, Scope
from tests.integrations.test_ncmec_documents import OPERATOR
from tests.web.console.test_custody_and_orders import OLA
from tests.web.console.test_deciding import KEEP, REMOVE, seen_in_full, send
from tests.web.console.test_health import looked
from tests.web.console.test_people import fresh
from tests.web.console.world import World, code_of, signals
from tests.web.everybody import NARROW, WIDE, shut_out, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

MAIN = {
    "queue", "case", "duty", "emergency", "own", "figures", "people", "exercise", "policy", "split",
    "unchecked",
}  # fmt: skip
pytestmark = pytest.mark.browser


@pytest.fixture
def square(transactional_db: None, quick: None, httpserver: HTTPServer) -> World:
    """The same world, where the browser's server can see it."""
    return World(httpserver)


@pytest.fixture
def visit(chromium: "Browser", live_server: LiveServer) -> Iterator["BrowserContext"]:
    """A browser of somebody's own; any script error or refused content fails the test."""
    context = chromium.new_context(base_url=live_server.url, viewport=WIDE, reduced_motion="reduce")
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield context
    context.close()
    assert [one for one in wrong if "status of 4" not in one] == []


def sign_in(context: "BrowserContext", world: World, name: str) -> "Page":
    page = context.new_page()
    page.goto("/console/")
    page.get_by_label("E-mail address").fill(f"{name.lower()}@heed.example")
    page.get_by_label("Password").fill(world.added[name].password)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Code").fill(code_of(world.added[name].totp_secret))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Queue").wait_for()
    return page


def let_in(context: "BrowserContext", site: LiveServer, world: World, staff: Staff) -> "Page":
    """A page of somebody who has signed in before, with both factors."""
    key = world.signed_in(staff).session.session_key
    context.add_cookies([{"name": "sessionid", "value": str(key), "url": site.url}])
    return context.new_page()


def ready(page: "Page") -> None:
    """The page's scripts are there: the last of them shows the button for the keys."""
    page.wait_for_load_state("load")
    page.locator("[data-keys]").wait_for()


def open_in_full(page: "Page") -> None:
    page.get_by_role("button", name="Open in full").click()
    page.get_by_role("button", name="I know: open it in full").click()
    page.get_by_role("img", name="in full").wait_for()


def prove_again(context: "BrowserContext") -> None:
    """As after the page that asks for the second factor once more (tested in test_deciding).

    Before a page is open: what it asks for by itself would write the session over.
    """
    key = next(one["value"] for one in context.cookies() if one["name"] == "sessionid")
    session = SessionStore(key)
    now = {"method": "mfa", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [*session["account_authentication_methods"], now]
    session.save()


def test_a_reviewers_way_from_sign_in_to_removed(square: World, visit: "BrowserContext") -> None:
    case = square.case()
    square.person("Rae", Role.CHILD_SAFETY)
    page = sign_in(visit, square, "Rae")
    ready(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Case {case.number}").wait_for()
    ready(page)
    assert page.locator("img").count() == 0
    page.get_by_role("button", name="Open blurred").click()
    page.get_by_role("button", name="I know: open it blurred").click()
    page.get_by_role("img", name="blurred and grey").wait_for()
    assert Viewing.objects.get().variant == "blurred"
    page.get_by_role("button", name="Cover it again").click()
    page.locator("img").wait_for(state="detached")
    page.get_by_text("checked").or_(page.get_by_text("waits for its place")).first.wait_for()
    page.keyboard.press("d")
    page.get_by_label("Remove it").check()
    page.get_by_label("What you saw").fill("Coloured shapes.")
    page.reload()  # as after the page that asks who somebody is
    page.get_by_text("Here again: what you had typed and not sent.").wait_for()
    assert page.get_by_label("What you saw").input_value() == "Coloured shapes."
    assert page.get_by_label("Remove it").is_checked()
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("Decided. The platform and the notifier are being told.").wait_for()
    assert Item.objects.get(ref="p1").desired == "removed"


def test_no_violation_stays_proposed_until_another_person_agrees(
    square: World, chromium: "Browser", live_server: LiveServer, visit: "BrowserContext"
) -> None:
    case = square.case()
    rae, sam = (square.person(name, Role.CHILD_SAFETY) for name in ("Rae", "Sam"))
    page = let_in(visit, live_server, square, rae)
    prove_again(visit)
    page.goto(f"/console/c/{case.number}/")
    ready(page)
    open_in_full(page)
    page.get_by_label("No violation: let it stand").check()
    assert "none of our rules was broken" in page.get_by_label("Reasons, as").input_value()
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("Say what you saw, in your own words").wait_for()
    page.get_by_label("Reasons, as").fill("We saw coloured shapes, and nobody in them.")
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("You proposed this. A different person must agree").wait_for()
    assert Item.objects.get(ref="p1").desired == "hidden"
    other = chromium.new_context(base_url=live_server.url)
    second = let_in(other, live_server, square, sam)
    prove_again(other)
    second.goto(f"/console/c/{case.number}/")
    ready(second)
    open_in_full(second)
    second.get_by_label("I agree: no rule was broken").check()
    second.get_by_role("button", name="Send").click()
    second.get_by_text("Agreed: it is final.").wait_for()
    other.close()
    assert Decision.objects.get().seconded_by == square.added["Sam"].staff_id
    assert Item.objects.get(ref="p1").desired == "visible"


def test_what_was_refused_and_what_was_done_are_in_sight_on_a_phone(
    square: World, visit: "BrowserContext", live_server: LiveServer
) -> None:
    """A long page: the answer stands where one looks, not three screens above."""
    from playwright.sync_api import expect

    case = square.case()
    rae, sam = (square.person(name, Role.CHILD_SAFETY) for name in ("Rae", "Sam"))
    look_in_full = [square.signed_in(one) for one in (rae, sam)]
    seen_in_full(case, *look_in_full)
    send(look_in_full[0], case, "decide", KEEP)
    page = let_in(visit, live_server, square, sam)
    page.set_viewport_size(NARROW)
    page.goto(f"/console/c/{case.number}/")
    ready(page)
    page.get_by_label("I do not agree").check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Say why you do not agree")).to_be_in_viewport(timeout=30_000)
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Agreed: it is final.")).to_be_in_viewport(timeout=30_000)


def test_without_scripts_a_file_opens_on_a_page_of_its_own(
    square: World, chromium: "Browser", live_server: LiveServer
) -> None:
    case = square.case()
    rae = square.person("Rae", Role.CHILD_SAFETY)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = let_in(context, live_server, square, rae)
    page.goto(f"/console/c/{case.number}/")
    page.locator("textarea[name=reasons]").first.fill("It shows a child.")
    with context.expect_page() as opened:  # in a tab of its own: what is half-written stays
        page.get_by_role("button", name="Open blurred").click()
    look = opened.value
    look.get_by_role("heading", name="Before you look").wait_for()
    look.get_by_role("button", name="I know: open it blurred").click()
    look.get_by_role("heading", name=f"File of {case.number}").wait_for()
    assert look.locator("figure img").count() == 1
    assert page.locator("textarea[name=reasons]").first.input_value() == "It shows a child."
    context.close()


def on_duty(world: World, person: Staff) -> None:
    add_shifts(
        platform_id=world.platform.id, staff_id=person.id, place=1, begins_at=world.now,
        ends_at=world.now + timedelta(hours=8), weeks=2, by=person.id, now=world.now,
    )  # fmt: skip


def a_device(page: "Page") -> None:
    """A passkey device that knows its owner."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_invitation_a_passkey_and_in_without_a_password(
    square: World, visit: "BrowserContext", live_server: LiveServer
) -> None:
    dana = square.as_("Dana", Role.ADMINISTRATOR)
    said = {"email": "sam@heed.example", "name": "Sam", "platform": str(square.platform.id),
            "roles": ["reviewer"]}  # fmt: skip
    fresh(dana)
    answer = dana.post("/console/people/invite", said).content.decode()
    link = re.search(r"/console/sign-in/invitation/[^<]+/", answer)
    assert link
    page = visit.new_page()
    a_device(page)
    page.goto(link[0])
    page.get_by_label("A password of").fill("four plain words together")
    page.get_by_label("The same again").fill("four plain words together")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add this device").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    page.goto("/console/")
    page.get_by_role("button", name="Use your passkey").click()
    page.get_by_role("heading", name="Queue").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/console/sign-in/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Queue").wait_for()
    assert Staff.objects.get(email="sam@heed.example").memberships.get().role == "reviewer"


def an_account(world: World) -> str:
    """An agency account of an officer who was called back; the secret of its second factor."""
    said = OrderIn(kind="subpoena", instrument_ref="7", legal_basis="court of X",
                   identifiers="uri", sought="who published it")  # fmt: skip
    receive_order(platform_id=world.platform.id, said=said, by=OLA, now=world.now)
    Officer.objects.update(level=2, mailbox_at=world.now)
    lee = world.person("Lee", Role.LIAISON)
    return open_account(order_id=Order.objects.get().id, by=lee.id, now=world.now)


def test_an_officer_adds_a_passkey_to_the_agency_account_and_signs_in_with_it(
    square: World, chromium: "Browser", live_server: LiveServer, settings: Settings
) -> None:
    settings.PUBLIC_URL = live_server.url  # a passkey belongs to the address of the site
    secret = an_account(square)
    context = watched(chromium, live_server.url)
    page = context.new_page()
    a_device(page)
    page.goto("/officer/sign-in")
    wrong = {"sign-in": shut_out(page)}
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Enter the six digits").wait_for()
    wrong["sign-in, mistaken"] = shut_out(page)
    page.get_by_label("Your official e-mail address").fill(OLA.mail)
    page.get_by_label("The code of your authenticator").fill(code_of(secret))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Passkeys of this account").click()
    page.get_by_label("What you call this device").fill("Desk")
    page.get_by_role("button", name="Add this device").click()
    page.get_by_text("Desk, added").wait_for()
    wrong["account"] = shut_out(page)
    page.goto("/officer/")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/officer/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("Signed in for").wait_for()
    wrong["signed in"] = shut_out(page)
    page.goto("/officer/ask/removal_tco")
    page.get_by_role("button", name="Send the request").click()
    page.get_by_text("Something is missing").wait_for()
    wrong["ask, mistaken"] = shut_out(page)
    context.close()
    assert {name: found for name, found in wrong.items() if found} == {}


def test_ten_cases_by_keyboard_alone_one_handed_on_and_enough_for_today(
    square: World, visit: "BrowserContext", live_server: LiveServer
) -> None:
    for n in range(11):
        square.notice(square.post(f"w{n}", None), child=False, words=f"Words {n}")
    rae = square.person("Rae", Role.CHILD_SAFETY)
    page = let_in(visit, live_server, square, rae)
    page.goto("/console/")
    for _ in range(10):
        ready(page)
        with page.expect_navigation():
            page.keyboard.press("n")
        ready(page)
        page.keyboard.press("1")
        page.keyboard.press("Control+Enter")
        page.get_by_text("Decided. The platform and the notifier are being told.").wait_for()
    assert Decision.objects.filter(decided_by=rae.id, ruling="remove").count() == 10
    ready(page)
    with page.expect_navigation():
        page.keyboard.press("n")
    ready(page)
    page.keyboard.press("h")
    page.get_by_text("Handed on. It is not offered to you again.").wait_for()
    looked(rae, 60)
    case = square.case("p1", 1)
    page.goto(f"/console/c/{case.number}/")
    ready(page)
    page.get_by_role("button", name="Open blurred").click()
    page.get_by_text("Enough for now.").wait_for()
    assert page.locator("img").count() == 0


def test_a_key_held_down_unblurs_and_every_second_of_it_is_counted(
    square: World, visit: "BrowserContext", live_server: LiveServer
) -> None:
    case = square.case()
    page = let_in(visit, live_server, square, square.person("Rae", Role.CHILD_SAFETY))
    prove_again(visit)
    page.goto(f"/console/c/{case.number}/")
    ready(page)
    page.get_by_role("button", name="Open blurred").click()
    page.get_by_role("button", name="I know: open it blurred").click()
    page.get_by_role("img", name="blurred and grey").wait_for()
    began = time.monotonic()
    page.keyboard.down("v")
    page.get_by_role("img", name="small and grey").wait_for()
    page.get_by_role("img", name="blurred and grey").wait_for(state="detached")
    page.wait_for_timeout(900)
    page.keyboard.up("v")
    page.get_by_role("img", name="blurred and grey").wait_for()
    held = time.monotonic() - began
    page.get_by_role("img", name="small and grey").wait_for(state="detached")
    until = time.monotonic() + 30
    clear = Viewing.objects.get(variant="clear")
    while not clear.seconds and time.monotonic() < until:
        page.wait_for_timeout(100)
        clear.refresh_from_db()
    assert 0.3 < clear.seconds < held + 1


def test_a_page_that_nobody_touches_says_so_and_then_shows_nothing_more(
    square: World, visit: "BrowserContext", live_server: LiveServer
) -> None:
    case = square.case()
    page = let_in(visit, live_server, square, square.person("Rae", Role.CHILD_SAFETY))
    page.clock.install()
    page.goto(f"/console/c/{case.number}/")
    ready(page)
    page.get_by_role("button", name="Open blurred").click()
    page.get_by_role("button", name="I know: open it blurred").click()
    page.get_by_role("img", name="blurred and grey").wait_for()
    page.get_by_label("What you saw").fill("Half a thought")
    warning = page.get_by_text("You are signed out in two minutes.")
    page.clock.fast_forward("43:30")
    warning.wait_for()
    page.keyboard.press("Shift")
    warning.wait_for(state="detached")
    with page.expect_navigation():
        page.clock.fast_forward("45:20")
    ready(page)
    assert page.locator("img").count() == 0
    assert page.get_by_label("What you saw").input_value() == "Half a thought"


def test_a_video_plays_in_parts_and_has_been_seen_at_its_end(
    square: World, visit: "BrowserContext", live_server: LiveServer
) -> None:
    square.film("v1", seconds=2)
    item = Item.objects.get(ref="v1")
    notice = square.notice(item, child=False, category=Category.INTIMATE_IMAGE)
    case = Case.objects.get(joins__notice=notice)
    rae = square.person("Rae", Role.CHILD_SAFETY)
    page = let_in(visit, live_server, square, rae)
    page.goto(f"/console/c/{case.number}/")
    ready(page)
    page.get_by_role("button", name="Play blurred").click()
    page.get_by_role("button", name="I know: play it blurred").click()
    page.get_by_label("played blurred and grey").wait_for()
    page.get_by_role("button", name="Play in full").click()
    film = page.get_by_label("played in full")
    film.wait_for()
    film.evaluate("(one) => { one.playbackRate = 2; return one.play(); }")
    until = time.monotonic() + 60
    seen = Viewing.objects.filter(variant="moving-full", whole=True)
    while not seen.exists() and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert people.has_viewed(rae.pk, case.id, square.file_of(case).id)
    assert sorted(Viewing.objects.values_list("last", flat=True)) == [True, True]


def test_an_appeal_is_decided_by_another_person(
    square: World, visit: "BrowserContext", live_server: LiveServer
) -> None:
    case = square.case("p1", 1, child=False)
    sam = square.signed_in(square.person("Sam", Role.REVIEWER))
    send(sam, case, "decide", {**REMOVE, "clause": "other"})
    Appeal.objects.create(case=case, decision=Decision.objects.get(), text="It was satire.",
                          opened_at=square.now)  # fmt: skip
    page = let_in(visit, live_server, square, square.person("Rae", Role.REVIEWER))
    page.goto("/console/")
    page.get_by_role("link", name="with an appeal").click()
    page.get_by_role("link", name=case.number).click()
    page.get_by_text("It was satire.").wait_for()
    page.get_by_label("The decision stands").check()
    page.get_by_label("Reasons, as the person who appealed").fill("It names a home address.")
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("The appeal is answered.").wait_for()
    assert Appeal.objects.get().decided_by == square.added["Rae"].staff_id


def a_full_case(world: World) -> Case:
    """A case with all that a page may have to show."""
    root = world.post("p1", 1, account="uri")
    for n in range(40):
        world.post(f"r{n}", None, reshare_of="p1", account=f"a{n % 7}", hours_ago=5 - n / 10)
    world.post("near", 1, "quality", hours_ago=2)
    world.post("near2", 1, "crop", hours_ago=1)
    case = world.case(
        "p1", 1, words="This is my son. He is 13.\nHe is afraid to go to school.", stated_age=13,
        police_agency="City police", email="gil@example.org",
    )  # fmt: skip
    items = Item.objects.filter(copies__case=case)
    for n, item in enumerate(items):
        seen = ("gone", "gone", "gone", "seen", "unverifiable", "")[n % 6]
        done = item.revision if seen else 0
        Item.objects.filter(id=item.id).update(
            acknowledged=item.desired, acknowledged_revision=done, answer="applied" if done else "",
            observed=seen, observed_at=timezone.now(), views=item.views + 37 * n,
        )  # fmt: skip
    Upload.objects.create(
        platform=world.platform, file=world.file_of(case), case_id=case.id, state="held",
        reason="case", upload_ref="u1", asked_at=world.now,
    )  # fmt: skip
    ledger.sequence(now=world.now)
    assert root.platform_id == case.platform_id
    return case


def a_bank(world: World) -> Bank:
    """One that was filled and tried, with an exchange beside it."""
    policy = manage_banks.Policy(on_upload="hold", on_registered="hide")
    bank = manage_banks.make_bank(
        name="A list", platform_slug="square", policy=policy, by="test", now=world.now
    )
    rows = f"type,value\npdq,{signals(1)[1].pdq.hex()}\n"
    manage_banks.import_signals(bank_id=bank.id, text=rows, kind="csv", by="list", now=world.now)
    manage_banks.dry_run(bank_id=bank.id, by="test", now=world.now)
    add_exchange(name="folder", kind="folder", said={"path": "/tmp"}, by="test", now=world.now)
    return bank


def a_tip(world: World, by: Staff) -> Tip:
    """A finding, and what an authority is to be told of it: waiting for a senior."""
    said = {"stated_age": 13, "email": "gil@example.org", "other_app": "ghost99 elsewhere"}
    case = world.case("p3", 3, **said)
    decide(
        case_id=case.id, ruling=Ruling.REMOVE, scope=Scope.FILE, clause="child-sexual",
        reasons="It was removed.", by=by.pk, now=world.now,
    )  # fmt: skip
    operator = {"platform_id": case.platform_id, "operator": OPERATOR, "by": None}
    set_operator(**operator, now=world.now)  # type: ignore[arg-type]
    chosen = Chosen(words="Please hurry.", urgent="It still spreads.")
    tip = prepare_tip.prepare(case_id=case.id, chosen=chosen, by=by.pk, now=world.now)
    return prepare_tip.send_on(tip_id=tip.id, by=by.pk, now=timezone.now())


def an_order(world: World, case: Case) -> Taken:
    """What is sealed of a case, and an officer who asks for it."""
    preserve(case_id=case.id, now=world.now)
    warrant = OrderIn(
        kind="warrant", urls=[f"{world.platform.url_prefixes[0]}p1"],
        sought="who published it, and when", instrument_ref="2026-7", legal_basis="court of X",
    )  # fmt: skip
    return receive_order(platform_id=world.platform.id, said=warrant, by=OLA, now=world.now)


def test_every_page_can_be_used_by_everybody(
    square: World, chromium: "Browser", live_server: LiveServer
) -> None:
    case = a_full_case(square)
    square.case("p2", 2, child=False, words="They say they will come tonight.", danger_now=True)
    rae = square.person("Rae", *Role)
    on_duty(square, rae)
    tip = a_tip(square, rae)
    told = f"/console/c/{Case.objects.get(id=tip.case_id).number}/"
    for n, reason in enumerate(("too_large", "database-away")):
        Unchecked.objects.create(
            platform=square.platform, cause=bytes([n]), url="https://square.example/f/1",
            upload_ref=f"u{n}", reason=reason, since_at=square.now, last_at=square.now,
            due_at=square.now + timedelta(minutes=40 - 50 * n), retry_at=square.now if n else None,
        )  # fmt: skip
    near = case.copies.filter(how="near").first()
    assert near is not None
    order = an_order(square, case)
    context = watched(chromium, live_server.url)
    page = context.new_page()
    page.goto("/console/sign-in/login/")
    wrong = {"login": shut_out(page)}
    let_in(context, live_server, square, rae).close()
    for name, path in {
        "queue": "/console/",
        "case": f"/console/c/{case.number}/",
        "compare": f"/console/c/{case.number}/near/{near.near_file_id}",
        "copies": f"/console/c/{case.number}/copies/reshare",
        "entries": f"/console/c/{case.number}/entries",
        "outbox": "/console/outbox",
        "unchecked": "/console/unchecked",
        "partners": "/console/partners",
        "evidence": "/console/custody",
        "blind": "/console/blind",
        "break": "/console/break",
        "duty": "/console/duty",
        "emergency": f"/console/calls/{Call.objects.get().id}",
        "people": "/console/people",
        "own": "/console/me",
        "team": "/console/team",
        "practice": "/console/practice",
        "exercise": "/console/practice/landscape",
        "platforms": "/console/platforms",
        "figures": "/console/figures",
        "help": "/console/help",
        "sign-in": "/console/sign-in/2fa/",
        "sessions": "/console/sign-in/sessions/",
        "banks": "/console/banks",
        "bank": f"/console/banks/{a_bank(square).id}",
        "exchanges": "/console/exchanges",
        "rollbacks": "/console/rollbacks",
        "policies": "/console/policy",
        "policy": "/console/policy/square",
        "reasons": "/console/reasons/square/en",
        "split": f"/console/c/{case.number}/split",
        "together": f"/console/c/{case.number}/together",
        "told": told,
        "tips": "/console/tips",
        "tip_new": f"{told}tips/new",
        "tip": f"{told}tips/{tip.id}",
        "operators": "/console/operator",
        "operator": "/console/operator/square",
        "custody": f"/console/c/{case.number}/custody",
        "orders": "/console/orders",
        "order": f"/console/orders/{order.number}",
        "officer": "/officer/",
        "officer-ask": "/officer/ask/emergency",
        "officer-page": f"/officer/o/{order.number}?k={order.link_secret}",
        "orders-published": "/orders",
    }.items():
        answer = page.goto(path)
        assert answer is not None and answer.status == 200, name
        if name == "case":
            page.wait_for_load_state("networkidle")  # its ledger entries come by themselves
            page.set_viewport_size({"width": 3840, "height": 2160})
            assert page.evaluate("document.querySelector('main').offsetWidth") > 2_000
            page.set_viewport_size(WIDE)
        wrong[name] = shut_out(page, f"console-{name}" if name in MAIN else "")
    context.close()
    assert {name: found for name, found in wrong.items() if found} == {}


def test_long_lists_can_be_used_by_everybody_and_by_keyboard_alone(
    square: World, chromium: "Browser", live_server: LiveServer
) -> None:
    long_lists.fill(square.platform, 62, now=square.now)
    rae = square.person("Rae", *Role)
    context = watched(chromium, live_server.url)
    page = let_in(context, live_server, square, rae)
    wrong = {}
    for name, path in {
        "outbox": "/console/outbox",
        "dead": "/console/outbox?kind=states&state=dead",
        "orders": "/console/orders",
        "banks": "/console/banks",
        "rollbacks": "/console/rollbacks",
        "partners": "/console/partners",
        "people": "/console/people",
        "tips": "/console/tips",
        "unchecked": "/console/unchecked?page=2",
        "none": "/console/banks?words=gondola",
    }.items():
        page.goto(path)
        wrong[name] = shut_out(page)
    assert {name: found for name, found in wrong.items() if found} == {}
    page.goto("/console/banks")
    ready(page)
    page.keyboard.press("/")
    page.keyboard.type("bank-00061")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="square-bank-00061").wait_for()
    page.get_by_text("1 bank, ").wait_for()
    page.get_by_role("link", name="Clear").focus()
    page.keyboard.press("Enter")
    page.get_by_text("62 banks, ").wait_for()
    page.get_by_role("link", name="Later").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Page 2 of 2").wait_for()
    page.get_by_role("link", name="square-bank-00061").wait_for()
    context.close()
