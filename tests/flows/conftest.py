"""A fresh platform for each test; and one that really listens."""

from collections.abc import Iterator

import pytest

from heed.flows import wiring
from tests.flows.stage import Stage
from tests.flows.stand_in_platform import TOKEN, StandInPlatform, open_platform


@pytest.fixture
def town(db: None) -> Stage:
    return Stage()


@pytest.fixture
def platform() -> Iterator[StandInPlatform]:
    with open_platform() as running:
        yield running


@pytest.fixture
def square(db: None, platform: StandInPlatform) -> Iterator[Stage]:
    """A stage whose platform really listens."""
    stage = Stage(
        "square",
        platform.at,
        callback_url=platform.url("callback"),
        evidence_url=platform.at + "/files/{ref}.{n}",
        evidence_token=TOKEN,
        private_addresses=[platform.site.place],
    )
    platform.secret = stage.callback_secret
    yield stage
    for port in (wiring.platform, wiring.fetcher):
        if port.cache_info().currsize:
            port().close()  # type: ignore[attr-defined]
            port.cache_clear()
