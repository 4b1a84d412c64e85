"""Questions to an exchange over HTTP: bounded, never to a private address, and patient."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from heed.integrations.outward.connection import NoAnswer
from heed.integrations.outward.exchange import Answer, Wire, address
from heed.ports import ExchangeBusy, ExchangeRefused

MOST_BYTES = 64 << 20
WITHIN_SECONDS = 60.0
NEXT_GOOD_FOR = timedelta(minutes=90)  # longer than the wait after a refusal
_LATER = {408, 425, 429, 500, 502, 503, 504}
_NOT_THERE = {404, 410}


class NotThere(ExchangeRefused):
    """The exchange does not know (any more) what it was asked about."""


def basic(user: str, password: str) -> dict[str, str]:
    """HTTP Basic."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


class Remote:
    """One exchange's server. `private` lists `host:port` that an operator named as their own."""

    def __init__(self, base: str, headers: Mapping[str, str], private: tuple[str, ...]) -> None:
        self._base, self._headers, self._private = base.rstrip("/"), dict(headers), private
        self._wire = Wire()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> bytes:
        """The body. Raises `ExchangeBusy`, `ExchangeRefused`."""
        query = urlencode({k: v for k, v in (params or {}).items() if v is not None})
        return self._ask("GET", f"{path}?{query}" if query else path, b"", "")

    def get_json(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The body as JSON. Half an answer is `ExchangeBusy`: it is asked for again."""
        return _json(self.get(path, params))

    def send_json(self, path: str, body: Any) -> Any:
        """POST JSON, and the answer as JSON (None when it is empty)."""
        told = self._ask("POST", path, json.dumps(body).encode(), "application/json")
        return _json(told) if told.strip() else None

    def put_xml(self, path: str, body: bytes) -> None:
        """PUT XML."""
        self._ask("PUT", path, body, "application/xml; charset=utf-8")

    def _ask(self, method: str, path: str, body: bytes, kind: str) -> bytes:
        headers = {**self._headers, **({"Content-Type": kind} if kind else {})}
        try:
            answer = self._wire.ask(
                method,
                address(self._base + path),
                headers=headers,
                content=body,
                max_bytes=MOST_BYTES,
                within_seconds=WITHIN_SECONDS,
                private_addresses_allowed=self._private,
            )
        except NoAnswer as why:
            if str(why) in ("bad_url", "address_refused"):
                raise ExchangeRefused(f"its address is not reached: {why}") from None
            raise ExchangeBusy(f"no answer: {why}") from None
        finally:
            self._wire.close()
        return _body(answer)


def _body(answer: Answer) -> bytes:
    if answer.status in _LATER:
        raise ExchangeBusy(f"it answered {answer.status}", _after(answer))
    if answer.status in (401, 403):
        raise ExchangeRefused(
            f"it answered {answer.status}: check the credentials and their rights"
        )
    if not 200 <= answer.status < 300:
        refused = NotThere if answer.status in _NOT_THERE else ExchangeRefused
        raise refused(f"it answered {answer.status}: check the settings")
    if not answer.complete:
        raise ExchangeBusy("a page was larger than it may be")
    return answer.body


def _after(answer: Answer) -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise ExchangeBusy("half an answer: no JSON") from None


def private(said: Mapping[str, Any]) -> tuple[str, ...]:
    """`host:port` of the operator's own that this exchange may reach."""
    return words(said, "private")


def words(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A setting of several words: a list, or one text with commas as the command line gives it."""
    found = said.get(name) or ()
    many = found.split(",") if isinstance(found, str) else found
    return tuple(word for one in many if (word := str(one).strip()))


def onward(cursor: Mapping[str, Any], now: datetime) -> Any:
    """The way to the next page, while it is good: it was given at `at`. Else None, and the stretch
    is begun again: a way that nobody knows any more would be asked for without end.
    """
    at = cursor.get("at")
    good = at is not None and now - datetime.fromisoformat(at) < NEXT_GOOD_FOR
    return cursor.get("next") if good else None
