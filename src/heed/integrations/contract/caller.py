"""Says things to a callback, as Heed does and as Heed never would, and looks at the item."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from standardwebhooks.webhooks import Webhook

WITHIN_SECONDS = 30.0  # as the real deliverer's
STRANGER = "whsec_" + "bm90LXRoZS1zZWNyZXQtb2YtdGhpcy1zaXRlLWF0LWFsbA=="


class NotReached(Exception):
    """Nothing listens there: nothing could be checked."""


class TooSlow(Exception):
    """It listens, and has not answered in the time that Heed waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What counts as slow, and for how long an effect is waited for."""

    within_seconds: float = WITHIN_SECONDS
    slow_seconds: float = 10.0
    settle_seconds: float = 5.0
    pause_seconds: float = 1.0  # in the middle of a body that comes slowly


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What the callback answered. `said` is its JSON, None where there is none."""

    status: int
    said: Any
    seconds: float

    @property
    def taken(self) -> bool:
        """Whether it is a yes."""
        return 200 <= self.status < 300

    def result(self, item: str) -> dict[str, Any] | None:
        """What it says of one item."""
        results = self.said.get("results") if isinstance(self.said, dict) else None
        listed = results if isinstance(results, list) else []
        named = [one for one in listed if isinstance(one, dict) and one.get("item") == item]
        return named[0] if named else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, with everything of it that can be made wrong."""

    body: str
    secret: str
    id: str = field(default_factory=lambda: f"msg_check_{secrets.token_hex(8)}")
    late: timedelta = timedelta()
    signed_body: str = ""  # what was signed, where it is another
    before: str = ""  # signatures that stand before the right one

    @property
    def headers(self) -> dict[str, str]:
        """As Standard Webhooks has them."""
        at = datetime.now(UTC) - self.late
        signature = Webhook(self.secret).sign(self.id, at, self.signed_body or self.body)
        return {
            "Content-Type": "application/json",
            "webhook-id": self.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": f"{self.before} {signature}".strip(),
        }


class Caller:
    """One site's callback, and where its test item can be looked at."""

    def __init__(self, url: str, *, secret: str, times: Times) -> None:
        Webhook(secret)  # one that is none is found here
        self.url, self.secret, self.times = url, secret, times
        verify = url.startswith("https:")  # else there are no certificates to load
        self._http = httpx2.Client(timeout=times.within_seconds, verify=verify)

    def close(self) -> None:
        """End idle connections."""
        self._http.close()

    def message(self, event: Mapping[str, Any], **wrong: Any) -> Message:
        """A message of Heed's, unless something is made wrong."""
        body = json.dumps(event, separators=(",", ":"))
        return Message(**{"body": body, "secret": self.secret, **wrong})

    def send(self, message: Message, *, headers: Mapping[str, str] | None = None) -> Came:
        """Raises `NotReached`, `TooSlow`."""
        given = message.headers if headers is None else headers
        return self._post(message.body.encode(), given)

    def send_slowly(self, message: Message) -> Came:
        """The body comes in two halves, with a pause between."""
        whole = message.body.encode()

        def halves() -> Iterator[bytes]:
            yield whole[: len(whole) // 2]
            time.sleep(self.times.pause_seconds)
            yield whole[len(whole) // 2 :]

        return self._post(halves(), {**message.headers, "Content-Length": str(len(whole))})

    def break_off(self, message: Message) -> None:
        """Half of the body comes, and then nothing more."""
        whole = message.body.encode()

        def half() -> Iterator[bytes]:
            yield whole[: len(whole) // 2]
            raise _BrokenOff

        headers = {**message.headers, "Content-Length": str(len(whole))}
        try:
            self._http.post(self.url, content=half(), headers=headers)
        except (_BrokenOff, httpx2.RequestError):
            return

    def hang_up(self, message: Message) -> None:
        """All of it comes, and nobody waits for the answer."""
        impatient = httpx2.Timeout(self.times.within_seconds, read=0.02)
        try:
            self._http.post(
                self.url, content=message.body.encode(), headers=message.headers, timeout=impatient
            )
        except httpx2.RequestError:
            return

    def look(self, url: str, *, bearer: str = "") -> int:
        """The status that a visitor gets. Raises `NotReached`."""
        headers = {"Cache-Control": "no-cache"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            with self._http.stream("GET", url, headers=headers) as answer:
                return answer.status_code
        except httpx2.RequestError as why:
            raise NotReached(f"{url} can't be looked at: {type(why).__name__}") from None

    def _post(self, content: Any, headers: Mapping[str, str]) -> Came:
        began = time.monotonic()
        try:
            answer = self._http.post(self.url, content=content, headers=dict(headers))
        except httpx2.ReadTimeout:
            raise TooSlow from None
        except httpx2.RequestError as why:
            raise NotReached(f"{self.url} can't be reached: {type(why).__name__}") from None
        try:
            said = answer.json()
        except (ValueError, RecursionError):
            said = None
        return Came(status=answer.status_code, said=said, seconds=time.monotonic() - began)


class _BrokenOff(Exception):
    """Raised in the middle of a body, on purpose."""
