"""A platform: who is told what each item should be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


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
    former_secrets: tuple[str, ...] = ()  # those before, while a site takes the new one over
    private_addresses_allowed: tuple[str, ...]  # host:port, listed by the operator
    slug: str = ""  # where a connector finds its credentials by
    said: Mapping[str, Any] = field(default_factory=dict)  # a connector's settings


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


class PlatformCannot(Exception):
    """It has no way to do this, now or later: not tried again, and shown. The text is a name."""


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
        """Say anything else (a statement, a released upload).

        Raises `PlatformUnreachable`, `PlatformCannot`.
        """
