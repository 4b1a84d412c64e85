"""A push service to practise with: it knows its devices, checks who sends, and fails on demand."""

import json
import secrets
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from heed.flows import wiring
from heed.integrations.stand_ins import Server, Visit, answering
from heed.integrations.web_push.push import WebPush

LONGEST_SECONDS = 24 * 3600  # RFC 8292, 2: a signature that holds longer is refused


@dataclass
class Told:
    """One message that was taken."""

    token: str
    headers: dict[str, str]
    claims: dict[str, Any]
    key: str


@dataclass
class PushService(Server):
    """Devices by their tokens. `answers`: what the next messages to one are answered with."""

    known: set[str] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    waiting: dict[tuple[str, str], Told] = field(default_factory=dict)  # one for each topic
    answers: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    asked: int = 0
    slow_seconds: float = 0

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)

    __hash__ = object.__hash__

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def device(self) -> str:
        """A new device's address."""
        token = secrets.token_urlsafe(24)
        self.known.add(token)
        return f"{self.origin}/push/{token}"

    def answers_with(self, address: str, status: int, **headers: str) -> None:
        """The next message to this device is answered so."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault(_token(address), []).append((status, named))


def _token(address: str) -> str:
    return urlsplit(address).path.removeprefix("/push/")


class _Visit(Visit):
    server: PushService

    def visit(self) -> None:
        """A message, as RFC 8030 has it."""
        service, token = self.server, _token(self.path)
        service.asked += 1
        body = self.body()
        time.sleep(service.slow_seconds)
        if wrong := self._wrong(body):
            service.refused.append(wrong)
            self.send(400, json.dumps({"wrong": wrong}).encode(), "application/json")
            return
        if service.answers.get(token):
            status, headers = service.answers[token].pop(0)
            self.send(status, b"", "text/plain", headers)
            return
        if token not in service.known:
            self.send(410, b"", "text/plain")
            return
        claims, key = self._signed()
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = Told(token, headers, claims, key)
        service.told.append(told)
        service.waiting[token, self.headers["Topic"]] = told
        self.send(201, b"", "text/plain", {"Location": f"{service.origin}/m/{len(service.told)}"})

    def _wrong(self, body: bytes) -> str:
        """What is wrong with the request; empty when it is well made."""
        if self.command != "POST" or body or self.headers.get("Content-Encoding"):
            return "not an empty message"
        if not self.headers.get("TTL", "").isdigit():
            return "no TTL"
        if self.headers.get("Urgency") not in ("very-low", "low", "normal", "high"):
            return "no urgency"
        try:
            claims, _ = self._signed()
        except (jwt.PyJWTError, ValueError, KeyError) as why:
            return f"signature: {type(why).__name__}"
        if claims["exp"] - time.time() > LONGEST_SECONDS:
            return "signed for too long"
        return "" if str(claims["sub"]).startswith(("mailto:", "https:")) else "nobody to turn to"

    def _signed(self) -> tuple[dict[str, Any], str]:
        """The claims, if the key that is named has signed them for us (RFC 8292)."""
        scheme, _, rest = self.headers["Authorization"].partition(" ")
        parts = dict(one.strip().split("=", 1) for one in rest.split(","))
        if scheme.lower() != "vapid":
            raise ValueError(scheme)
        point = urlsafe_b64decode(parts["k"] + "=" * (-len(parts["k"]) % 4))
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        claims = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=self.server.origin)
        return claims, parts["k"]


@contextmanager
def push_service() -> Iterator[PushService]:
    """One that answers for the block."""
    with answering(PushService()) as service:
        yield service


@contextmanager
def the_only_one(settings: Any) -> Iterator[PushService]:
    """The one that devices may be told at, for the block."""
    with push_service() as service:
        settings.HEED_PUSH_SERVICES = [service.origin]
        yield service
        cast(WebPush, wiring.push()).close()
        wiring.push.cache_clear()
