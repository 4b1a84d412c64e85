from collections.abc import Iterator

import pytest

from heed.integrations.fetcher import Fetcher
from heed.integrations.webhook.platform import Webhook
from tests.integrations.site import Site, open_site


@pytest.fixture
def site() -> Iterator[Site]:
    with open_site() as site:
        yield site


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher()
    yield fetcher
    fetcher.close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    webhook = Webhook(within_seconds=60)
    yield webhook
    webhook.close()
