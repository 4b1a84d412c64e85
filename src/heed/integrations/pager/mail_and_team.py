"""Mail by the instance's own mail server; a signed webhook that chat programs understand.

The webhook's body has `text`, which Slack, Mattermost, Rocket.Chat and Zulip take as a message, and
the same facts by name for programs of one's own.
"""

import json
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook as Signer

from heed.integrations.mail import DjangoMail
from heed.integrations.outward.connection import NoAnswer
from heed.integrations.outward.exchange import Wire, address
from heed.ports import MailRefused, PagerRefused, Reach, Ringing

LONGEST_ANSWER_BYTES = 100_000
WITHIN_SECONDS = 10.0  # somebody waits: rather the next person than a slow channel


class MailAndTeam:
    """Keeps the `Pager` promise."""

    def __init__(self) -> None:
        self._wire = Wire()
        self._mail = DjangoMail()

    def ring(self, to: Reach, words: Ringing, *, message_id: str, now: datetime) -> None:
        """See `heed.ports.Pager.ring`."""
        if to.way == "mail":
            self._send(to, words)
        else:
            self._post(to, words, message_id, now)

    def _send(self, to: Reach, words: Ringing) -> None:
        try:
            self._mail.send(to.address, subject=words.subject, text=words.text)
        except MailRefused as refused:
            raise PagerRefused(f"mail: {refused}") from None

    def _post(self, to: Reach, words: Ringing, message_id: str, now: datetime) -> None:
        said = {"type": "duty.called", "text": words.text, "link": words.link}
        body = json.dumps(said | {"urgent": words.urgent})
        try:
            answer = self._wire.ask(
                "POST",
                address(to.address),
                headers=_headers(to.secret, body, message_id, now),
                content=body.encode("ascii"),
                max_bytes=LONGEST_ANSWER_BYTES,
                within_seconds=WITHIN_SECONDS,
                private_addresses_allowed=to.private_addresses_allowed,
            )
        except NoAnswer as reason:
            raise PagerRefused(f"team: {reason}") from None
        if not 200 <= answer.status < 300:
            raise PagerRefused(f"team: status {answer.status}")


def _headers(secret: str, body: str, message_id: str, now: datetime) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if not secret:
        return headers
    at = now.astimezone(UTC)
    try:
        signature = Signer(secret).sign(message_id, at, body)
    except ValueError:
        raise PagerRefused("team: the secret is not usable") from None
    return headers | {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
