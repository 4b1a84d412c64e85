"""Being told on a device, in a real browser: asked for in words, shown in words, ended at once.

Only the two calls that need a browser maker's servers are replaced: `PushManager.subscribe`, and
`getSubscription`, which remembers what the other one gave. The worker and what it shows are real.
"""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from heed.cases.models import Notice
from heed.flows.keep_devices import FROM_ONE_SOURCE, keep_device
from heed.flows.write_to_notifier import write_to_notifier
from heed.ids import mint
from heed.people.models import Device
from heed.rules.devices import MOST_DEVICES
from tests.apart import apart
from tests.flows.stage import Stage, push_out
from tests.integrations.push_service import PushService, the_only_one
from tests.web.notifier.forms import link_in, number_in, send
from tests.web.notifier.test_notifier_browser import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.notifier.conftest import Visit

LINE = "There is something new to read"
# A push service's address for this browser, kept as a browser keeps it; only the two calls differ.
SUBSCRIBES = """(() => {
  const kept = "told at", address = %s;
  const given = () => localStorage.getItem(kept) && {
    endpoint: localStorage.getItem(kept), options: {},
    unsubscribe: async () => { localStorage.removeItem(kept); return true; },
  };
  PushManager.prototype.subscribe = async function (options) {
    const { userVisibleOnly, applicationServerKey } = options;
    if (!userVisibleOnly || applicationServerKey.length !== 65) { throw new Error("key"); }
    localStorage.setItem(kept, address);
    return given();
  };
  PushManager.prototype.getSubscription = async () => given();
  const ask = Notification.requestPermission.bind(Notification);
  window.asked = 0;
  Notification.requestPermission = () => { window.asked += 1; return ask(); };
})();"""
SHOWN = """async () => {
  const held = await navigator.serviceWorker.getRegistration("/n/");
  const shown = held ? await held.getNotifications() : [];
  const said = ({ title, body, lang, dir, tag, data }) => ({ title, body, lang, dir, tag, data });
  return shown.map(said);
}"""


@pytest.fixture
def service(settings: Settings) -> Iterator[PushService]:
    with the_only_one(settings) as service:
        yield service


def opened(visit: "Visit", site: LiveServer, town: Stage, phone: str, **options: Any) -> "Page":
    """The private page of somebody who just told us, in a browser that has this address."""
    page = visit(**options)
    if options.get("java_script_enabled", True):
        page.add_init_script(SUBSCRIBES % json.dumps(phone))
    language = options.get("locale", "en-GB")
    sent = apart(lambda: send(Client(headers={"accept-language": language}), town.url("p1")))
    page.goto(site.url + link_in(sent))
    return page


def begin(page: "Page") -> None:
    """Read it, tick, press."""
    page.wait_for_selector("[data-tell][data-ready]")
    page.click("[data-off] summary")
    page.check("[data-begin] input[name=mine]")
    page.click("[data-begin] button")


def told_here(page: "Page") -> None:
    """It says so, and has done all that it does when it is opened."""
    page.wait_for_selector("[data-tell][data-ready] [data-on]:not([hidden])")


def pushed(page: "Page", site: LiveServer) -> list[dict[str, Any]]:
    """The browser's push service hands on what it was given, nothing, to the real worker: and what
    the screen shows then.

    Chromium forgets a line that it is about to show when it is asked in that moment what it shows:
    so it is asked seldom, and the line is sent again as a service does that hears nothing.
    """
    cdp = page.context.new_cdp_session(page)
    ids: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: ids.extend(
            one["registrationId"] for one in said["registrations"] if not one["isDeleted"]
        ),
    )
    cdp.send("ServiceWorker.enable")
    for _try in range(600):
        if ids:
            break
        page.wait_for_timeout(100)
    line = {"origin": site.url, "registrationId": ids[-1], "data": ""}
    found: list[dict[str, Any]] = []
    for asked in range(60):
        if asked % 5 == 0:
            cdp.send("ServiceWorker.deliverPushMessage", line)
        page.wait_for_timeout(1_000)
        if found := page.evaluate(SHOWN):
            break
    return found


def until(page: "Page", right: Callable[[list[Any]], bool]) -> list[dict[str, Any]]:
    """What the screen shows, once it is `right` or has had the time to be."""
    found: list[dict[str, Any]] = page.evaluate(SHOWN)
    for _try in range(600):
        if right(found):
            break
        page.wait_for_timeout(100)
        found = page.evaluate(SHOWN)
    return found


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locale", ["en-GB", "ar-EG"])
def test_a_device_is_told_in_the_words_of_its_page_and_in_no_others(
    visit: "Visit", live_server: LiveServer, town: Stage, service: PushService, locale: str
) -> None:
    phone = service.device()
    page = opened(visit, live_server, town, phone, locale=locale, permissions=["notifications"])
    begin(page)
    told_here(page)
    notice = apart(Notice.objects.get)
    apart(lambda: write_to_notifier(
        notice_id=notice.id, text="We look at it.", by=mint(), now=timezone.now()
    ))  # fmt: skip
    assert apart(push_out, timezone.now()) == 1
    assert [one.token for one in service.told] == [phone.rpartition("/")[2]]
    [line] = pushed(page, live_server)
    with translation.override(locale):
        assert line["title"] == _(LINE)
    assert (line["lang"], line["dir"]) == (locale[:2], "rtl" if locale == "ar-EG" else "ltr")
    assert (line["body"], type(line["data"]), line["tag"]) == ("", int, "news"), "a time, no more"
    assert notice.number not in json.dumps(line)
    page.reload()
    told_here(page)
    assert until(page, lambda found: not found) == [], "it is being read"


SLOWLY = """(() => {
  const now = ServiceWorkerRegistration.prototype.getNotifications;
  const waiting = new Promise((go) => { window.goOn = go; });
  ServiceWorkerRegistration.prototype.getNotifications = async function (...given) {
    if (given.length) { await waiting; }
    return now.apply(this, given);
  };
})();"""


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_what_comes_while_the_page_is_still_being_opened_is_not_taken_for_read(
    visit: "Visit", live_server: LiveServer, town: Stage, service: PushService
) -> None:
    page = opened(visit, live_server, town, service.device(), permissions=["notifications"])
    begin(page)
    told_here(page)
    page.add_init_script(SLOWLY)
    page.reload(wait_until="commit")
    page.wait_for_selector("[data-on]:not([hidden])")
    [line] = pushed(page, live_server)
    page.evaluate("goOn()")
    told_here(page)
    assert until(page, bool) == [line]
    page.reload()
    page.wait_for_selector("[data-on]:not([hidden])")
    page.evaluate("goOn()")
    assert until(page, lambda found: not found) == [], "now it is being read"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_is_asked_in_words_and_with_a_tick_by_the_keyboard_alone(
    visit: "Visit", live_server: LiveServer, town: Stage, service: PushService
) -> None:
    page = opened(
        visit, live_server, town, service.device(), permissions=["notifications"], bypass_csp=True
    )
    page.wait_for_selector("[data-tell][data-ready]")
    assert page.is_hidden("[data-begin]")
    page.focus("[data-off] summary")
    page.keyboard.press("Enter")
    said = page.inner_text("[data-off]")
    for words in (
        LINE,
        "even when the screen is locked",
        "list of sites",
        "Does someone else use this",
    ):
        assert words in said
    assert violations(page) == []
    page.focus("[data-begin] button")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "mine", "nothing goes on without a tick"
    assert page.evaluate("window.asked") == 0, "the browser is asked nothing before"
    assert apart(Device.objects.count) == 0
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    told_here(page)
    assert "This device is told from now on." in page.inner_text(".note-good")
    assert page.is_hidden("[data-off]") and page.is_hidden("[data-others]")
    assert violations(page) == []
    assert apart(Device.objects.count) == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_what_is_told_is_shown_and_each_device_or_all_of_them_ended_by_one_press(
    visit: "Visit", live_server: LiveServer, town: Stage, service: PushService
) -> None:
    page = opened(
        visit, live_server, town, service.device(), permissions=["notifications"], bypass_csp=True
    )
    begin(page)
    told_here(page)
    apart(lambda: Device.objects.update(refused_at=timezone.now()))
    _another(service)
    page.reload()
    page.wait_for_selector("[data-missed]:not([hidden])")
    page.wait_for_selector("text=1 other device is told, too.")
    assert violations(page) == []
    page.click("[data-end] button")
    page.wait_for_selector("[data-off]:not([hidden])")
    assert "This device is not told any more." in page.inner_text(".note-good")
    page.wait_for_selector("text=1 device is told when there is something new.")
    page.click("text=Stop telling all devices")
    page.wait_for_selector("text=No device is told any more.")
    assert apart(Device.objects.count) == 0
    held = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"
    assert page.evaluate(held) == 0
    assert page.evaluate("caches.keys().then((all) => all.length)") == 0


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_that_refuses_is_answered_with_the_way_out(
    visit: "Visit", live_server: LiveServer, town: Stage, service: PushService
) -> None:
    page = opened(visit, live_server, town, service.device())
    said = page.locator("[data-said]")
    page.evaluate("Notification.requestPermission = async () => 'default'")
    begin(page)
    said.filter(has_text="You can press again").wait_for()
    page.evaluate("""() => {
      Notification.requestPermission = async () => "granted";
      PushManager.prototype.subscribe = async () => { throw new Error("no network"); };
    }""")
    page.click("[data-begin] button")
    said.filter(has_text="It did not work on this device").wait_for()
    page.reload()  # the browser's own question again, answered once for all
    _denied(page, live_server)
    begin(page)
    said.filter(has_text="open the settings of your browser").wait_for()
    assert page.get_attribute("[data-said]", "role") == "status"
    assert apart(Device.objects.count) == 0


def _another(service: PushService) -> None:
    """The same person has another device, which is told as well."""
    notice, address, now = apart(Notice.objects.get), service.device(), timezone.now()
    apart(lambda: keep_device(notice_id=notice.id, address=address, source="x", now=now))


def _denied(page: "Page", site: LiveServer) -> None:
    """As the person once chose in the browser's settings."""
    browser = page.context.browser
    assert browser is not None
    target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]
    browser.new_browser_cdp_session().send(
        "Browser.setPermission",
        {
            "permission": {"name": "notifications"},
            "setting": "denied",
            "origin": site.url,
            "browserContextId": target["browserContextId"],
        },
    )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_without_scripts_nothing_of_it_shows_but_what_is_told_can_be_ended(
    visit: "Visit", live_server: LiveServer, town: Stage, service: PushService
) -> None:
    page = opened(visit, live_server, town, "", java_script_enabled=False)
    assert page.is_hidden("#tell")
    _another(service)
    page.reload()
    assert "1 device is told when there is something new." in page.inner_text("#tell")
    assert page.is_hidden("[data-off]") and page.is_hidden("[data-on]")
    page.click("text=Stop telling all devices")
    assert "No device is told any more." in page.inner_text(".note-good")
    assert page.is_hidden("#tell")
    assert apart(Device.objects.count) == 0


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_press_on_the_line_leads_to_the_way_back_and_to_no_private_page(
    visit: "Visit", live_server: LiveServer, town: Stage, service: PushService
) -> None:
    """The press itself can't be made from here: the worker is told that it was."""
    page = opened(visit, live_server, town, service.device(), permissions=["notifications"])
    begin(page)
    told_here(page)
    for _try in range(600):
        if page.context.service_workers:
            break
        page.wait_for_timeout(100)
    [worker] = page.context.service_workers
    led = worker.evaluate("""async () => {
      const to = [];
      self.clients.openWindow = async (url) => { to.push(url); return null; };
      const [line] = [{ close: () => to.push("closed") }];
      const event = new Event("notificationclick");
      event.notification = line;
      let done;
      event.waitUntil = (promise) => { done = promise; };
      self.dispatchEvent(event);
      await done;
      return to;
    }""")
    assert led == ["closed", "/find?lang=en"]


# ------------------------------------------------------------------ the doors


@pytest.fixture
def held(town: Stage, client: Client, service: PushService) -> str:
    """The address of a private page that this client has open."""
    sent = send(client, town.url("p1"))
    client.get(link_in(sent))
    return f"/n/{number_in(sent)}"


def add(client: Client, path: str, address: str, **more: str) -> Any:
    return client.post(f"{path}/devices", {"address": address, "mine": "yes", **more}, follow=True)


@pytest.mark.django_db
def test_the_door_takes_what_a_push_service_gave_and_says_what_it_cannot_take(
    client: Client, held: str, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "This device is told from now on." in page_of(add(client, held, service.device()))
    for wrong in ("", "https://evil.example/x", "https://fcm.googleapis.com@evil.example/x"):
        answer = add(client, held, wrong)
        assert answer.status_code == 422
        assert "Your browser gave an address that we can" in page_of(answer)
        assert 'href="#tell"' in page_of(answer)
    unticked = add(client, held, service.device(), mine="")
    assert (unticked.status_code, "Tick that this is your own" in page_of(unticked)) == (422, True)
    for _time in range(MOST_DEVICES - 1):
        add(client, held, service.device())
    assert "Five devices are told already." in page_of(add(client, held, service.device()))
    monkeypatch.setattr(type(FROM_ONE_SOURCE), "again_at", lambda self, name, now: now)
    busy = add(client, held, service.device())
    assert (busy.status_code, "in 1 minute" in page_of(busy)) == (429, True)
    assert Device.objects.count() == MOST_DEVICES


def page_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.django_db
def test_nobody_adds_or_ends_a_device_of_a_page_that_is_not_theirs(
    held: str, service: PushService, client: Client, strict: Client
) -> None:
    add(client, held, service.device())
    stranger = Client()
    assert add(stranger, held, service.device()).status_code == 404
    assert stranger.post(f"{held}/devices/end").status_code == 404
    strict.cookies = client.cookies
    assert strict.post(f"{held}/devices/end").status_code == 403
    assert client.get(f"{held}/devices").status_code == 405
    assert Device.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("way", "data"),
    [("contact", {"write": "no"}), ("renew", {}), ("withdraw", {}), ("erase", {})],
)
def test_what_ends_the_telling_says_so(
    held: str, service: PushService, client: Client, way: str, data: dict[str, str]
) -> None:
    add(client, held, service.device())
    said = page_of(client.post(f"{held}/{way}", data, follow=True))
    assert "No device is told any more." in said
    assert not Device.objects.exists()
    again = page_of(client.post(f"{held}/{way}", data, follow=True))
    assert "No device is told any more." not in again


@pytest.mark.django_db
def test_who_wants_no_mail_may_be_told_on_a_device_and_reads_both(
    held: str, service: PushService, client: Client
) -> None:
    client.post(f"{held}/contact", {"write": "no"})
    said = page_of(add(client, held, service.device()))
    assert "But you asked for this here." in said


@pytest.mark.django_db
def test_the_worker_is_the_same_for_everybody_and_only_the_private_page_may_begin_it(
    held: str, client: Client
) -> None:
    answer = Client().get("/worker.js?in=ar")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "lang" not in answer.cookies
    with translation.override("ar"):
        assert json.dumps(_(LINE)) in page_of(answer)
    assert page_of(Client().get("/worker.js?in=</script>")) == page_of(Client().get("/worker.js"))
    for forbidden in ("fetch", "caches", "indexedDB", "k=", "importScripts"):
        assert forbidden not in page_of(answer)
    private, other = client.get(held), client.get("/find")
    assert "worker-src 'self'" in private.headers["Content-Security-Policy"]
    assert "worker-src 'none'" in other.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_nothing_of_it_is_there_where_the_operator_names_no_push_service(
    held: str, client: Client, settings: Settings
) -> None:
    assert 'id="tell"' in page_of(client.get(held))
    settings.HEED_PUSH_SERVICES = []
    assert 'id="tell"' not in page_of(client.get(held))
