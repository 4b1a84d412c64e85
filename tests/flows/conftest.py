"""A fresh platform for each test; and one that really listens."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

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
    yield listening(platform)
    close_ports()


def listening(platform: StandInPlatform) -> Stage:
    """A stage on this platform."""
    stage = Stage(
        "square",
        platform.at,
        callback_url=platform.url("callback"),
        evidence_url=platform.at + "/files/{ref}.{n}",
        evidence_token=TOKEN,
        private_addresses=[platform.site.place],
    )
    platform.secret = stage.callback_secret
    return stage


def close_ports() -> None:
    """Connections to a platform that is no more."""
    kinds = [partial(wiring.platform, kind) for kind in wiring.connectors()]
    used: list[Any] = kinds if wiring.platform.cache_info().currsize else []
    used += [wiring.fetcher] if wiring.fetcher.cache_info().currsize else []
    for port in used:
        close: Callable[[], None] = getattr(port(), "close")  # noqa: B009  (not in the promise)
        close()
    wiring.platform.cache_clear()
    wiring.fetcher.cache_clear()


@pytest.fixture(scope="session")
def decoder() -> Iterator[None]:
    """The real child process that reads files, ended with the run."""
    yield
    if wiring.decoder.cache_info().currsize:
        wiring.decoder().close()
        wiring.decoder.cache_clear()
