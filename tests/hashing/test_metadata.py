"""What a picture says of itself is read in the child, as plain short texts, or refused by name."""

import io
from typing import Any

import pytest
from PIL import Image

from heed.hashing.metadata import MOST_CHARACTERS, exif
from heed.hashing.refusals import NotHashable


def taken(form: str, **more: Any) -> bytes:
    said = Image.Exif()
    said[0x010F] = "Maker\0"
    said[0x8769] = {0x9003: "2026:01:01 10:00:00", 0x927C: b"\x00\xff" * 50}
    said[0x8825] = {1: "N", 2: (52.0, 30.0, 1.5)}
    for tag, value in more.items():
        said[int(tag.removeprefix("tag"))] = value
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, form, exif=said)
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_camera_time_and_place_are_read_and_bytes_are_only_counted(form: str) -> None:
    told = dict(exif(taken(form)))
    assert told["Make"] == "Maker" and told["DateTimeOriginal"] == "2026:01:01 10:00:00"
    assert told["GPSLatitude"] == "52.0, 30.0, 1.5"
    assert "\xff" not in "".join(told.values())


def test_what_is_hostile_is_cut_and_made_plain() -> None:
    told = dict(exif(taken("JPEG", tag270="<b>\x1b[31m" + "x" * 5_000)))
    words = told["ImageDescription"]
    assert len(words) == MOST_CHARACTERS + 1 and "\x1b" not in words


def test_a_picture_without_any_says_nothing_and_what_is_none_is_refused() -> None:
    plain = io.BytesIO()
    Image.new("RGB", (64, 64)).save(plain, "JPEG")
    assert exif(plain.getvalue()) == []
    for data in (b"", b"no picture", b"\x00\x00\x00\x18ftypmp42" + bytes(64)):
        with pytest.raises(NotHashable):
            exif(data)
