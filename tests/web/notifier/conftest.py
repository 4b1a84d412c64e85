"""A platform with a picture on it, and a browser that may be a phone without JavaScript."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from heed.web.notifier import taking
from tests.flows.stage import Stage, picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE = {"width": 360, "height": 740}
Visit = Callable[..., "Page"]


@pytest.fixture
def town(db: None) -> Stage:
    """The doors read the real clock, so the stage starts at it."""
    stage = Stage()
    stage.now = timezone.now()
    stage.post("p1", picture("one"))
    stage.post("p2", picture("two"))
    return stage


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process of its own, as far as sendings go."""
    monkeypatch.setattr(taking, "_remembered", taking.Remembered())


@pytest.fixture
def strict() -> Client:
    """A browser whose forms are checked as they are on a real site."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def visit(chromium: "Browser") -> Iterator[Visit]:
    """Opens pages; whatever the page's own policy refused, or broke, fails the test."""
    with ExitStack() as closing:

        def opened(**options: Any) -> "Page":
            context = chromium.new_context(**{"viewport": PHONE, **options})
            closing.callback(context.close)
            page = context.new_page()
            said: list[str] = []
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on(
                "console",
                lambda message: (
                    said.append(message.text) if "Content Security" in message.text else None
                ),
            )
            closing.callback(lambda: _nothing_refused(said))
            return page

        yield opened


def _nothing_refused(said: list[str]) -> None:
    assert said == []
