"""The first layer: the operator's own copy of NCMEC's schema."""

from functools import lru_cache
from threading import Lock

from lxml import etree

from heed.integrations.ncmec import structure


class NotASchema(Exception):
    """What came back from `GET /xsd` can't be read as a schema. The one before stays in use."""


_one_at_a_time = Lock()  # a compiled schema keeps the faults of its last document


@lru_cache(maxsize=4)
def compiled(schema: bytes) -> etree.XMLSchema:
    """Compiled once: it takes longer than a document. Raises `NotASchema`."""
    try:
        return etree.XMLSchema(structure.parsed(schema))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as why:
        raise NotASchema(str(why)) from None


def faults(document: bytes, schema: bytes | None) -> list[str]:
    """What the schema says against a document; without one, what our own table of fields says."""
    if not schema:
        return structure.faults(document)
    checked, parsed = compiled(schema), structure.parsed(document)
    with _one_at_a_time:
        if checked.validate(parsed):
            return []
        return [f"line {error.line}: {error.message}" for error in list(checked.error_log)]  # type: ignore[call-overload]
