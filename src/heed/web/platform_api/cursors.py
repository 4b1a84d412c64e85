"""Cursors: where a caller goes on reading. Opaque to the caller, checked when they come back."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from ninja import Query
from pydantic import Field

from heed.outbox.feed import Position
from heed.web.platform_api.problems import refused

MOST = 1_000  # in one page
After = Annotated[str, Query(description="`next` of the page before; nothing for the first page")]
Limit = Annotated[int, Query(), Field(ge=1, le=MOST)]


def of_text(text: str) -> str:
    """The cursor that stands for a text."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def text_of(cursor: str) -> str:
    """What a cursor stands for; 422 for one that we never gave."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise _strange() from None
    if "\0" in text or len(text) > 300:
        raise _strange()
    return text


def of_position(position: Position) -> str:
    """The cursor for a place in the feed of events."""
    return of_text(f"{position.transaction}.{position.kind}.{position.id}")


def position_of(cursor: str) -> Position:
    """A place in the feed of events; its start for an empty cursor."""
    if not cursor:
        return Position()
    try:
        transaction, kind, id = text_of(cursor).split(".")
        if not transaction.isdecimal() or int(transaction) >= 2**63 or kind not in ("s", "l"):
            raise ValueError
        return Position(transaction=int(transaction), kind=kind, id=UUID(id))
    except ValueError:
        raise _strange() from None


def _strange() -> Exception:
    return refused("after", "send the `next` of an earlier page, or nothing to begin anew")
