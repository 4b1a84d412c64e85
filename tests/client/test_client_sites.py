"""Real small sites, WSGI and ASGI, with the middleware in front, called over HTTP as Heed does."""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from heed_client import Book, Callbacks, Handler, SecretUnusable
from heed_client.asgi import HeedCallback as AsgiCallback
from heed_client.asgi import waiting
from heed_client.callbacks import Apply
from heed_client.wsgi import HeedCallback as WsgiCallback
from tests.client.asgi_server import serving

SECRET = "whsec_c21hbGwtc2l0ZXMtb2YtdGhlLXRlc3RzLXNlY3JldCE="
OLD = "whsec_dGhlLXNlY3JldC10aGF0LXdhcy1iZWZvcmUtdGhpcyE="
STRANGER = "whsec_c29tZWJvZHktZWxzZXMtc2VjcmV0LWVudGlyZWx5IQ=="


class Posts:
    """What a small site has: a post, and whether visitors see it."""

    def __init__(self) -> None:
        self.seen = {"81": "visible", "82": "visible"}
        self.applied: list[tuple[str, str, int]] = []
        self.told: list[str] = []

    def apply(self, item: str, visibility: str, revision: int) -> Any:
        """The site's own function: ten lines of it would be a database."""
        if item not in self.seen:
            return "not_found"
        if item == "82":
            raise OSError("the cache can't be cleared")
        self.applied.append((item, visibility, revision))
        self.seen[item] = visibility
        return None

    def status(self, path: str) -> int:
        return 200 if self.seen.get(path.rpartition("/")[2]) in ("visible", "limited") else 404


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def plain_site(posts: Posts, handler: Handler) -> Iterator[str]:
    def site(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status = posts.status(environ["PATH_INFO"])
        start(f"{status} {'OK' if status == 200 else 'Not Found'}", [("Content-Length", "0")])
        return []

    server: WSGIServer = make_server(
        "127.0.0.1", 0, WsgiCallback(site, handler), handler_class=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def starlette_site(posts: Posts, handler: Handler) -> Iterator[str]:
    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("", posts.status(request.url.path))

    app = Starlette(routes=[Route("/p/{ref}", page)])
    app.add_middleware(AsgiCallback, handler=handler)
    with serving(app) as url:
        yield url


@pytest.fixture(params=["wsgi", "asgi"])
def posts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Posts, httpx2.Client]]:
    posts, book = Posts(), Book(tmp_path / "heed.sqlite3")
    apply: Apply = posts.apply
    if request.param == "asgi":

        async def apply_there(*args: Any) -> Any:
            return posts.apply(*args)

        apply = waiting(apply_there)
    once = book.once(lambda event: posts.told.append(event["upload_ref"]))
    handler = Handler(SECRET, book.following(apply), on_event=once, old_secrets=[OLD])
    site = plain_site if request.param == "wsgi" else starlette_site
    with site(posts, handler) as url, httpx2.Client(base_url=url, trust_env=False) as http:
        yield posts, http


def call(
    http: httpx2.Client, event: Any, *, secret: str = SECRET, late: float = 0, id: str = "msg_1"
) -> httpx2.Response:
    body = event if isinstance(event, str) else json.dumps(event)
    at = datetime.now(UTC) - timedelta(seconds=late)
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, body),
        "content-type": "application/json",
    }
    return http.post("/heed/callback", content=body, headers=headers)


def wish(item: str, visibility: str, revision: int) -> Any:
    return {"item": item, "visibility": visibility, "revision": revision, "reason": "x"}


def desired(*states: Any) -> Any:
    return {"type": "states.desired", "states": list(states)}


def test_a_site_hides_restores_and_never_goes_back(posts: tuple[Posts, httpx2.Client]) -> None:
    site, http = posts
    assert http.get("/p/81").status_code == 200
    answer = call(http, desired(wish("81", "hidden", 4), wish("99", "hidden", 1),
                                wish("82", "hidden", 3), {"strange": 1}))  # fmt: skip
    assert answer.json() == {
        "results": [
            {"item": "81", "revision": 4, "result": "applied"},
            {"item": "99", "revision": 1, "result": "not_found"},
            {"item": "82", "revision": 3, "result": "failed"},  # and the others went on
        ]
    }
    assert http.get("/p/81").status_code == 404
    late = call(http, desired(wish("81", "visible", 3))).json()["results"]
    again = call(http, desired(wish("81", "hidden", 4))).json()["results"]
    assert late == again == [{"item": "81", "revision": 4, "result": "applied"}]
    call(http, desired(wish("81", "visible", 5)))
    assert http.get("/p/81").status_code == 200
    call(http, desired(wish("81", "quarantined", 6)))  # a word of a later version
    assert http.get("/p/81").status_code == 404
    assert [word for _, word, _ in site.applied] == ["hidden", "visible", "hidden"]


def test_nothing_but_heeds_own_fresh_words_is_obeyed(posts: tuple[Posts, httpx2.Client]) -> None:
    site, http = posts
    wanted = desired(wish("81", "removed", 1))
    assert call(http, wanted, secret=STRANGER).status_code == 401
    assert call(http, wanted, late=301).status_code == 401
    assert call(http, wanted, late=-301).status_code == 401
    assert http.post("/heed/callback", json=wanted).status_code == 401
    odd = {"webhook-id": "1", "webhook-timestamp": "x", "webhook-signature": "v1,?? v1"}
    assert http.post("/heed/callback", json=wanted, headers=odd).status_code == 401
    assert http.get("/heed/callback").status_code == 405
    assert call(http, "[]").status_code == 400
    assert call(http, "no json").status_code == 400
    huge = {"content-length": str(17 << 20)}
    with http.stream("POST", "/heed/callback", headers=huge, content=b"x" * (17 << 20)) as answer:
        assert answer.status_code == 413
    assert site.applied == []
    assert call(http, wanted, secret=OLD).status_code == 200


def test_each_message_is_taken_once_and_a_strange_one_is_no_failure(
    posts: tuple[Posts, httpx2.Client],
) -> None:
    site, http = posts
    released = {"type": "upload.released", "upload_ref": "81.0", "sha256": "ab"}
    for id in ("msg_2", "msg_2", "msg_3"):
        assert call(http, released, id=id).status_code == 200
    assert site.told == ["81.0", "81.0"]
    assert call(http, {"type": "upload.released"}, id="msg_4").status_code == 500  # told again
    assert call(http, {**released, "upload_ref": "82.0"}, id="msg_4").status_code == 200
    assert site.told[2:] == ["82.0"]


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["visible", "hidden", "odd"]))))
def test_in_whatever_order_they_come_the_newest_revision_stands(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[int, str]]
) -> None:
    book = Book(":memory:" if not said else tmp_path_factory.mktemp("book") / "b.sqlite3")
    kept: list[tuple[int, str]] = [(0, "visible")]
    follow = book.following(lambda item, word, revision: kept.append((revision, word)))
    for revision, word in said:
        newest = max(revision, kept[-1][0])
        (result,) = follow([wish("81", word, revision)])
        assert (result["revision"], result["result"]) == (newest, "applied")
        assert kept[-1][0] == newest
    assert [revision for revision, _ in kept] == sorted({revision for revision, _ in kept})


def test_what_takes_too_long_is_left_over_and_two_threads_never_go_back(tmp_path: Path) -> None:
    book = Book(tmp_path / "b.sqlite3")
    slow = book.following(lambda *_: None, within_seconds=0)
    assert len(slow([wish(str(n), "hidden", 1) for n in range(5)])) == 1
    kept = [0]

    def apply(item: str, word: str, revision: int) -> None:
        assert revision > kept[-1]
        kept.append(revision)

    follow = book.following(apply)
    ways = [range(1, 40), range(40, 0, -1), range(20, 60)]
    threads = [
        threading.Thread(target=lambda w=way: [follow([wish("x", "hidden", n)]) for n in w])
        for way in ways
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept[-1] == book.revision("x") == 59


def test_a_word_that_is_no_result_counts_as_failed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    wrong: Any = lambda *_: True  # noqa: E731
    (result,) = Book(tmp_path / "b").following(wrong)([wish("81", "hidden", 1)])
    assert result["result"] == "failed"
    for secrets in ([], [""], ["whsec_?"]):
        with pytest.raises(SecretUnusable):
            Callbacks(*secrets)
