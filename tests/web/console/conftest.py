"""The console's tests share a world with a platform, pictures and people."""

from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django import Settings
from pytest_httpserver import HTTPServer

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
