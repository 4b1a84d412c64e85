"""The first layer: the operator's own copy of NCMEC's schema."""

from lxml import etree

from heed.integrations.ncmec import structure


class NotASchema(Exception):
    """What came back from `GET /xsd` can't be read as a schema. The one before stays in use."""


def compiled(schema: bytes) -> etree.XMLSchema:
    """Raises `NotASchema`."""
    try:
        return etree.XMLSchema(structure.parsed(schema))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as why:
        raise NotASchema(str(why)) from None


def faults(document: bytes, schema: bytes | None) -> list[str]:
    """What the schema says against a document; without one, what our own table of fields says."""
    if not schema:
        return structure.faults(document)
    checked = compiled(schema)
    if checked.validate(structure.parsed(document)):
        return []
    return [f"line {error.line}: {error.message}" for error in list(checked.error_log)]  # type: ignore[call-overload]
