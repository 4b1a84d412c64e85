"""The console's tests share a world with a platform, pictures and people."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from heed.web.console import idle, signed_in
from tests.web.console.world import World


@pytest.fixture
def quick(settings: Settings, tmp_path: Path) -> None:
    """Passwords that cost nothing, no guesses remembered, and a log of this test's own."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.HEED_VAR = tmp_path
    cache.clear()  # rate limits live there


@pytest.fixture
def world(db: None, quick: None, httpserver: HTTPServer) -> World:
    """A platform on loopback, and Heed beside it."""
    return World(httpserver)


@pytest.fixture
def seldom_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """That somebody is there is noted once a minute, which may go by while queries are counted."""
    monkeypatch.setattr(signed_in, "NOTED_EVERY", timedelta(hours=1))
    monkeypatch.setattr(idle, "NOTED_EVERY_SECONDS", 3_600)
