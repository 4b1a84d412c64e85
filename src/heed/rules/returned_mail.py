"""What a returned mail says: who it was for, and whether it is for good. RFC 3464 and 3463."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_SENT_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To")


@dataclass(frozen=True, slots=True)
class Returned:
    """`sent_to` are the addresses of ours that it came back to; `why` is empty for "not yet"."""

    sent_to: tuple[str, ...]
    why: str


def why(text: str) -> str:
    """A class for a status such as 5.1.1: unknown, full or refused. Other words are refused."""
    status = _STATUS.search(text)
    if status is None:
        return "refused"
    if (status[2], status[3]) == ("2", "2"):
        return "full"
    return "unknown" if status[2] == "1" else "refused"


def read(data: bytes) -> Returned:
    """A delivery status notification. Anything else, an answer or a joke, returns nothing."""
    message = message_from_bytes(data)
    pairs = getaddresses([str(one) for name in _SENT_TO for one in message.get_all(name, [])])
    return Returned(tuple(address for _, address in pairs if address), _failed(message))


def _failed(message: Message) -> str:
    for group in _groups(message):
        action = str(group.get("Action", "")).strip().lower()
        status = str(group.get("Status", ""))
        if action == "failed" and status.strip().startswith("5"):
            return why(status)
    return ""


def _groups(message: Message) -> Iterator[Message]:
    """The fields about each recipient, in a report that says that it is one."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (group for group in part.get_payload() if isinstance(group, Message))
