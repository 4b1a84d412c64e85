"""Fields of a peer's answers: there, and of the kind that they should be, or `NotReadable`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


class NotReadable(Exception):
    """An answer lacks what every answer of its kind has. The text names the field."""


def text(of: Mapping[str, Any], name: str) -> str:
    """A name or a number, as text; never empty, never with what a database can't keep."""
    value = of.get(name)
    if not isinstance(value, str | int) or value == "" or "\0" in str(value):
        raise NotReadable(name)
    return str(value)


def mapping(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What has fields of its own."""
    value = of.get(name)
    if not isinstance(value, Mapping):
        raise NotReadable(name)
    return value


def rows(of: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of such; empty where there is none."""
    value = of.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise NotReadable(name)
    return value


def moment(said: Any) -> datetime | None:
    """None for what is no time: nobody's protection waits for one. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
