"""Marks: what a script's notices have in common, however it sends them."""

from urllib.parse import urlencode

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from heed.web.notifier.alike import marks

URLENCODED = "application/x-www-form-urlencoded"
WORDS = "Take this down at once, it is a child! {n} https://x.example/{n}"

NOT_BASE64 = (
    b'--x\r\nContent-Disposition: form-data; name="links"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n--x--"
)


def sent(**said: str) -> frozenset[str]:
    """As a form without a file sends it; and the browser's own way has the same marks."""
    plain = marks(urlencode(said).encode(), URLENCODED)
    assert marks(encode_multipart(BOUNDARY, said), MULTIPART_CONTENT) == plain
    return plain


def test_the_same_words_with_other_figures_have_one_mark() -> None:
    first = sent(links="https://a.example/1", why=WORDS.format(n=1))
    other = sent(links="https://a.example/2", why=WORDS.format(n=2).upper())
    assert len(first & other) == 1


def test_the_same_place_has_one_mark_whatever_is_said_of_it() -> None:
    first = sent(
        links=" https://a.example/1\r\n\r\nhttps://a.example/2", why="My own words, of my own"
    )
    other = sent(links="https://a.example/1", why="Somebody else's, and quite others")
    assert len(first & other) == 1


def test_people_have_no_mark_in_common() -> None:
    first = sent(links="https://a.example/1", why="please", what="picture", who="me-child")
    other = sent(links="https://a.example/2", why="please", what="picture", who="me-child")
    assert not first & other


def test_who_asks_for_another_language_has_sent_nothing() -> None:
    assert sent(links="https://a.example/1", why=WORDS, only_speak="1") == frozenset()


def test_a_thousand_links_have_few_marks() -> None:
    assert len(sent(links="\n".join(f"https://a.example/{n}" for n in range(1_000)))) == 3


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", ""),
        (b"", MULTIPART_CONTENT),
        (b"\xff\xfe\x00", MULTIPART_CONTENT),
        (b"--x\r\n", "multipart/form-data"),
        (b"--x\r\n", "multipart/form-data; boundary=" + "x" * 9_000),
        (b"links=%ff%fe", URLENCODED + "; charset=utf-16"),
        (b"&".join(b"a%d=1" % n for n in range(9_000)), URLENCODED),
        (b"{}", "application/json"),
        (b"--x", "multipart/form-data; boundary*=nope'x'y"),
        (b"--x", "multipart/form-data; boundary*0=x; boundary*=a"),
        (b"links=1", URLENCODED + "; charset=x\0y"),
        (NOT_BASE64, "multipart/form-data; boundary=x"),
    ],
)  # fmt: skip
def test_what_is_no_form_has_no_marks_and_breaks_nothing(body: bytes, content_type: str) -> None:
    assert marks(body, content_type) == frozenset()
