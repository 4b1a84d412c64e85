"""What docs/integrate.md shows is what works."""

import io
import re
from pathlib import Path
from typing import Any

import pytest

from examples.townsquare.app import ROUTES
from heed.instance.cast import ADDRESSES
from heed.integrations.contract.caller import Caller, Times
from heed.integrations.contract.check import Outcome, check
from heed.integrations.contract.stage import Evidence, Stage
from heed.rules import addresses

from .conftest import ROOT, TOKEN, Town, picture
from .stand_in import KEY, SECRET, Json, StandInHeed, signed, wish

GUIDE = (ROOT / "docs" / "integrate.md").read_text()


class Site:
    """What the guide leaves to the reader."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}

    def show_as(self, item: str, visibility: str) -> None:
        self.shown[item] = visibility

    def __call__(self, environ: Json, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b"the site"]


@pytest.fixture
def core(heed: StandInHeed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    shown = re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert shown
    monkeypatch.chdir(tmp_path)
    site = Site()
    names = {"HEED": heed.url, "KEY": KEY, "SECRET": SECRET, "SITE": site, "application": site}
    exec(shown[1], names)
    return names


def test_what_townsquare_declares_of_its_addresses_is_so_of_each_page_it_has() -> None:
    kinds = {"p": "item", "f": "file", "t": "file", "u": "profile", "trending": "search"}
    for how, path, _ in ROUTES:
        first = path.split("/")[1]
        shown = re.sub(r"\{[^}]+\}", "1", path) + ("?q=a" if first == "search" else "")
        if how == "GET":
            kind = "search" if first == "search" else kinds.get(first)
            assert addresses.kind_of(f"https://town.example{shown}", ADDRESSES) == kind, path
    addresses.check(ADDRESSES)


def called(core: Json, path: str, body: bytes = b"", headers: Json | None = None) -> str:
    """The status that the mounted application gives."""
    said: list[str] = []
    environ = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in (headers or {}).items()}
    about = {"PATH_INFO": path, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body))}
    given = {**about, **environ, "wsgi.input": io.BytesIO(body)}
    core["application"](given, lambda status, _: said.append(status[:3]))
    return said[0]


def test_the_core_in_the_guide_asks_tells_and_hears(core: Json, heed: StandInHeed) -> None:
    heed.born["80"] = ("hidden", 1)
    with core["heed"]:
        assert core["may_publish"](picture(), "uri", "81.0") == "allow"
        results = core["tell"]([{"ref": "81", "reshare_of": "80", "url": "https://a.example/81"}])
    assert results[0]["status"] == "registered"
    assert "81" in heed.items
    assert core["SITE"].shown == {"81": "hidden"}
    event = {"type": "states.desired", "states": [wish("81", "visible", 4)]}
    assert called(core, "/heed/callback", *signed(event)) == "200"
    assert core["SITE"].shown == {"81": "visible"}
    assert called(core, "/elsewhere") == "200"


def test_the_core_in_the_guide_refuses_a_stranger(core: Json) -> None:
    body, headers = signed({"type": "states.desired", "states": [wish("81", "removed", 4)]})
    assert called(core, "/heed/callback", body + b" ", headers) == "401"
    assert core["SITE"].shown == {}


def test_the_example_keeps_every_promise_of_a_callback(town: Town) -> None:
    ref = town.published("uri", "a post made for this", picture())
    at = str(town.http.base_url)
    caller = Caller(f"{at}/heed/callback", secret=SECRET, times=Times(pause_seconds=0.1))
    looks = [f"{at}/p/{ref}", f"{at}/f/{ref}/0", f"{at}/t/{ref}/0"]
    evidence = Evidence(url=f"{at}/evidence/{ref}/0", token=TOKEN)
    found = list(check(Stage(caller=caller, item=ref, looks=looks, evidence=evidence)))
    caller.close()
    assert {(one.play, one.fault) for one in found if one.outcome is not Outcome.HELD} == set()
    assert town.status(f"/p/{ref}") == 200
