"""The console's tests share a world with a platform, pictures and people."""

import pytest
from django.core.cache import cache
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from tests.web.console.world import World


@pytest.fixture
def world(db: None, httpserver: HTTPServer, settings: Settings) -> World:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]  # half a second each
    cache.clear()  # rate limits live there
    return World(httpserver)
