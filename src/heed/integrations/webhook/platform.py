"""Tells a platform by signed HTTP callbacks."""

import binascii
import json
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError
from standardwebhooks.webhooks import Webhook as Signer

from heed.integrations.outward.connection import NoAnswer
from heed.integrations.outward.exchange import Answer, Wire, address
from heed.ports import DesiredState, Endpoint, PlatformUnreachable, Result, StateResult

LONGEST_ANSWER_BYTES = 1_000_000  # a thousand results with refs of several hundred bytes
WITHIN_SECONDS = 30.0  # for one whole call; the outbox's lease outlives it
_LATER = {202, 204}
_RESULTS = set(Result)


class Webhook:
    """Keeps the promise of `ports.Platform`. One for a process: connections are reused."""

    def __init__(
        self, *, within_seconds: float = WITHIN_SECONDS, tls: ssl.SSLContext | None = None
    ) -> None:
        self._wire = Wire(tls=tls)
        self._within_seconds = within_seconds

    def tell_states(
        self, endpoint: Endpoint, states: Sequence[DesiredState], *, message_id: str, now: datetime
    ) -> list[StateResult]:
        """The platform's word on each state that it already has a word on.

        Raises `PlatformUnreachable`, whose text is the name of the reason.
        """
        payload: dict[str, object] = {
            "type": "states.desired",
            "states": [
                {
                    "item": state.item_ref,
                    "visibility": state.visibility,
                    "revision": state.revision,
                    "reason": state.reason,
                }
                for state in states
            ],
        }
        answer = self._post(endpoint, payload, message_id=message_id, now=now)
        return [] if answer.status in _LATER else _results(answer, states)

    def tell(
        self, endpoint: Endpoint, payload: dict[str, object], *, message_id: str, now: datetime
    ) -> None:
        """Any 2xx will do. Raises `PlatformUnreachable`, whose text is the name of the reason."""
        self._post(endpoint, payload, message_id=message_id, now=now)

    def close(self) -> None:
        """Close idle connections."""
        self._wire.close()

    def _post(
        self, endpoint: Endpoint, payload: dict[str, object], *, message_id: str, now: datetime
    ) -> Answer:
        body = json.dumps(payload, separators=(",", ":"))
        try:
            answer = self._wire.ask(
                "POST",
                address(endpoint.callback_url),
                headers=_signed(endpoint, body, message_id=message_id, now=now),
                content=body.encode("ascii"),
                max_bytes=LONGEST_ANSWER_BYTES,
                within_seconds=self._within_seconds,
                private_addresses_allowed=endpoint.private_addresses_allowed,
            )
        except NoAnswer as reason:
            raise PlatformUnreachable(str(reason)) from None
        if not 200 <= answer.status < 300:
            raise PlatformUnreachable(f"status_{answer.status}")
        return answer


def _signed(endpoint: Endpoint, body: str, *, message_id: str, now: datetime) -> dict[str, str]:
    """By each secret that holds: whoever receives it knows one of them (Standard Webhooks)."""
    hold = [endpoint.callback_secret, *endpoint.former_secrets]
    at = now.astimezone(UTC)  # the library relabels any other zone instead of converting it
    try:
        signature = " ".join(Signer(one).sign(message_id, at, body) for one in hold)
    except (EmptyWebhookSecretError, binascii.Error, ValueError):
        raise PlatformUnreachable("secret_unusable") from None
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


def _results(answer: Answer, states: Sequence[DesiredState]) -> list[StateResult]:
    """What of the answer makes sense. The rest counts as not said yet."""
    if not answer.complete:
        raise PlatformUnreachable("answer_too_large")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise PlatformUnreachable("answer_unreadable") from None
    if not isinstance(said, dict):
        raise PlatformUnreachable("answer_unreadable")
    results = said.get("results")
    sent = {state.item_ref: state.revision for state in states}
    read = [_result(entry, sent) for entry in results] if isinstance(results, list) else []
    return _uncontradicted([result for result in read if result is not None])


def _result(entry: object, sent: dict[str, int]) -> StateResult | None:
    if not isinstance(entry, dict):
        return None
    item, revision, result = entry.get("item"), entry.get("revision"), entry.get("result")
    if not isinstance(item, str) or type(revision) is not int or sent.get(item) != revision:
        return None
    if not isinstance(result, str) or result not in _RESULTS:
        return None
    return StateResult(item_ref=item, revision=revision, result=Result(result))


def _uncontradicted(results: list[StateResult]) -> list[StateResult]:
    """One word for each item; an item of which two different things are said is left out."""
    words: dict[str, set[StateResult]] = {}
    for result in results:
        words.setdefault(result.item_ref, set()).add(result)
    return [said.pop() for said in words.values() if len(said) == 1]
