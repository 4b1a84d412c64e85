"""Checks a document against our own table of fields: what can be checked without the schema."""

import re
from datetime import datetime

from lxml import etree

from heed.integrations.ncmec import fields

PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def parsed(document: bytes) -> etree._Element:
    """The root. Raises `etree.XMLSyntaxError`. Nothing outside the text is ever read."""
    return etree.fromstring(document, PARSER)


def faults(document: bytes) -> list[str]:
    """Where it departs from the table: order, number, attributes, times, flags."""
    try:
        root = parsed(document)
    except etree.XMLSyntaxError as why:
        return [f"not well formed: {why}"]
    if root.tag not in ("report", "fileDetails"):
        return [f"{root.tag} is not a document of ours"]
    return _of(root, str(root.tag))


def _of(element: etree._Element, kind: str) -> list[str]:
    found = _attributes(element)
    if not kind:
        return found + _plain(element)
    wanted = [child.name for child in fields.children(kind)]
    names = [str(one.tag) for one in element]
    found += [f"{kind} has no {name}" for name in names if name not in wanted]
    places = [wanted.index(name) for name in names if name in wanted]
    if places != sorted(places):
        found.append(f"{kind}: its children are out of order")
    for child in fields.children(kind):
        count = names.count(child.name)
        if (child.needed and not count) or (count > 1 and not child.many):
            found.append(f"{kind}/{child.name}: {count} of them")
    for one in element:
        if one.tag in wanted:
            found += _of(one, fields.type_of(str(one.tag), kind))
    return found


def _attributes(element: etree._Element) -> list[str]:
    name = str(element.tag)
    known = fields.ATTRIBUTES.get(name, frozenset())
    found = [
        f"{name} has no attribute {key}" for key in map(str, element.attrib) if key not in known
    ]
    needed = fields.REQUIRED_ATTRIBUTES.get(name)
    if needed and needed not in element.attrib:
        found.append(f"{name} needs the attribute {needed}")
    return found


def _plain(element: etree._Element) -> list[str]:
    name, text = str(element.tag), element.text or ""
    if len(element):
        return [f"{name} holds text alone"]
    if name in fields.FLAGS and text not in ("", "true"):
        return [f"{name} is true, or left out"]
    if name in fields.TIMES and not _zoned(text):
        return [f"{name}: {text!r} is not a time with its zone"]
    if name == "incidentType" and text not in fields.INCIDENT_TYPES:
        return [f"incidentType: {text!r} is none"]
    if name == "url" and re.search(r"\s", text):
        return ["url: an address without spaces"]
    return []


def _zoned(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
