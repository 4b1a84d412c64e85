"""guard_media: whoever asks for a file that should be hidden is refused, in every size of it."""

from collections.abc import Iterator

import pytest
from django.test import Client

from examples import pictures
from heed.flows.guard_media import NoSuchPeer, may_serve, probe
from heed.media.models import Item, Platform
from tests.flows.mastodon_stage import Social, social

PICTURE = pictures.picture(4)


@pytest.fixture
def town(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Social]:
    with social(monkeypatch) as stage:
        yield stage


def test_a_hidden_file_is_refused_in_every_size_and_spelling_and_nothing_else_is(
    town: Social,
) -> None:
    uri = town.there.join("uri")
    posts = [town.there.post(uri, "one", PICTURE), town.there.post(uri, "two", PICTURE)]
    for one in posts:
        town.hook("status.created", town.there.status_said(one))
    (number,), (other,) = (one.files for one in posts)
    Item.objects.filter(ref=posts[0].id).update(desired="hidden")
    original, small = ("/system/" + town.there.path(number, size) for size in ("original", "small"))
    cached = "/" + town.there.path(number, "original", cached=True)
    spellings = [
        original,
        small,
        cached,
        f"/media_proxy/{number}/original",
        original + "?a=b",
        original.replace("media", "%6dedia"),
        "//system/./x/.." + original[7:],
    ]

    def asked(address: str, **headers: str) -> int:
        header = {"HTTP_X_ORIGINAL_URI": address, **headers}
        return Client().get("/connect/social/gate", **header).status_code

    assert {asked(one) for one in spellings} == {403}
    shown = ["/system/" + town.there.path(other, "original"), "/", "/about", "/packs/a.js"]
    assert {asked(one) for one in shown} == {204}
    token = Platform.objects.get().evidence_token
    assert asked(original, HTTP_AUTHORIZATION=f"Bearer {token}") == 204
    assert asked(original, HTTP_AUTHORIZATION="Bearer x") == 403
    assert asked("/system/heed-gate-check/x") == 403 and town.platform.gate_asked_at is None
    assert asked("/system/" + probe("social")) == 403 and town.platform.gate_asked_at is not None
    assert (
        Client().get("/connect/social/gate?as=404", HTTP_X_FORWARDED_URI=small).status_code == 404
    )
    assert Client().get("/connect/social/gate").status_code == 400  # a proxy that says nothing
    Item.objects.filter(ref=posts[0].id).update(desired="visible")
    assert asked(original) == 204
    with pytest.raises(NoSuchPeer):
        may_serve(platform_slug="nobody", address=original, bearer="", now=town.now)
