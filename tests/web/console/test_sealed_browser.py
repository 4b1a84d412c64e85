"""The liaison's and the officer's pages in a real browser: readable by all, wide and narrow."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.live_server_helper import LiveServer
from pytest_httpserver import HTTPServer

from heed.filings.models import Order
from heed.filings.ordering import OrderIn
from heed.flows.preserve import preserve
from heed.flows.receive_order import receive_order
from heed.people.models import Role
from tests.web.console.test_browser import NARROW, WIDE, violations
from tests.web.console.test_custody_and_orders import OLA
from tests.web.console.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("HEED_SHOTS", "")


def test_custody_orders_and_the_officers_door_are_readable_by_all(
    transactional_db: None, quick: None, httpserver: HTTPServer,
    chromium: "Browser", live_server: LiveServer,
) -> None:  # fmt: skip
    world = World(httpserver)
    case = world.case()
    preserve(case_id=case.id, now=world.now)
    said: dict[str, Any] = {"instrument_ref": "2026-7", "legal_basis": "court of X"}
    urls = [world.platform.url_prefixes[0] + "p1"]
    warrant = OrderIn(kind="warrant", urls=urls, sought="who published it, and when", **said)
    taken = receive_order(platform_id=world.platform.id, said=warrant, by=OLA, now=world.now)
    client = world.as_("Lee", Role.LIAISON, Role.SENIOR)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value,
              "url": live_server.url} if "sessionid" in client.cookies else None  # fmt: skip
    key = client.session.session_key
    pages = [
        f"/console/c/{case.number}/custody",
        "/console/orders",
        f"/console/orders/{Order.objects.get().number}",
        "/officer/",
        "/officer/ask/emergency",
        f"/officer/o/{taken.number}?k={taken.link_secret}",
        "/orders",
    ]
    wrong: list[str] = []
    for name, size in (("wide", WIDE), ("narrow", NARROW)):
        context = chromium.new_context(base_url=live_server.url, viewport=size)
        context.add_cookies(
            [cookie or {"name": "sessionid", "value": str(key), "url": live_server.url}]  # type: ignore[list-item]
        )
        page = context.new_page()
        for n, address in enumerate(pages):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            wrong += [f"{address} {one}" for one in violations(page)]
            if SHOTS:
                page.screenshot(path=Path(SHOTS) / f"{n}-{name}.png", full_page=True)
        context.close()
    assert wrong == []
