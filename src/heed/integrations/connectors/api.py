"""Questions to a peer's JSON interface: bounded, never to a private address that nobody named."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from heed.integrations.outward.connection import NoAnswer
from heed.integrations.outward.exchange import Answer, Wire, address
from heed.ports import PeerBusy, PeerRefused

MOST_BYTES = 16 << 20
WITHIN_SECONDS = 20.0  # below the lease of a delivery
_LATER = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a peer answered, and was able to be read."""

    status: int
    headers: Mapping[str, str]
    said: Any  # the JSON; None where there is no body

    @property
    def ok(self) -> bool:
        """It did what was asked."""
        return 200 <= self.status < 300


class Api:
    """One peer's server. One for a process: connections are reused."""

    def __init__(self) -> None:
        self._wire = Wire()

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        private: tuple[str, ...],
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        """Ask with JSON. Any status that is no "later" is a reply.

        Raises `PeerBusy` (no answer, half an answer, 429, 5xx), `PeerRefused` (no usable address).
        """
        wanted = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        whole = f"{url}?{urlencode(wanted, doseq=True)}" if wanted else url
        kind = {"Content-Type": "application/json"} if body is not None else {}
        try:
            answer = self._wire.ask(
                method,
                address(whole),
                headers={"Accept": "application/json", **kind, **headers},
                content=b"" if body is None else json.dumps(body).encode("ascii"),
                max_bytes=MOST_BYTES,
                within_seconds=WITHIN_SECONDS,
                private_addresses_allowed=private,
            )
        except NoAnswer as why:
            if str(why) in ("bad_url", "address_refused"):
                raise PeerRefused(f"its address is not reached: {why}") from None
            raise PeerBusy(str(why)) from None
        return _reply(answer)

    def close(self) -> None:
        """Close idle connections."""
        self._wire.close()


def _reply(answer: Answer) -> Reply:
    if answer.status in _LATER:
        raise PeerBusy(f"status_{answer.status}", retry_in(answer.headers))
    if not answer.complete:
        raise PeerBusy("answer_too_large")
    try:
        said = json.loads(answer.body) if answer.body.strip() else None
    except (ValueError, RecursionError):
        if 200 <= answer.status < 300:
            raise PeerBusy("answer_unreadable") from None
        said = None  # an error page of whatever stands in front of it
    return Reply(status=answer.status, headers=answer.headers, said=said)


def retry_in(headers: Mapping[str, str]) -> float | None:
    """Seconds that the peer asks us to wait, by `Retry-After` or `X-RateLimit-Reset`."""
    after = headers.get("retry-after", "").strip()
    if after.isdigit():
        return float(after)
    at = _instant(after, parsedate_to_datetime) or _instant(
        headers.get("x-ratelimit-reset", ""), datetime.fromisoformat
    )
    return None if at is None else max((at - datetime.now(UTC)).total_seconds(), 0.0)


def _instant(text: str, read: Any) -> datetime | None:
    try:
        at: datetime = read(text)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
