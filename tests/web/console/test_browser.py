"""A reviewer's day in a real browser: sign in, queue, look, decide; each page for everybody."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from pytest_httpserver import HTTPServer

from heed.cases.models import Case, Decision
from heed.ledger import services as ledger
from heed.media.models import Item, Upload
from heed.people.models import Role, Viewing
from tests.web.console.world import World, code_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

AXE = Path(__file__).parents[2] / "vendor" / "axe" / "axe.min.js"
WIDE: "ViewportSize" = {"width": 1280, "height": 900}
NARROW: "ViewportSize" = {"width": 360, "height": 740}
pytestmark = pytest.mark.browser


@pytest.fixture
def square(transactional_db: None, quick: None, httpserver: HTTPServer) -> World:
    """The same world, where the browser's server can see it."""
    return World(httpserver)


@pytest.fixture
def visit(chromium: "Browser", live_server: LiveServer) -> Iterator["BrowserContext"]:
    """A browser of somebody's own; any script error or refused content fails the test."""
    context = chromium.new_context(base_url=live_server.url, viewport=WIDE)
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


def ready(page: "Page") -> None:
    """The page's scripts are there: the last of them shows the button for the keys."""
    page.wait_for_load_state("load")
    page.locator("[data-keys]").wait_for()


def violations(page: "Page") -> list[str]:
    """What axe finds wrong, in one line each."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]
    ]


def prove_again(context: "BrowserContext") -> None:
    """As after the page that asks for the second factor once more (tested in test_deciding)."""
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
    page.get_by_role("img", name="blurred and grey").wait_for()
    assert Viewing.objects.get().variant == "blurred"
    page.get_by_role("button", name="Cover it again").click()
    assert page.locator("img").count() == 0
    page.get_by_text("checked").or_(page.get_by_text("waits for its place")).first.wait_for()
    page.keyboard.press("d")
    page.get_by_label("Remove it").check()
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("Decided. The platform and the notifier are being told.").wait_for()
    assert Item.objects.get(ref="p1").desired == "removed"


def test_no_violation_stays_proposed_until_another_person_agrees(
    square: World, chromium: "Browser", live_server: LiveServer, visit: "BrowserContext"
) -> None:
    case = square.case()
    square.person("Rae", Role.CHILD_SAFETY)
    square.person("Sam", Role.CHILD_SAFETY)
    page = sign_in(visit, square, "Rae")
    page.goto(f"/console/c/{case.number}/")
    ready(page)
    prove_again(visit)
    page.get_by_role("button", name="Open in full").click()
    page.get_by_role("img", name="in full").wait_for()
    page.get_by_label("No violation: let it stand").check()
    assert "none of our rules was broken" in page.get_by_label("Reasons, as").input_value()
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("Say what you saw, in your own words").wait_for()
    page.get_by_label("Reasons, as").fill("We saw coloured shapes, and nobody in them.")
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("You proposed this. A different person must agree").wait_for()
    assert Item.objects.get(ref="p1").desired == "hidden"
    other = chromium.new_context(base_url=live_server.url)
    second = sign_in(other, square, "Sam")
    second.goto(f"/console/c/{case.number}/")
    ready(second)
    prove_again(other)
    second.get_by_role("button", name="Open in full").click()
    second.get_by_role("img", name="in full").wait_for()
    second.get_by_label("I agree: no rule was broken").check()
    second.get_by_role("button", name="Send").click()
    second.get_by_text("Agreed: it is final.").wait_for()
    other.close()
    assert Decision.objects.get().seconded_by == square.added["Sam"].staff_id
    assert Item.objects.get(ref="p1").desired == "visible"


def test_without_scripts_a_file_opens_on_a_page_of_its_own(
    square: World, chromium: "Browser", live_server: LiveServer
) -> None:
    case = square.case()
    square.person("Rae", Role.CHILD_SAFETY)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = sign_in(context, square, "Rae")
    page.goto(f"/console/c/{case.number}/")
    page.get_by_role("button", name="Open blurred").click()
    page.get_by_role("heading", name=f"File of {case.number}").wait_for()
    assert page.locator("figure img").count() == 1
    context.close()


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


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_every_page_can_be_used_by_everybody(
    square: World, chromium: "Browser", live_server: LiveServer, look: str, tmp_path: Path
) -> None:
    case = a_full_case(square)
    square.case("p2", 2, child=False, words="They say they will come to my house.")
    square.person("Rae", Role.CHILD_SAFETY, Role.SENIOR)
    near = case.copies.filter(how="near").first()
    assert near is not None
    context = chromium.new_context(
        base_url=live_server.url,
        color_scheme="dark" if look == "dark" else "light",
        viewport=NARROW if look == "phone" else WIDE,
    )
    page = context.new_page()
    page.goto("/console/sign-in/login/")
    wrong = {"login": violations(page)}
    page.close()
    page = sign_in(context, square, "Rae")
    for name, path in {
        "queue": "/console/",
        "case": f"/console/c/{case.number}/",
        "compare": f"/console/c/{case.number}/near/{near.near_file_id}",
        "copies": f"/console/c/{case.number}/copies/reshare",
        "entries": f"/console/c/{case.number}/entries",
        "outbox": "/console/outbox",
    }.items():
        page.goto(path)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / f"{name}-{look}.png", full_page=True)
        wrong[name] = violations(page)
        if look == "phone":
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 360, f"{name} is {wide} px wide"
    context.close()
    assert {name: found for name, found in wrong.items() if found} == {}
