from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from heed.media.keys import NoSuchScope, make_key
from heed.media.models import ApiKey, Item, Platform
from heed.web.platform_api import items
from tests.web.platform_api.engineer import SITE, Api, add, wrong_fields

OPERATIONS = [
    ("post", "items", "items"),
    ("patch", "items/1", "items"),
    ("post", "uploads/check", "uploads"),
    ("post", "notices", "notices"),
    ("get", "states", "states"),
    ("post", "states/results", "states"),
    ("get", "events", "states"),
    ("get", "cases/C-1", "cases"),
]


def body(method: str) -> dict[str, Any]:
    return {} if method == "get" else {"body": {}}


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_every_operation_wants_a_key_with_its_scope(
    square: Platform, method: str, path: str, scope: str
) -> None:
    others = [other for _, _, other in OPERATIONS if other != scope]
    refused = Api("square", others).call(method, path, **body(method))
    assert refused.status_code == 403
    assert f"scope {scope}" in wrong_fields(refused)["Authorization"]
    allowed = Api("square", [scope]).call(method, path, **body(method))
    assert allowed.status_code not in (401, 403)


@pytest.mark.parametrize(
    "key", ["", "heed", "heed__", "heed_x_y", "heed_\0_y", "heed_é_y", "x" * 5_000, "{good}x"]
)
def test_a_wrong_key_is_a_401_that_says_how_a_key_is_sent(api: Api, key: str) -> None:
    api.key = key.format(good=api.key)
    answer = api.get("states")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Heed"')
    assert "ask whoever runs Heed" in wrong_fields(answer)["Authorization"]


def test_a_revoked_key_and_an_expired_one_open_nothing(api: Api) -> None:
    assert api.get("states").status_code == 200
    now = timezone.now()
    for change in ({"revoked_at": now}, {"revoked_at": None, "expires_at": now}):
        ApiKey.objects.update(**change)
        assert api.get("states").status_code == 401
    ApiKey.objects.update(expires_at=now + timedelta(hours=1))
    assert api.get("states").status_code == 200


def test_only_the_hash_of_a_key_is_kept(api: Api) -> None:
    kept = ApiKey.objects.get()
    assert len(bytes(kept.secret_hash)) == 32
    secret = api.key.split("_", 2)[2]
    assert secret.encode() not in bytes(kept.secret_hash) and kept.prefix not in secret


def test_a_key_is_made_for_scopes_that_there_are(square: Platform) -> None:
    with pytest.raises(NoSuchScope, match="choose from items, uploads"):
        make_key(square, "x", ["itmes"], now=timezone.now())


def test_what_belongs_to_another_platform_is_not_there(api: Api) -> None:
    add("other", "https://other.example/")
    other = Api("other")
    api.post("items", {"ref": "1", "url": f"{SITE}p/1"})
    said = {"category": "doxxing", "url": f"{SITE}p/1"}
    number = api.post("notices", said).json()["number"]
    assert other.patch("items/1", {"views": 1}).status_code == 404
    assert other.get(f"cases/{number}").status_code == 404
    assert other.get("states").json() == {"states": [], "next": None}
    other.post("items", {"ref": "1", "url": "https://other.example/1"})
    assert Item.objects.count() == 2


def test_a_fault_of_ours_tells_nothing_of_the_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(items, "register_items", broken)
    answer = api.post("items", {"ref": "1", "url": f"{SITE}p/1"})
    assert answer.status_code == 500
    assert wrong_fields(answer) == {} and b"swordfish" not in answer.content


def test_an_address_or_a_method_that_there_is_not_is_a_problem_too(api: Api) -> None:
    assert wrong_fields(api.get("nothing/here")) == {}
    wrong = api.call("delete", "items")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "POST")
    assert wrong_fields(wrong) == {}
