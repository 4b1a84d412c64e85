"""In a real browser on a phone: with JavaScript and without, for eye and ear, and in a hurry."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation
from django.utils.translation import gettext as _
from playwright.sync_api import Error
from pytest_django.live_server_helper import LiveServer

from heed.cases.models import Notice
from heed.web.notifier import leaving
from tests.flows.stage import Stage
from tests.web.everybody import NARROW, NARROW_RULES, WIDE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.notifier.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = Path(__file__).parents[2] / "vendor" / "axe" / "axe.min.js"
SEND = "#notice button.big"
LIGHTEST = 60_000  # bytes: the first page, all told


@pytest.fixture(params=["script", "no script"])
def page(request: pytest.FixtureRequest, visit: "Visit") -> Iterator["Page"]:
    yield visit(java_script_enabled=request.param == "script")


def fill_step_one(page: "Page", site: LiveServer, town: Stage, ref: str = "p1") -> None:
    page.goto(f"{site.url}/notice?url={town.url(ref)}")
    page.check("input[name=danger][value=no]")
    page.check("input[name=timed][value=no]")
    assert page.is_checked("input[name=posted][value=link]")
    page.check("input[name=what][value=picture]")
    page.check("input[name=who][value=me-child]")
    page.check("#true")


def send(page: "Page", site: LiveServer, town: Stage) -> None:
    fill_step_one(page, site, town)
    page.click(SEND)
    arrived(page, ".number")


def arrived(page: "Page", part: str) -> None:
    """The page that has this part is there, and all of it."""
    page.wait_for_selector(part)
    page.wait_for_load_state()


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
    page.check("input[name=danger][value=no]")
    page.check("input[name=timed][value=no]")
    page.check("input[name=posted][value=link]")
    page.fill("#links", "my video")
    page.check("input[name=what][value=picture]")
    page.check("input[name=who][value=my-child]")
    page.check("input[name=young][value=yes]")
    page.click("text=Send, and protect")
    arrived(page, ".error-summary")
    assert page.input_value("#links") == "my video"
    assert page.is_checked("input[name=who][value=my-child]")
    page.click(".error-summary a[href='#links']")
    page.wait_for_selector("#links:focus")


def test_pressing_twice_is_one_notice(page: "Page", live_server: LiveServer, town: Stage) -> None:
    fill_step_one(page, live_server, town)
    page.dblclick("text=Send, and protect")
    page.wait_for_selector(".words")
    assert Notice.objects.count() == 1


def test_the_first_page_is_light_and_asks_no_stranger(
    visit: "Visit", live_server: LiveServer, town: Stage
) -> None:
    page, weight, asked = visit(locale="hi-IN"), [0], []  # the heaviest letters

    def note(response: Any) -> None:
        asked.append(response.url)
        weight[0] += len(response.body())

    page.on("response", note)
    page.goto(f"{live_server.url}/", wait_until="networkidle")
    assert 0 < weight[0] < LIGHTEST
    assert all(url.startswith((live_server.url, "data:")) for url in asked)


def test_escape_twice_is_somewhere_else_and_back_shows_nothing(
    visit: "Visit", live_server: LiveServer, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"{live_server.url}/status"
    monkeypatch.setattr(leaving, "NEUTRAL", elsewhere)
    page = visit()
    send(page, live_server, town)
    page.click("text=Go to my page")
    page.wait_for_url("**/n/*")
    for _try in range(6):  # twice within a second and a half, which a machine that stalls may miss
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        with contextlib.suppress(Error):
            page.wait_for_url(elsewhere, timeout=20_000)
            break
    assert page.url == elsewhere
    page.goto(f"{live_server.url}/n/{Notice.objects.get().number}")
    assert page.title() == "Empty page"
    page.click("text=Open")
    page.wait_for_selector("h1:has-text('nothing at this address')")


def test_after_the_exit_back_shows_an_empty_page_and_who_comes_again_is_one_press_away(
    page: "Page", live_server: LiveServer, town: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"{live_server.url}/status"
    monkeypatch.setattr(leaving, "NEUTRAL", elsewhere)
    page.goto(f"{live_server.url}/notice?url={town.url('p1')}")
    page.click("a.exit")
    page.wait_for_url(elsewhere)
    page.go_back()
    assert town.url("p1") not in page.content()
    assert page.title() != "Help with a post"
    page.goto(f"{live_server.url}/")
    page.click("text=Open")
    page.locator("input[name=danger]").first.wait_for()
    send(page, live_server, town)
    page.click("text=Go to my page")
    page.click("a.exit")
    page.wait_for_url(elsewhere)
    shown = ""
    with contextlib.suppress(Error):  # a form that was sent is not sent again: nothing is shown
        page.go_back()
        shown = page.content()
    assert Notice.objects.get().number not in shown


THREAT = (
    "danger][value=no", "timed][value=yes", "posted][value=threat", "who][value=me-child",
)  # fmt: skip
# Each way through step one, as it is clicked: field and answer, in the order of the questions.
WAYS: dict[str, tuple[tuple[str, str], ...]] = {
    "a boy names a link": (
        ("danger", "no"), ("timed", "no"), ("posted", "link"), ("#links", "p1"),
        ("what", "picture"), ("who", "me-child"),
    ),
    "his mother is told they will post it tonight": (
        ("danger", "no"), ("timed", "yes"), ("#time_given", "tonight at 8"), ("posted", "threat"),
        ("#their_account", "@uri"), ("#other_app", "chat: @uri"), ("who", "my-child"),
        ("young", "yes"),
    ),
    "a teacher has no link": (
        ("danger", "yes"), ("timed", "no"), ("posted", "no-link"), ("#seen_where", "a class chat"),
        ("what", "picture"), ("who", "pupil"), ("young", "unsure"),
    ),
    "an officer has a profile": (
        ("danger", "no"), ("timed", "no"), ("posted", "link"), ("#links", ""), ("what", "hurt"),
        ("who", "police"),
    ),
}  # fmt: skip
SAYS = (
    ("Being hidden", "Hidden", "Hidden and checked"),
    ("Nothing is posted yet, as far as you know. A trained person reads your message.",),
    ("A person goes and looks for it",),
    ("A person looks for it",),
)
# With scripts in English on a desktop; without in Arabic, from right to left, on a phone.
WITH = {"viewport": {"width": 1200, "height": 900}, "locale": "en-GB", "bypass_csp": True}
WITHOUT = {"java_script_enabled": False, "locale": "ar-EG"}


@pytest.mark.parametrize("browser", [WITH, WITHOUT], ids=["desktop", "phone, no script, Arabic"])
def test_every_way_is_one_question_at_a_time_and_ends_with_a_number(
    visit: "Visit", live_server: LiveServer, town: Stage, browser: dict[str, Any]
) -> None:
    page = visit(**browser)
    for (way, answers), says in zip(WAYS.items(), SAYS, strict=True):
        page.goto(f"{live_server.url}/")
        assert page.is_hidden(SEND), way
        for field, answer in answers:
            if field.startswith("#"):
                page.fill(field, town.url(answer) if field == "#links" else answer)
            else:
                page.check(f"input[name={field}][value={answer}]")
        page.check("#true")
        found = violations(page) if browser is WITH else []  # axe never ends without scripts
        page.click(SEND)
        arrived(page, ".number")
        with translation.override(browser["locale"]):
            assert any(_(text) in page.inner_text("main") for text in says), way
        found += violations(page) if browser is WITH else []
        assert found == [], way
    assert Notice.objects.count() == len(WAYS)


def test_one_long_word_in_a_mistake_makes_no_page_wider_than_a_phone(
    visit: "Visit", live_server: LiveServer, town: Stage
) -> None:
    page = visit()
    page.goto(f"{live_server.url}/")
    for answer in THREAT:
        page.check(f"input[name={answer}]")
    page.click(".q-hashes summary")
    page.fill("#hashes", "z" * 60)
    page.check("#true")
    page.click(SEND)
    arrived(page, ".error-summary")
    assert "z" * 60 in page.inner_text(".error-summary")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


PLACES = ("/", "/find", "/help", "/policy", "/measures", "/verify", "/nothing-here")


@pytest.mark.parametrize(
    ("scheme", "locale", "scripts"), [("light", "en-GB", False), ("dark", "ar-EG", True)]
)
def test_no_page_shuts_anybody_out(
    visit: "Visit", live_server: LiveServer, town: Stage, scheme: str, locale: str, scripts: bool
) -> None:
    """Not the eye, not the ear, not a telephone of 360 px, in neither direction, nor who has no
    scripts (refused here one by one: where all are off, axe never ends). Arabic on a desk too.
    """
    page = visit(color_scheme=scheme, locale=locale, bypass_csp=True)
    if not scripts:
        page.route("**/*.js", lambda route: route.abort())
    found: dict[str, list[str]] = {}

    def here(page: "Page") -> list[str]:
        on_a_phone = violations(page)
        if locale != "ar-EG":
            return on_a_phone
        page.set_viewport_size(WIDE)
        at_a_desk = violations(page, *NARROW_RULES)
        page.set_viewport_size(NARROW)
        return on_a_phone + at_a_desk

    for path in PLACES:
        page.goto(live_server.url + path)
        found[path] = here(page)
    page.goto(f"{live_server.url}/")
    for answer in THREAT:
        page.check(f"input[name={answer}]")
    page.check("input[name=posted][value=no-link]")
    page.check("input[name=what][value=other]")
    page.click(SEND)
    arrived(page, ".error-summary")
    found["mistakes"] = here(page)
    send(page, live_server, town)
    found["sent"] = here(page)
    number = page.inner_text(".number")
    for step in ("", "/more", "/contact", "/codes", "/close", "/proof", "/case-file"):
        page.goto(f"{live_server.url}/n/{number}{step}")
        found[f"page{step}"] = here(page)
    assert {where: what for where, what in found.items() if what} == {}


def violations(page: "Page", *rules: str) -> list[str]:
    """What axe finds (by these rules, else by all), and what is wider than the window."""
    beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    result = page.evaluate("(only) => axe.run(only)", only)
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in result["violations"]
        for node in one["nodes"]
    ] + ([f"wider than the window by {beyond} px"] if beyond > 0 else [])
