"""What docs/integrate.md shows is what works."""

import re
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from .conftest import ROOT, picture
from .stand_in import KEY, SECRET, Json, StandInHeed, signed, wish

GUIDE = (ROOT / "docs" / "integrate.md").read_text()


@pytest.fixture
def core(heed: StandInHeed) -> dict[str, Any]:
    shown = re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert shown
    names: dict[str, Any] = {"HEED": heed.url, "KEY": KEY, "SECRET": SECRET}
    exec(shown[1], names)
    return names


def test_the_core_in_the_guide_asks_tells_and_hears(core: Json, heed: StandInHeed) -> None:
    with core["heed"]:
        assert core["may_publish"](picture(), "uri", "81.0") == "allow"
        results = core["tell"]([{"ref": "81", "reshare_of": None}])
    assert results[0]["status"] == "registered"
    assert "81" in heed.items
    body, headers = signed({"type": "states.desired", "states": [wish("81", "hidden", 4)]})
    assert core["callback"](body, headers, lambda state: state["item"]) == {"results": ["81"]}


def test_the_core_in_the_guide_refuses_a_stranger(core: Json) -> None:
    with core["heed"]:
        body, headers = signed({"type": "states.desired", "states": []})
        with pytest.raises(WebhookVerificationError):
            core["callback"](body + b" ", headers, dict)
