"""In a real browser on a phone: with JavaScript and without, for eye and ear, and in a hurry."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.live_server_helper import LiveServer

from heed.cases.models import Notice
from heed.web.notifier import views_page
from tests.flows.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.notifier.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = Path(__file__).parents[2] / "vendor" / "axe" / "axe.min.js"
LIGHTEST = 60_000  # bytes: the first page, all told


@pytest.fixture(params=["script", "no script"])
def page(request: pytest.FixtureRequest, visit: "Visit") -> Iterator["Page"]:
    yield visit(java_script_enabled=request.param == "script")


def fill_step_one(page: "Page", site: LiveServer, town: Stage, ref: str = "p1") -> None:
    page.goto(f"{site.url}/notice?url={town.url(ref)}")
    page.check("input[name=danger][value=no]")
    page.check("input[name=what][value=picture]")
    page.check("input[name=who][value=me-child]")
    page.check("#true")


def send(page: "Page", site: LiveServer, town: Stage) -> None:
    fill_step_one(page, site, town)
    page.click("text=Send, and protect")
    page.wait_for_selector(".number")


def test_the_whole_way_from_the_first_page_to_the_private_one(
    page: "Page", live_server: LiveServer, town: Stage
) -> None:
    send(page, live_server, town)
    number = page.inner_text(".number")
    assert town.seen("p1") == ["hidden"]
    page.click("text=Step 2: tell us more")
    page.fill("#words", "He said he would send it to my class.")
    page.fill("#age", "13")
    page.click("text=Save, and go on")
    page.check("input[name=write][value=no]")
    page.click("button:has-text('Save')")
    assert page.inner_text(".number") == number
    assert page.title() == "Your page"
    assert "k=" not in page.url
    page.fill("#text", "Thank you")
    page.click("text=Send the message")
    assert "Thank you" in page.inner_text(".message-theirs")


def test_mistakes_keep_everything_and_are_announced(
    page: "Page", live_server: LiveServer, town: Stage
) -> None:
    page.goto(f"{live_server.url}/")
    page.fill("#links", "my video")
    page.check("input[name=who][value=my-child]")
    page.click("text=Send, and protect")
    page.wait_for_selector(".error-summary")
    assert page.input_value("#links") == "my video"
    assert page.is_checked("input[name=who][value=my-child]")
    page.click(".error-summary a[href='#links']")
    assert page.evaluate("document.activeElement.id") == "links"


def test_pressing_twice_is_one_notice(page: "Page", live_server: LiveServer, town: Stage) -> None:
    fill_step_one(page, live_server, town)
    page.dblclick("text=Send, and protect")
    page.wait_for_selector(".words")
    assert Notice.objects.count() == 1


def test_the_first_page_is_light_and_asks_no_stranger(
    visit: "Visit", live_server: LiveServer, town: Stage
) -> None:
    page, weight, asked = visit(), [0], []

    def note(response: Any) -> None:
        asked.append(response.url)
        weight[0] += len(response.body())

    page.on("response", note)
    page.goto(f"{live_server.url}/", wait_until="networkidle")
    assert 0 < weight[0] < LIGHTEST
    assert all(url.startswith((live_server.url, "data:")) for url in asked)


def test_the_first_page_fits_a_narrow_phone(
    page: "Page", live_server: LiveServer, town: Stage
) -> None:
    page.goto(f"{live_server.url}/")
    inner = page.locator("html").bounding_box()
    assert inner is not None
    assert inner["width"] <= 360
    widest = page.locator("main").bounding_box()
    assert widest is not None
    assert widest["x"] + widest["width"] <= 360


def test_escape_twice_is_somewhere_else_and_back_shows_nothing(
    visit: "Visit", live_server: LiveServer, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"{live_server.url}/status"
    monkeypatch.setattr(views_page, "NEUTRAL", elsewhere)
    page = visit()
    send(page, live_server, town)
    page.click("text=Go to my page")
    page.wait_for_url("**/n/*")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url(elsewhere)
    page.goto(f"{live_server.url}/n/{Notice.objects.get().number}")
    assert "nothing at this address" in page.inner_text("h1")


def test_going_back_after_the_exit_never_shows_what_was_filled_in(
    visit: "Visit", live_server: LiveServer, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"{live_server.url}/status"
    monkeypatch.setattr(views_page, "NEUTRAL", elsewhere)
    page = visit(java_script_enabled=True)
    page.route("https://www.wikipedia.org/**", lambda way: way.fulfill(body="elsewhere"))
    send(page, live_server, town)
    page.click("a.exit")
    page.wait_for_url(elsewhere)
    page.go_back()
    page.wait_for_url("https://www.wikipedia.org/")
    page.goto(f"{live_server.url}/notice")
    assert page.is_visible("#links")


def test_the_exit_works_as_a_plain_link(
    visit: "Visit", live_server: LiveServer, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"{live_server.url}/status"
    monkeypatch.setattr(views_page, "NEUTRAL", elsewhere)
    page = visit(java_script_enabled=False)
    send(page, live_server, town)
    page.click("text=Go to my page")
    page.click("a.exit")
    page.wait_for_url(elsewhere)
    page.go_back()
    assert "nothing at this address" in page.inner_text("h1")


PLACES = ("/", "/find", "/policy", "/measures", "/verify", "/nothing-here")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_shuts_anybody_out(
    visit: "Visit", live_server: LiveServer, town: Stage, scheme: str
) -> None:
    page = visit(color_scheme=scheme, bypass_csp=True)
    found: dict[str, list[str]] = {}
    for path in PLACES:
        page.goto(live_server.url + path)
        found[path] = violations(page)
    page.goto(f"{live_server.url}/")
    page.click("text=Send, and protect")
    found["mistakes"] = violations(page)
    send(page, live_server, town)
    found["sent"] = violations(page)
    number = page.inner_text(".number")
    for step in ("", "/more", "/contact"):
        page.goto(f"{live_server.url}/n/{number}{step}")
        found[f"page{step}"] = violations(page)
    assert {where: what for where, what in found.items() if what} == {}


def violations(page: "Page") -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run()")
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
