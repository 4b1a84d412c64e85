"""Who connects and says nothing, or too little, or too slowly, is not waited for."""

import asyncio
import contextlib
import functools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, ParamSpec

import pytest
import uvicorn

from heed.instance import patience
from heed.instance.patience import MOST_HEAD_BYTES, Patient

P = ParamSpec("P")
SHORT = 0.3  # seconds, where a visitor has sixty
HELLO = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"
FORM = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 200000\r\n\r\n"
MIDDLE = 6_000_000
LONG = 30_000_000  # bytes of an answer that no buffer holds


async def site(scope: Any, receive: Any, send: Any) -> None:
    """Reads all that is sent, and says how much it was, or very much."""
    size, more = 0, scope["path"] != "/early"
    while more and (message := await receive())["type"] == "http.request":
        size += len(message["body"])
        more = message["more_body"]
    if scope["path"] == "/slow":
        await asyncio.sleep(4 * SHORT)
    long = {"/long": LONG, "/middle": MIDDLE}.get(scope["path"], 0)
    said = b"x" * long or b"%d" % size
    headers = [(b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Its address."""
    monkeypatch.setattr(patience, "WITHIN_SECONDS", SHORT)
    config = uvicorn.Config(
        site, port=0, http=Patient, loop="uvloop", ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def at_ease(at: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """Where a visitor has sixty seconds, however slow the machine is."""
    monkeypatch.setattr(patience, "WITHIN_SECONDS", 60)
    return at


def again_if_stalled(test: Callable[P, None]) -> Callable[P, None]:
    """Where a visitor has a third of a second, a machine that stalls ends a connection too early:
    then all of it is played once more.
    """

    @functools.wraps(test)
    def played(*args: P.args, **named: P.kwargs) -> None:
        for _ in range(9):
            with contextlib.suppress(ConnectionError):
                return test(*args, **named)
        test(*args, **named)

    return played


def connected(at: tuple[str, int]) -> "closing[socket.socket]":
    return closing(socket.create_connection(at, timeout=60))


def read(visitor: socket.socket) -> bytes:
    """What comes until there is no more, or the connection is broken."""
    said = b""
    try:
        while some := visitor.recv(1 << 16):
            said += some
    except ConnectionError:
        pass
    return said


def answer(visitor: socket.socket) -> bytes:
    """One answer whose body is a number."""
    said = b""
    while b"\r\n\r\n" not in said or said.endswith(b"\r\n\r\n"):
        some = visitor.recv(1 << 16)
        if not some:
            raise ConnectionAbortedError("it was ended before the answer")
        said += some
    return said.rpartition(b"\r\n\r\n")[2]


def test_whoever_comes_to_the_end_is_answered_as_often_as_they_like(
    at_ease: tuple[str, int],
) -> None:
    with connected(at_ease) as visitor:
        for _ in range(4):
            visitor.sendall(HELLO)
            assert answer(visitor) == b"0"
            time.sleep(SHORT / 2)
        visitor.sendall(FORM)
        for _ in range(8):
            visitor.sendall(b"a" * 25_000)
        assert answer(visitor) == b"200000"


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HTTP/1.1\r\nho", FORM, FORM + b"a" * 1_000, HELLO + HELLO[:-2], HELLO + FORM],
    ids=["nothing", "half-a-head", "no-body", "half-a-body", "half-a-next", "next-without-body"],
)
@again_if_stalled
def test_what_does_not_come_is_not_waited_for(at: tuple[str, int], said: bytes) -> None:
    with connected(at) as visitor:
        visitor.sendall(said)
        if said.startswith(HELLO):
            assert answer(visitor) == b"0"
        assert read(visitor) == b""


@again_if_stalled
def test_a_body_that_ends_after_the_answer_keeps_no_line_open(at: tuple[str, int]) -> None:
    with connected(at) as visitor:
        visitor.sendall(b"POST /early HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n")
        assert answer(visitor) == b"0"
        visitor.sendall(b"0\r\n\r\n")
        assert read(visitor) == b""


OFFER = b"connection: Upgrade, HTTP2-Settings\r\nUpgrade : h2c\r\n"


def test_who_offers_another_protocol_is_answered_in_this_one(at_ease: tuple[str, int]) -> None:
    with connected(at_ease) as visitor:
        for offer in (OFFER, OFFER.replace(b"Upgrade :", b"upgrade:")):
            head = b"POST / HTTP/1.1\r\nhost: h\r\n" + offer.replace(b" :", b":")
            visitor.sendall(head + b"content-length: 9\r\n\r\nUpgrade: ")
            assert answer(visitor) == b"9"
            visitor.sendall(head + b"content-length: 9\r\n\r\n")
            time.sleep(0.05)
            visitor.sendall(b"Upgrade: ")
            assert answer(visitor) == b"9"


@pytest.mark.parametrize("parts", [OFFER[:40], OFFER[:46]])
@again_if_stalled
def test_no_body_is_ever_taken_for_a_request(at: tuple[str, int], parts: bytes) -> None:
    """Else a stranger could have the next visitor's answer, through a proxy that keeps lines."""
    offer = OFFER.replace(b" :", b":")
    hidden = b"GET /long HTTP/1.1\r\nhost: h\r\n\r\n"
    with connected(at) as visitor:
        visitor.sendall(b"POST / HTTP/1.1\r\nhost: h\r\n" + parts)
        time.sleep(0.05)
        visitor.sendall(offer[len(parts) :] + b"content-length: %d\r\n\r\n" % len(hidden))
        time.sleep(0.05)
        with contextlib.suppress(ConnectionError):
            visitor.sendall(hidden)
        assert b"x" * 100 not in read(visitor)


def test_wherever_a_request_is_cut_in_two_its_body_is_what_was_sent(
    at_ease: tuple[str, int],
) -> None:
    body = b"a\nUpgrade: x\r\n\r\nUpgrade: y\r\n\r\nGET /long HTTP/1.1\r\nhost: h\r\n\r\n"
    raw = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    for place in range(1, len(raw)):
        with connected(at_ease) as visitor:
            visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            visitor.sendall(raw[:place])
            time.sleep(0.004)
            visitor.sendall(raw[place:])
            assert answer(visitor) == b"%d" % len(body)
            visitor.sendall(HELLO)
            assert answer(visitor) == b"0"


@again_if_stalled
def test_an_answer_that_nobody_takes_keeps_no_line_open(at: tuple[str, int]) -> None:
    with connected(at) as visitor:
        visitor.sendall(b"GET /long HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        time.sleep(5 * SHORT)
        assert len(read(visitor)) < LONG


def test_chunks_whose_frames_come_apart_are_read_to_the_end(at_ease: tuple[str, int]) -> None:
    with connected(at_ease) as visitor:
        visitor.sendall(b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(4):
            visitor.sendall(b"1;" + b"e" * 30_000 + b"\r\n")
            time.sleep(0.01)
            visitor.sendall(b"a\r\n")
            time.sleep(0.01)
        visitor.sendall(b"0\r\n\r\n")
        assert answer(visitor) == b"4"


@again_if_stalled
def test_whoever_waits_for_a_long_answer_may_send_an_empty_line(at: tuple[str, int]) -> None:
    with connected(at) as visitor:
        visitor.sendall(b"GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
        time.sleep(0.02)
        visitor.sendall(b"\r\n")
        assert answer(visitor) == b"0"


def test_what_comes_behind_a_body_is_bounded_as_a_head_is(at_ease: tuple[str, int]) -> None:
    with connected(at_ease) as visitor, pytest.raises(ConnectionError):
        visitor.sendall(b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n")
        visitor.sendall(b"1\r\na\r\n0\r\n")
        for n in range(20_000):  # until it is ended; what is under way till then is not bounded
            visitor.sendall(b"x-%d: " % n + b"a" * 1_000 + b"\r\n")
            time.sleep(0.001)


@again_if_stalled
def test_who_takes_the_answer_slowly_but_steadily_has_all_of_it(
    at: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "WITHIN_SECONDS", 3.0)  # of which a slow machine takes some
    began = time.monotonic()
    with connected(at) as visitor:
        visitor.sendall(b"GET /middle HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        size = 0
        while some := visitor.recv(40_000):
            size += len(some)
            time.sleep(SHORT / 12)
    assert size > MIDDLE
    assert time.monotonic() - began > 3.0


def test_a_head_that_drips_is_not_waited_for(at: tuple[str, int]) -> None:
    with connected(at) as visitor, pytest.raises(ConnectionError):
        visitor.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(1_000):
            visitor.sendall(b"a")
            time.sleep(0.05)


def test_a_head_without_end_is_refused(at_ease: tuple[str, int]) -> None:
    with connected(at_ease) as visitor:
        visitor.sendall(b"GET / HTTP/1.1\r\nx: " + b"a" * (MOST_HEAD_BYTES - 100))
        time.sleep(0.05)
        visitor.sendall(b"a" * 200)
        assert read(visitor).startswith(b"HTTP/1.1 400 ")


@again_if_stalled
def test_who_does_not_take_the_answer_is_not_waited_for(at: tuple[str, int]) -> None:
    with connected(at) as visitor:
        visitor.sendall(b"GET /long HTTP/1.1\r\nhost: h\r\n\r\n")
        time.sleep(4 * SHORT)
        assert len(read(visitor)) < LONG


def test_beyond_very_many_connections_no_more_are_taken(
    at: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(patience, "WITHIN_SECONDS", 60)
    with connected(at) as one, connected(at) as other:
        for visitor in (one, other):
            visitor.sendall(HELLO)
            assert answer(visitor) == b"0"
        with connected(at) as third:
            assert read(third) == b""
        one.sendall(HELLO)
        assert answer(one) == b"0"
    assert is_heard_in_the_end(at)


def is_heard_in_the_end(at: tuple[str, int]) -> bool:
    """Once the server has seen that the others are gone."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionError), connected(at) as visitor:
            visitor.sendall(HELLO)
            return answer(visitor) == b"0"
        time.sleep(0.02)
    return False
