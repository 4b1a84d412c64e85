"""The upload gate beside Django: a question that no bank has an answer to is answered at once.

Takes `POST uploads/check` with signals, one file's or a batch's. Whoever certainly meets nothing is
let in without a statement or a thread. Everything else (a possible match, bytes, an address, an
error in the request, an index that is not up to date) is Django's, whose answer is the same to the
letter: this module decides nothing, it only knows what needs no decision. Where Django has no
answer (no database, no room, no time, a fault), it is `hold`, with the reason's name.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from pydantic import ValidationError
from pydantic_core import to_json

from heed.media.keys import Caller, Scope, caller_with
from heed.rules import gate
from heed.web.platform_api import rows
from heed.web.platform_api.gate.following import Following
from heed.web.platform_api.gate.known_keys import KnownKeys
from heed.web.platform_api.gate.missed import Missed
from heed.web.platform_api.gate.together import Together
from heed.web.platform_api.said import MOST_UPLOADS, UploadsSaid

logger = logging.getLogger(__name__)
PATH = "/api/v1/uploads/check"
HOOK = "/api/v1/uploads/raw"
MOST_BYTES = 1 << 20  # of signals; more is Django's to refuse
IN_PIECES = 128  # bodies of signals that are read at a time, of those that come in pieces
STRANGERS_IN_PIECES = 32  # of those whose key was not seen to be good: they wait among themselves
SENT_WITHIN_SECONDS = 60.0  # such a one
LOOKING = 4  # files that are fetched and read at a time, beside the pages
MOST_WAITING = 64  # for their turn to be; who comes then is held at once
SIGNALS_WITHIN_SECONDS = 5.0
HOOK_WITHIN_SECONDS = 25.0  # pict-rs hangs up after 30, and would not know why
FETCHED_WITHIN_SECONDS = 60.0
_NO_STORE = (b"cache-control", b"no-store")
_HEADERS = [
    (b"content-type", b"application/json"),
    _NO_STORE,
    (b"x-content-type-options", b"nosniff"),
]
_OURS, _NO_DATABASE = 500, 503  # statuses from which on the failure is ours
WHEN_AWAY = "when_heed_cannot_look"
_ASKED = {"surface", "country", "account_ref", "upload_ref"}
_USUALLY = (("surface", "public"), ("country", ""))
LONGEST_REF = 200

Message = MutableMapping[str, Any]
Scope_ = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Django = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request, as far as it must be known to hold what it asks about."""

    scope: Scope_
    token: str
    send: Send
    body: bytes | None = None  # of JSON


class Gate:
    """The ASGI application: fast answers here, all others in Django's threads."""

    def __init__(self, django: Django, following: Following, missed: Missed | None = None) -> None:
        self._django, self._following = django, following
        self._missed = missed or Missed()
        self._looking: Executor = ThreadPoolExecutor(LOOKING, "looking")
        self._inside = 0  # requests that are being looked at, or wait for that
        self._keys = KnownKeys(_look, ThreadPoolExecutor(1, "keys"))
        self._together = Together()
        self._room = asyncio.Semaphore(IN_PIECES)
        self._strangers_room = asyncio.Semaphore(STRANGERS_IN_PIECES)

    async def __call__(self, scope: Scope_, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if scope["method"] != "POST" or not path.startswith((PATH, HOOK)):
            await self._django(scope, receive, send)
        elif path == PATH and _is_json(scope):
            await self._signals(scope, receive, send)
        else:  # bytes: reading a film must not keep people from their pages
            within = HOOK_WITHIN_SECONDS if path.startswith(HOOK) else None
            await self._look_at(_Asked(scope, _token(scope), send), receive, within)

    async def _signals(self, scope: Scope_, receive: Receive, send: Send) -> None:
        token = _token(scope)
        room = self._room if self._keys.was_good(token) else self._strangers_room
        try:
            body, whole = await _body(receive, room)
        except TimeoutError:
            await _say(_Asked(scope, "", send), b"", 408)
            return
        answer = await self._at_once(scope, body, self._keys.fresh(token)) if whole else None
        asked = _Asked(scope, token, send, body)
        if answer is not None:
            await _say(asked, answer)
        elif not whole:
            await self._django(scope, _again(body, receive), send)
        elif b'"url"' in body:
            await self._look_at(asked, receive, within=FETCHED_WITHIN_SECONDS)
        else:
            await self._or_hold(asked, self._answered(asked, receive), SIGNALS_WITHIN_SECONDS)

    async def _answered(self, asked: _Asked, receive: Receive) -> int:
        """With a key that was not looked up just now."""
        caller = await self._keys.caller(asked.token) if asked.token else None
        answer = await self._at_once(asked.scope, asked.body or b"", caller)
        if answer is None:
            return await self._passed_on(asked, receive)
        await _say(asked, answer)
        return 200

    async def _at_once(self, scope: Scope_, body: bytes, caller: Caller | None) -> bytes | None:
        """The answer, if everybody asked about is a stranger to all banks."""
        if caller is None or Scope.UPLOADS not in caller.scopes:
            return None
        book = self._following.book()
        ref = None if book is None else _ref_if_usual(scope)
        if book is None or ref is None:
            return None
        try:
            said = UploadsSaid.model_validate_json(body)
        except ValidationError:
            return None
        many = said.uploads if said.uploads is not None else [said]
        files = [rows.signals(one.signals) for one in many if one.signals is not None]
        if len(files) != len(many) or not 0 < len(files) <= MOST_UPLOADS:
            return None
        strange = await self._together.strangers(files, book)
        return _allow(said, ref) if strange is not None and all(strange) else None

    async def _look_at(self, asked: _Asked, receive: Receive, within: float | None = None) -> None:
        """In the threads for files, where there is room; of who waits too long, none is read."""
        if self._inside >= LOOKING + MOST_WAITING:
            await self._hold(asked, gate.TOO_MANY)
            return
        self._inside += 1
        try:
            await self._or_hold(asked, self._passed_on(asked, receive, self._looking), within)
        finally:
            self._inside -= 1

    # ------------------------------------------------------------ where there is no answer

    async def _or_hold(self, asked: _Asked, answer: Awaitable[int], within: float | None) -> None:
        """The answer's status, if there is one in time and it is no failure of ours; else hold."""
        if asked.token and self._following.away():
            if asyncio.iscoroutine(answer):
                answer.close()
            await self._hold(asked, gate.DATABASE_AWAY)
            return
        try:
            async with asyncio.timeout(within):
                status = await answer
        except TimeoutError:
            await self._hold(asked, gate.TOO_SLOW)
        except Exception:
            logger.exception("an upload could not be checked")
            await self._hold(asked, gate.FAILED)
        else:
            if status >= _OURS:
                away = status == _NO_DATABASE
                await self._hold(asked, gate.DATABASE_AWAY if away else gate.FAILED)

    async def _passed_on(
        self, asked: _Asked, receive: Receive, executor: Executor | None = None
    ) -> int:
        """Django's answer, sent on if it is one; its status."""
        answer = _Answer(asked.send)
        await self._django(asked.scope, receive, answer, body=asked.body, executor=executor)
        return answer.status

    async def _hold(self, asked: _Asked, reason: str) -> None:
        """Never let through unseen; whoever can only be told by status gets a refusal, unless the
        operator of that site chose otherwise, in the hook's address."""
        refs = _refs(asked)
        if _is_let_in(asked.scope):
            self._missed.note(_key_in(asked.scope), gate.LET_IN_UNSEEN, 1)
            await _say(asked, b"", 204)
            return
        self._missed.note(asked.token or _key_in(asked.scope), reason, len(refs))
        is_hook = not asked.scope["path"].startswith(PATH)
        answers = [_held(reason, ref) for ref in refs]
        batch = asked.body is not None and b'"uploads"' in asked.body
        whole = b'{"results":[' + b",".join(answers) + b"]}" if batch else answers[0]
        await _say(asked, whole, 503 if is_hook else 200)


async def _say(asked: _Asked, answer: bytes, status: int = 200) -> None:
    start = {"type": "http.response.start", "status": status, "headers": _HEADERS}
    await asked.send(start)
    await asked.send({"type": "http.response.body", "body": answer})


class _Answer:
    """Passes Django's answer on, but for failures of ours: those are held."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        """One part of it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        if self.status < _OURS:
            await self._send(message)


def _allow(said: UploadsSaid, ref: str) -> bytes:
    many = said.uploads if said.uploads is not None else [said]
    answers = [_allowed(one.signals.sha256, one.upload_ref or ref) for one in many if one.signals]
    if said.uploads is None:
        return answers[0]
    return b'{"results":[' + b",".join(answers) + b"]}"


def _allowed(sha256: str, upload_ref: str | None) -> bytes:
    ref = to_json(upload_ref) if upload_ref else b"null"
    return (
        b'{"verdict":"allow","reason":"nothing-found","bank":null,"sha256":"%s","upload_ref":%s,'
        b'"case":null}' % (sha256.lower().encode(), ref)
    )


def _held(reason: str, upload_ref: str) -> bytes:
    return (
        b'{"verdict":"hold","reason":"%s","bank":null,"sha256":null,"upload_ref":%s,"case":null}'
        % (reason.encode(), to_json(upload_ref) if upload_ref else b"null")
    )


def _refs(asked: _Asked) -> list[str]:
    """What the platform calls each upload that it asks about; "" where it says nothing."""
    words = parse_qs(asked.scope["query_string"].decode("latin-1"))
    usual = words.get("upload_ref", [""])[0][:LONGEST_REF]
    try:
        said = UploadsSaid.model_validate_json(asked.body or b"")
    except ValidationError:
        return [usual]
    many = said.uploads if said.uploads is not None else [said]
    return [one.upload_ref or usual for one in many]


# ---------------------------------------------------------------- reading the request


def _ref_if_usual(scope: Scope_) -> str | None:
    """The caller's ref in the address, or ""; None when what is asked there is Django's."""
    return _usual(scope["query_string"], settings.HEED_GATE)


@lru_cache(maxsize=1_024)
def _usual(query: bytes, switched: tuple[str, ...]) -> str | None:
    words = query.decode("latin-1")
    asked = parse_qs(words, keep_blank_values=True) if words else {}
    if asked.keys() - _ASKED or any(len(one) != 1 for one in asked.values()):
        return None
    surface, country = (asked.get(name, [usual])[0] for name, usual in _USUALLY)
    known = surface in tuple(gate.Surface) and (country == "" or _is_country(country))
    if not known or (gate.needs_country(gate.Surface(surface)) and not country):
        return None
    refs = [asked.get(name, [""])[0] for name in ("account_ref", "upload_ref")]
    if any(len(ref) > LONGEST_REF or not ref.isascii() or not ref.isprintable() for ref in refs):
        return None
    looked_at = gate.looks(gate.Surface(surface), country.upper(), switched)
    return refs[1] if looked_at else None


def _is_country(word: str) -> bool:
    return len(word) == 2 and word.isascii() and word.isalpha()


def _is_json(scope: Scope_) -> bool:
    kind = _header(scope["headers"], b"content-type") or b""
    return kind.partition(b";")[0].strip().lower() == b"application/json"


def _token(scope: Scope_) -> str:
    said = (_header(scope["headers"], b"authorization") or b"").decode("latin-1")
    scheme, _, token = said.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _key_in(scope: Scope_) -> str:
    """The key of a hook stands in its address."""
    path: str = scope["path"]
    return path.removeprefix(HOOK).strip("/") if path.startswith(HOOK) else ""


def _is_let_in(scope: Scope_) -> bool:
    """What the address says for when Heed can't look; nothing, or anything odd, is a refusal."""
    if not scope["path"].startswith(HOOK):
        return False
    said = parse_qs(scope["query_string"].decode("latin-1")).get(WHEN_AWAY, [])
    return said == [gate.WhenAway.LET_IN]


def _header(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    for known, value in headers:
        if known == name:
            return value
    return None


async def _body(receive: Receive, room: asyncio.Semaphore) -> tuple[bytes, bool]:
    """What has come, and whether that is all: it is not when there is too much of it.

    Raises `TimeoutError`. What comes in one piece, as nearly all does, waits for no room.
    """
    message = await receive()
    body = bytes(message.get("body", b""))
    if not message.get("more_body"):
        return body, True
    async with room, asyncio.timeout(SENT_WITHIN_SECONDS):
        while message.get("more_body"):
            if len(body) > MOST_BYTES:
                return body, False
            message = await receive()
            body += bytes(message.get("body", b""))
    return body, True


def _again(begun: bytes, receive: Receive) -> Receive:
    """A body whose beginning was read already."""
    waiting = [begun]

    async def more() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": True}
        return await receive()

    return more


def _look(token: str) -> Caller | None:
    try:
        return caller_with(token, now=timezone.now())
    finally:
        close_old_connections()
