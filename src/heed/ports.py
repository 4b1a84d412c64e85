"""What Heed asks of the world outside, as promises. `integrations/` keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Result(StrEnum):
    """What a platform says of one item's desired state."""

    APPLIED = "applied"
    FAILED = "failed"
    NOT_FOUND = "not_found"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a platform listens, and the secret that both know."""

    callback_url: str
    callback_secret: str  # Standard Webhooks form, whsec_...
    private_addresses_allowed: tuple[str, ...]  # host:port, listed by the operator


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredState:
    """What one item should be. A higher revision replaces a lower one."""

    item_ref: str
    visibility: str
    revision: int
    reason: str  # reason class, never a fact about a person


@dataclass(frozen=True, slots=True, kw_only=True)
class StateResult:
    """The platform's word on one item at one revision."""

    item_ref: str
    revision: int
    result: Result


class PlatformUnreachable(Exception):
    """The platform did not confirm. The worker tries again; the deadline stays open."""


class Platform(Protocol):
    """The platform whose content this is."""

    def tell_states(
        self, endpoint: Endpoint, states: Sequence[DesiredState], *, message_id: str, now: datetime
    ) -> list[StateResult]:
        """Say what each item should be. Safe to repeat with the same `message_id`.

        Items that the answer leaves out are confirmed later, by `POST states/results`.
        Raises `PlatformUnreachable` when nothing, or nothing readable, came back.
        """

    def tell(
        self, endpoint: Endpoint, payload: dict[str, object], *, message_id: str, now: datetime
    ) -> None:
        """Say anything else (a statement, a released upload). Raises `PlatformUnreachable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came back from an address. `body` is cut at the limit asked for; `complete` says so."""

    status: int
    content_type: str
    body: bytes
    complete: bool
    final_url: str


class NotFetched(Exception):
    """Nothing could be learnt: refused address, time-out, broken answer. Never means "gone"."""


class Fetcher(Protocol):
    """Reads URLs on the open web, politely, bounded, and never inside the operator's network."""

    def fetch(
        self,
        url: str,
        *,
        max_bytes: int,
        within_seconds: float,
        private_addresses_allowed: tuple[str, ...] = (),
        bearer: str | None = None,
    ) -> Fetched:
        """GET `url`. Raises `NotFetched`; a 404 is an answer, not an error."""


class MailRefused(Exception):
    """The mail server did not take it. The worker tries again."""


class Mail(Protocol):
    """Sends plain mails. Sender and subject never tell what they are about."""

    def send(self, address: str, *, subject: str, text: str) -> None:
        """Hand one mail to the mail server. Raises `MailRefused`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One way to reach a person on duty (`mail`), or the channel that the team reads (`team`)."""

    way: str
    address: str  # a mail address, or the URL of a webhook
    secret: str = ""  # Standard Webhooks form, whsec_...; empty: not signed
    private_addresses_allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """What the duty person is told: that something waits and where, never about whom."""

    subject: str
    text: str
    link: str
    urgent: bool


class PagerRefused(Exception):
    """This way did not take it; the text names why, and nobody. The next person is rung at once."""


class Pager(Protocol):
    """Rings people who are on duty."""

    def ring(self, to: Reach, words: Ringing, *, message_id: str, now: datetime) -> None:
        """Tell one person, or the team. Safe to repeat. Raises `PagerRefused`."""
