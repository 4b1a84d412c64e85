"""The client asks again where that is safe, names what went wrong, and never lets a file in
unseen."""

import re
import shlex
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.test import Client

from heed.media.models import Platform
from heed_client import (
    AsyncHeed,
    Heed,
    HeedError,
    NoAnswer,
    NotHeed,
    NotSetUp,
    Patience,
    Unconfirmed,
    wished,
)
from heed_client.errors import BY_STATUS, HeedAway, KeyNotValid, NotFitting, NotKnown, TooMany
from tests.web.platform_api.engineer import SITE, Api, add

NOTICE: Any = {"category": "threats", "url": "https://square.example/p/81"}
UPLOAD = {"account_ref": "uri", "upload_ref": "81.0"}


class Wire:
    """Answers as it was told, one after the other, and keeps what came and how long was waited."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers, self.came, self.waited = list(answers), list[httpx2.Request](), list[float]()
        http = httpx2.Client(transport=httpx2.MockTransport(self))
        self.heed = Heed("https://heed.example", "heed_k", http=http, sleep=self.waited.append)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.came.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def problem(status: int, retry_after: str = "") -> httpx2.Response:
    said = {"type": "about:blank", "title": "No", "status": status, "detail": "",
            "errors": [{"field": "urls", "remedy": "name a place"}]}  # fmt: skip
    headers = {"content-type": "application/problem+json", "retry-after": retry_after}
    return httpx2.Response(status, json=said, headers=headers)


def taken() -> httpx2.Response:
    names = ("number", "private_url", "recovery_code", "receipt", "targets")
    return httpx2.Response(201, json=dict.fromkeys(names, "x"))


@pytest.mark.parametrize("line", [Heed, AsyncHeed])
def test_a_line_that_could_never_work_is_not_made(line: type[Heed] | type[AsyncHeed]) -> None:
    for url in ("heed.example", "127.0.0.1:8000", "", "ftp://heed.example"):
        with pytest.raises(NotSetUp, match="begins with https"):
            line(url, "heed_k")
    for key in ("", " \n", "heed_a b", "heed_\u00e9", "heed_a\nb"):
        with pytest.raises(NotSetUp, match="copy it whole"):
            line("https://heed.example", key)


def test_a_key_from_a_file_and_the_address_of_the_api_are_understood() -> None:
    came: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        came.append(request)
        return httpx2.Response(200, json={"states": [], "next": None})

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    for url in ("https://heed.example", "https://heed.example/", "https://heed.example/api/v1/"):
        Heed(url, "heed_k\n", http=http).states()
    assert {one.url.path for one in came} == {"/api/v1/states"}
    assert {one.headers["Authorization"] for one in came} == {"Bearer heed_k"}


def test_a_notice_is_told_again_with_the_same_key_until_it_is_answered() -> None:
    wire = Wire(httpx2.ConnectError("away"), problem(503), problem(409, "1"), taken())
    assert wire.heed.give_notice(NOTICE)["number"] == "x"
    assert len({one.headers["idempotency-key"] for one in wire.came}) == 1
    assert len({one.content for one in wire.came}) == 1
    assert len(wire.waited) == 3
    assert wire.waited[2] >= 1.0  # as it was asked to
    wire = Wire(taken())
    wire.heed.give_notice(NOTICE, idempotency_key="mine")
    assert wire.came[0].headers["idempotency-key"] == "mine"


@pytest.mark.parametrize(
    ("answer", "error", "tries"),
    [
        (problem(422), NotFitting, 1),
        (problem(401), KeyNotValid, 1),
        (problem(503), HeedAway, 4),
        (problem(429, "60"), TooMany, 1),  # it says itself that it is no use to wait here
        (httpx2.Response(502, text="<html>Bad gateway"), NoAnswer, 4),
        (httpx2.Response(200, text="<html>Welcome"), NoAnswer, 4),
        (httpx2.Response(200, json={"number": "x"}), NoAnswer, 4),
        (httpx2.Response(403, text="<html>Go away"), NotHeed, 1),
        (httpx2.Response(301, headers={"location": "https://else.example"}), NotHeed, 1),
    ],
)
def test_what_went_wrong_has_a_name_and_is_tried_again_where_that_helps(
    answer: httpx2.Response, error: type[HeedError], tries: int
) -> None:
    wire = Wire(*[answer] * tries)
    with pytest.raises(error) as raised:
        wire.heed.give_notice(NOTICE)
    assert len(wire.came) == tries
    if error is NotFitting:
        assert str(raised.value) == "422: urls: name a place"


def test_whatever_happens_no_file_is_let_in_unseen() -> None:
    faults: list[Any] = [httpx2.ReadTimeout("slow"), httpx2.Response(200, text="ok"),
                         httpx2.Response(204), *map(problem, BY_STATUS)]  # fmt: skip
    for fault in faults:
        wire = Wire(*[fault] * 4)
        word = wire.heed.may_publish(b"x", **UPLOAD)
        assert word.verdict == "hold"
    names = ("bank", "sha256", "upload_ref", "case")
    for verdict, reason, ask_again in [
        ("quarantine", "of-a-later-version", False),
        ("hold", "database-away", True),
        ("hold", "looks-like-claimed", False),
    ]:
        said = {"verdict": verdict, "reason": reason, **dict.fromkeys(names)}
        word = Wire(httpx2.Response(200, json=said)).heed.may_publish(b"x", **UPLOAD)
        assert (word.verdict, word.ask_again) == ("hold", ask_again)


def test_many_items_go_in_batches_and_an_instant_without_zone_is_refused() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        lines = request.content.split(b"\n")
        line = {"ref": "r", "status": "known", "visibility": "hidden", "revision": 2, "errors": []}
        results = [{"line": n, **line} for n, _ in enumerate(lines, 1)]
        return httpx2.Response(200, json={"results": results})

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    heed = Heed("https://heed.example", "k", http=http)
    some: Any = [{"ref": str(n), "url": "https://square.example/"} for n in range(2_300)]
    lines = heed.register_all(iter(some))
    assert [one["line"] for one in lines] == list(range(1, 2_301))
    refused: Any = {**lines[0], "ref": "bad", "visibility": None, "revision": None}
    hidden = {"item": "r", "visibility": "hidden", "revision": 2, "reason": ""}
    assert wished([lines[0], refused]) == [hidden]
    naive: Any = [{"ref": "1", "url": "https://a.example/", "published_at": "x"}]
    from datetime import datetime

    naive[0]["published_at"] = datetime(2026, 1, 5)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        heed.register_all(naive)


def through_django(request: httpx2.Request) -> httpx2.Response:
    """To the real API, inside the test's own transaction."""
    kind = request.headers.get("content-type", "")
    raw, headers = request.url.raw_path.decode(), {**request.headers}
    answer: Any = Client(raise_request_exception=False).generic(
        request.method, raw, request.content, kind, headers=headers
    )
    return httpx2.Response(answer.status_code, headers=dict(answer.items()), content=answer.content)


@pytest.fixture
def heed(db: None) -> Heed:
    """A line to the real API."""
    add("square", SITE)
    http = httpx2.Client(transport=httpx2.MockTransport(through_django))
    return Heed("http://testserver", Api("square").key, http=http, patience=Patience(tries=1))


def test_against_heed_itself_each_thing_that_a_site_says_is_taken(heed: Heed) -> None:
    at: Any = {"ref": "p/8 1", "url": f"{SITE}p/81", "account_ref": "uri", "views": 3}
    assert heed.register(at)["status"] == "registered"
    lines = heed.register_all([at, {"ref": "", "url": "nowhere"}, {**at, "ref": "82"}])
    assert [one["status"] for one in lines] == ["known", "refused", "registered"]
    assert {one["field"] for one in lines[1]["errors"]} == {"ref", "url"}
    assert heed.change("p/8 1", {"views": 5})["ref"] == "p/8 1"
    with pytest.raises(NotKnown):
        heed.change("83", {"views": 5})
    assert heed.check_signals({"sha256": "ab" * 32}, **UPLOAD)["verdict"] == "allow"
    assert [one["verdict"] for one in heed.check_all([{"signals": {"sha256": "cd" * 32}}])]
    given = heed.give_notice({**NOTICE, "category": "minor_sexual"}, idempotency_key="n1")
    assert heed.give_notice({**NOTICE, "category": "minor_sexual"}, idempotency_key="n1") == given
    case = heed.whole_case(given["number"])
    assert (case["level"], [one["item"] for one in case["items"]]) == ("limited", ["p/8 1"])
    (state,) = heed.all_states()
    assert (state["item"], state["visibility"]) == ("p/8 1", "limited")
    done: Any = {"item": "p/8 1", "revision": state["revision"], "result": "applied"}
    assert heed.report_results([done]) == 1
    # Only what is committed is told, and the transaction of this test never is.
    assert heed.events(limit=5) == {"events": [], "next": None}
    with pytest.raises(NotFitting):
        heed.hand_over_evidence(b"nobody asks for it")
    with pytest.raises(Unconfirmed):
        Heed("http://testserver/elsewhere", "k", http=heed._http, sleep=[].append).states()
    assert Platform.objects.count() == 1


# ------------------------------------------------------------------ the guide's lines

GUIDE = Path(__file__).parents[2] / "docs" / "integrate.md"
FILES = {
    "items.ndjson": b'{"ref": "p8", "url": "https://square.example/p/8"}',
    "picture.jpg": b"no picture, and that is no fault of the sender's",
}


def commands() -> list[list[str]]:
    """The calls of the guide, as a shell would part them."""
    (block,) = re.findall(r"```sh\n(# an item; .*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    lines = re.sub(r"^#.*\n", "", block, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines]


def ran(words: list[str], known: dict[str, str]) -> httpx2.Response:
    """What curl would do with these words."""
    method, headers, body, url = "GET", {}, b"", ""
    rest = iter([re.sub(r"\$(\w+)", lambda one: known[one[1]], word) for word in words[1:]])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data-binary"):
            said = next(rest)
            body = FILES[said[1:]] if said[0] == "@" else said.encode()
        else:
            url = word
    return through_django(httpx2.Request(method, url, headers=headers, content=body))


def test_every_call_in_the_guide_works_as_it_stands(db: None) -> None:
    add("square", SITE)
    known = {"HEED": "http://testserver", "KEY": Api("square").key}
    paths = set()
    for words in commands():
        answer = ran(words, known)
        paths.add(re.sub(r"^.*/v1/([^?]*).*$", r"\1", words[3] if words[1] == "-X" else words[1]))
        expected = 422 if "evidence" in str(words) else 200
        assert answer.status_code in (expected, 201), (words, answer.text)
        known["NUMBER"] = answer.json().get("number", known.get("NUMBER", ""))
    assert {path.partition("/")[0] for path in paths} == {
        "items", "uploads", "notices", "cases", "states", "events", "evidence",
    }  # fmt: skip
