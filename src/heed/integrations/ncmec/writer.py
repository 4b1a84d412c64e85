"""Writes elements in the schema's order, whatever order they were given in. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from heed.integrations.ncmec import fields

# Characters that XML 1.0 can't hold at all.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotWritable(Exception):
    """A value has no place in the element, or a needed one is missing. A mistake of ours."""


@dataclass(frozen=True, slots=True)
class With:
    """A value with attributes."""

    value: Any
    attributes: Mapping[str, Any] = field(default_factory=dict)


def document(name: str, value: Mapping[str, Any]) -> bytes:
    """The whole document, in UTF-8. Empty values are left out. Raises `NotWritable`."""
    return etree.tostring(
        element(name, value, ""), xml_declaration=True, encoding="UTF-8", pretty_print=True
    )


def element(name: str, value: Any, within: str) -> etree._Element:
    """One element. Raises `NotWritable`."""
    attributes: Mapping[str, Any] = {}
    if isinstance(value, With):
        value, attributes = value.value, value.attributes
    made = etree.Element(name)
    for key, told in attributes.items():
        if told is not None:
            made.set(key, text(told))
    kind = fields.type_of(name, within)
    if not kind:
        made.text = text(value)
        return made
    _fill(made, kind, dict(value))
    return made


def _fill(made: etree._Element, kind: str, given: dict[str, Any]) -> None:
    for child in fields.children(kind):
        values = [one for one in _listed(given.pop(child.name, None)) if not _is_empty(one)]
        if (child.needed and not values) or (len(values) > 1 and not child.many):
            raise NotWritable(f"{kind}/{child.name}: {len(values)} given")
        made.extend(element(child.name, one, kind) for one in values)
    if given:
        raise NotWritable(f"{kind} has no {', '.join(sorted(given))}")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_empty(value: Any) -> bool:
    if isinstance(value, With):
        return _is_empty(value.value)
    if isinstance(value, dict):
        return not any(not _is_empty(one) for many in value.values() for one in _listed(many))
    return value is None or value == ""


def text(value: Any) -> str:
    """A value as the schema spells it: times in UTC, with the zone said."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return _UNWRITABLE.sub("\ufffd", str(value))
