"""A client of Hasher-Matcher-Actioner, and a site on loopback that has pictures."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from heed.flows import wiring
from heed.flows.manage_platforms import add_key, add_platform
from tests.integrations.site import Site, Visit, open_site


class Hma:
    """Calls with the key in the path, as a client does that knows only a base address."""

    def __init__(self, slug: str, scopes: list[str]) -> None:
        self.key = add_key(platform_slug=slug, name="hma", scopes=scopes, now=timezone.now())
        self.client = Client(raise_request_exception=False)
        self.base = f"/hma/{self.key}"

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(self.base + path, query)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        call = getattr(self.client, method)
        return call(self.base + path, data=body, content_type="application/json")

    def post(self, path: str, body: Any) -> Any:
        return self.send("post", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self.send("put", path, body)

    def delete(self, path: str) -> Any:
        return self.client.delete(self.base + path)

    def file(self, path: str, field: str, data: bytes, **form: str) -> Any:
        file = SimpleUploadedFile("a", data)
        return self.client.post(self.base + path, {field: file, **form})


@pytest.fixture
def site() -> Iterator[Site]:
    with open_site() as site:
        yield site


def serves(site: Site, path: str, data: bytes, kind: str) -> str:
    def page(visit: Visit) -> None:
        visit.say(200, data, Content_Type=kind)

    site.pages[path] = page
    return site.url(path)


@pytest.fixture
def hma(db: None, site: Site) -> Iterator[Hma]:
    place = site.place
    add_platform(
        slug="coop", name="Coop", url_prefixes=[site.url("/")], private_addresses=[place],
        now=timezone.now(),
    )  # fmt: skip
    yield Hma("coop", ["banks"])
    if wiring.fetcher.cache_info().currsize:
        wiring.fetcher().close()  # type: ignore[attr-defined]
        wiring.fetcher.cache_clear()


@pytest.fixture(scope="session")
def decoder() -> Iterator[None]:
    yield
    if wiring.decoder.cache_info().currsize:
        wiring.decoder().close()
        wiring.decoder.cache_clear()
