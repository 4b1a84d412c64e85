"""What an address is: the platform says so, and the front page is never a post."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.rules.addresses import AddressKind, NotAPattern, check, kind_of, may_be_an_item

DECLARED = {
    "item": ["/p/*", "/watch?v=*"],
    "file": ["/f/**"],
    "profile": ["/u/*", "/u/*/followers"],
    "search": ["/search?q=*"],
    "group": ["/g/**"],
}
AT = "https://town.example"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/p/81", AddressKind.ITEM), ("/p/81/", AddressKind.ITEM), ("/p/81?x=1", AddressKind.ITEM),
        ("/p/81/likes", None), ("/watch?v=abc", AddressKind.ITEM), ("/watch", None),
        ("/f/81/0.jpg", AddressKind.FILE), ("/u/uri", AddressKind.PROFILE),
        ("/u/uri/followers", AddressKind.PROFILE), ("/search?q=me", AddressKind.SEARCH),
        ("/search", None), ("/g/a/b/c", AddressKind.GROUP),
    ],
)  # fmt: skip
def test_a_declared_address_is_what_the_platform_says(path: str, kind: AddressKind | None) -> None:
    assert kind_of(AT + path, DECLARED) is kind
    assert may_be_an_item(AT + path, DECLARED) is (kind in (AddressKind.ITEM, AddressKind.FILE))


def test_without_a_declaration_everything_but_the_front_page_may_be_a_post() -> None:
    assert not may_be_an_item(AT, {}) and not may_be_an_item(f"{AT}/#top", {})
    assert may_be_an_item(f"{AT}/anything", {}) and may_be_an_item(f"{AT}/?post=8", {})
    assert may_be_an_item(f"{AT}/p/8", {"profile": ["/u/*"]})


@pytest.mark.parametrize("kinds", [{"item": ["p/*"]}, {"post": ["/p/*"]}, {"item": ["/p?x=1"]},
                                   {"item": ["/p /*"]}, {"item": ["/p/*"] * 51}])  # fmt: skip
def test_what_is_no_pattern_is_refused_by_name(kinds: dict[str, list[str]]) -> None:
    with pytest.raises(NotAPattern):
        check(kinds)


@given(st.text(alphabet="abz019._~!$&'()+,;=@%-", min_size=1, max_size=30))
def test_a_pattern_means_its_letters_and_nothing_else(part: str) -> None:
    assert kind_of(f"{AT}/p/{part}", {"item": [f"/p/{part}"]}) is AddressKind.ITEM
    assert kind_of(f"{AT}/p/{part}x", {"item": [f"/p/{part}"]}) is None
