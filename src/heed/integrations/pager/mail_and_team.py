"""Mail by the instance's own mail server; push to a telephone; a signed webhook for the team.

A push is the words as plain text, posted to an address of the person's own, as ntfy and what
speaks like it take it; title, urgency and link go in headers, which others pass over.

The webhook's body has `text`, which Slack, Mattermost, Rocket.Chat and Zulip take as a message, and
the same facts by name for programs of one's own.
"""

import json
from collections.abc import Mapping
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
        elif to.way == "push":
            self._push(to, words)
        else:
            self._tell(to, words, message_id, now)

    def _send(self, to: Reach, words: Ringing) -> None:
        try:
            self._mail.send(to.address, subject=words.subject, text=words.text)
        except MailRefused as refused:
            raise PagerRefused(f"mail: {refused}") from None

    def _push(self, to: Reach, words: Ringing) -> None:
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Title": words.subject,
            "Priority": "urgent" if words.urgent else "high",
            "Click": words.link,
        }
        self._post(to, headers, words.text.encode())

    def _tell(self, to: Reach, words: Ringing, message_id: str, now: datetime) -> None:
        said = {"type": "duty.called", "text": words.text, "link": words.link}
        body = json.dumps(said | {"urgent": words.urgent})
        self._post(to, _headers(to.secret, body, message_id, now), body.encode("ascii"))

    def _post(self, to: Reach, headers: Mapping[str, str], content: bytes) -> None:
        try:
            answer = self._wire.ask(
                "POST",
                address(to.address),
                headers=headers,
                content=content,
                max_bytes=LONGEST_ANSWER_BYTES,
                within_seconds=WITHIN_SECONDS,
                private_addresses_allowed=to.private_addresses_allowed,
            )
        except NoAnswer as reason:
            raise PagerRefused(f"{to.way}: {reason}") from None
        if not 200 <= answer.status < 300:
            raise PagerRefused(f"{to.way}: status {answer.status}")


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
