"""What a picture says of itself: its EXIF, as short plain texts for a reviewer to read."""

from collections.abc import Iterator, Mapping
from typing import Any

from PIL import ExifTags, Image

from heed.hashing.kinds import PICTURE, kind_of
from heed.hashing.normalise import leniently, open_picture
from heed.hashing.refusals import NotHashable, Reason

MOST_ROWS = 300
MOST_CHARACTERS = 300  # of one value
_PARTS = {ExifTags.IFD.Exif: ExifTags.TAGS, ExifTags.IFD.GPSInfo: ExifTags.GPSTAGS}
_POINTERS = {int(one) for one in ExifTags.IFD}


def exif(data: bytes) -> list[tuple[str, str]]:
    """Name and value of each field; empty when the picture has none. Raises `NotHashable`.

    A value that is no text is told by its length.
    """
    if kind_of(data)[0] != PICTURE:
        raise NotHashable(Reason.NOT_A_PICTURE)
    try:
        with leniently():
            return [*_rows(open_picture(data).image.getexif())][:MOST_ROWS]
    except (OSError, ValueError, SyntaxError, KeyError, TypeError) as why:
        raise NotHashable(Reason.BROKEN) from why


def _rows(found: Image.Exif) -> Iterator[tuple[str, str]]:
    yield from _named(found, ExifTags.TAGS)
    for part, names in _PARTS.items():
        yield from _named(found.get_ifd(part), names)


def _named(fields: Mapping[int, Any], names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    for tag, value in fields.items():
        if tag not in _POINTERS:
            yield names.get(tag, f"tag {tag}"), _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        plain = value.strip(b"\0 ")
        if not plain.isascii() or not plain.decode("ascii").isprintable():
            return f"{len(value)} bytes"
        value = plain.decode("ascii")
    if isinstance(value, tuple):
        value = ", ".join(str(one) for one in value[:32])
    said = "".join(one if one.isprintable() else "\ufffd" for one in str(value).strip("\0 "))
    return said if len(said) <= MOST_CHARACTERS else f"{said[:MOST_CHARACTERS]}…"
