from collections.abc import Callable
from typing import Any

import pytest

from heed.media.models import Platform
from tests.web.platform_api.engineer import SITE, Api, add


@pytest.fixture
def square(db: None) -> Platform:
    """The site that most tests call from."""
    return add("square", SITE)


@pytest.fixture
def api(square: Platform) -> Api:
    """Its engineer."""
    return Api("square")


Item = Callable[..., dict[str, Any]]


@pytest.fixture
def item() -> Item:
    """An item as a platform tells of it."""

    def make(ref: str = "81", **changes: Any) -> dict[str, Any]:
        return {
            "ref": ref,
            "url": f"{SITE}p/{ref}",
            "account_ref": "uri",
            "kind": "post",
            "reshare_of": None,
            "published_at": "2026-01-05T10:00:00Z",
            "views": 3,
            "text": "Hello",
            **changes,
        }

    return make
