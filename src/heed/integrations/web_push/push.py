"""One empty message to a device, by the push service of its browser.

Without a body there is nothing to encrypt (RFC 8291) and nothing to read: the push service learns
that this server has something for this device, and when. The words are in the browser already.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from django.conf import settings

from heed.integrations.outward.connection import NoAnswer
from heed.integrations.outward.exchange import Answer, Wire, address
from heed.integrations.web_push import keys
from heed.ports import DeviceGone, PushBusy, PushRefused
from heed.rules import devices

KEPT_FOR = timedelta(days=1)  # by the push service, while the device is off; then it is old news
SIGNED_FOR = timedelta(hours=12)  # RFC 8292 allows 24; our clock may differ from theirs
TOPIC = "news"  # a later one takes the place of one that waits (RFC 8030, 5.4)
LONGEST_ANSWER_BYTES = 10_000
WITHIN_SECONDS = 10.0
_GONE = (404, 410)  # RFC 8030, 7.3
_BUSY = (408, 425, 429)


class WebPush:
    """Keeps the `Push` promise."""

    def __init__(self) -> None:
        self._wire = Wire()

    @cached_property
    def _key(self) -> EllipticCurvePrivateKey:
        return keys.read(settings.HEED_PUSH_KEY_FILE)

    def close(self) -> None:
        """Close every idle connection."""
        self._wire.close()

    def public_key(self) -> str:
        """See `heed.ports.Push.public_key`."""
        return keys.public(self._key)

    def tell(self, address: str, *, now: datetime) -> None:
        """See `heed.ports.Push.tell`. No redirect is followed."""
        answer = self._ask(self._listed(address), now)
        if answer.status in _GONE:
            raise DeviceGone
        if answer.status in _BUSY or answer.status >= 500:
            asked = devices.wait_asked(answer.headers.get("retry-after", ""), now=now)
            raise PushBusy(f"status {answer.status}", again_in=asked)
        if not 200 <= answer.status < 300:
            raise PushRefused(f"status {answer.status}")

    def _listed(self, address: str) -> str:
        """Looked at again: an operator may have taken a service off the list since."""
        try:
            return devices.checked(address, settings.HEED_PUSH_SERVICES)
        except devices.NotAPushAddress:
            raise PushRefused("its push service is not on the list") from None

    def _ask(self, to: str, now: datetime) -> Answer:
        try:
            return self._wire.ask(
                "POST",
                address(to),
                headers=self._headers(to, now),
                max_bytes=LONGEST_ANSWER_BYTES,
                within_seconds=WITHIN_SECONDS,
                private_addresses_allowed=devices.stand_ins(settings.HEED_PUSH_SERVICES),
            )
        except NoAnswer as reason:
            raise PushBusy(str(reason)) from None

    def _headers(self, to: str, now: datetime) -> Mapping[str, str]:
        expires_at = now.astimezone(UTC) + SIGNED_FOR
        signed = jwt.encode(
            {
                "aud": devices.origin(to),
                "exp": int(expires_at.timestamp()),
                "sub": settings.HEED_PUSH_CONTACT,
            },
            self._key,
            algorithm="ES256",
        )
        return {
            "Authorization": f"vapid t={signed}, k={self.public_key()}",
            "Content-Length": "0",
            "TTL": str(int(KEPT_FOR.total_seconds())),
            "Topic": TOPIC,
            "Urgency": "normal",
        }
