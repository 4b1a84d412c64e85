"""Files made to hurt: each ends as a named state, with its exact hashes."""

import io
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from heed.hashing.refusals import Reason
from heed.hashing.signals import STATES, signals_of
from tests.hashing.patterns import drawn, encoded

JPEG, PNG = encoded(drawn(), "JPEG"), encoded(drawn(), "PNG")
GIF, WEBP = encoded(drawn(), "GIF"), encoded(drawn(), "WEBP")


def _chunk(name: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check


def _png(width: int, height: int, packed: bytes, *extra: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + body


def _words_bomb() -> bytes:
    """A text chunk that unpacks to 100 MB."""
    words = b"Comment\0\0" + zlib.compress(b"\0" * 100_000_000, 9)
    return _png(64, 64, zlib.compress(b"\0" * 64 * 193), _chunk(b"zTXt", words))


def _endless_gif() -> bytes:
    """A GIF of 20,000 frames, each of them the same few bytes."""
    out = io.BytesIO()
    frames = [Image.new("L", (400, 300), level) for level in (0, 200)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=20)
    data = out.getvalue()
    start = data.rindex(b"\x21\xf9")  # the last frame's control block
    return data[:start] + data[start:-1] * 20_000 + b";"


HOSTILE = {
    "30,000 x 30,000 in a header": (_png(30_000, 30_000, b"x"), Reason.BOMB),
    "20,000 x 20,000 of one colour": (_png(20_000, 20_000, zlib.compress(b"\0" * 10**7)), "bomb"),
    "words that unpack to 100 MB": (_words_bomb(), Reason.BOMB),
    "gif that never ends": (_endless_gif(), Reason.TOO_FLAT),
    "jpeg cut in the middle": (JPEG[: len(JPEG) // 2], Reason.TRUNCATED),
    "jpeg without its last bytes": (JPEG[:-2], Reason.TRUNCATED),
    "png cut in the middle": (PNG[: len(PNG) // 2], Reason.TRUNCATED),
    "webp cut in the middle": (WEBP[: len(WEBP) // 2], Reason.TRUNCATED),
    "gif cut in the middle": (GIF[: len(GIF) // 2], Reason.TRUNCATED),
    "png whose data is noise": (
        _png(300, 300, zlib.compress(b"\1" * 9000)[:-20] + b"noise" * 30),
        Reason.BROKEN,
    ),
    "postscript that asks for a program": (b"%!PS-Adobe-3.0 EPSF-3.0\n", Reason.NOT_A_PICTURE),
    "words": (b"hello " * 100, Reason.NOT_A_PICTURE),
    "jpeg xl": (b"\xff\x0a" + b"\x10" * 200, Reason.UNKNOWN_FORMAT),
    "jpeg xl in a box": (b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0" * 90, Reason.UNKNOWN_FORMAT),
    "a camera's own": (b"FUJIFILMCCD-RAW 0201" + b"\0" * 90, Reason.UNKNOWN_FORMAT),
    "an old player's film": (b".RMF" + b"\0" * 90, Reason.BROKEN),
    "nothing": (b"", Reason.NOT_A_PICTURE),
    "a box of video with nothing in it": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", Reason.BROKEN),
    "one pixel": (encoded(Image.new("RGB", (1, 1)), "PNG"), Reason.TOO_SMALL),
    "one colour": (encoded(Image.new("RGB", (300, 300), "red"), "JPEG"), Reason.TOO_FLAT),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_as_a_named_state(name: str) -> None:
    data, reason = HOSTILE[name]
    signals = signals_of(data)
    assert (signals.state, signals.reason) == ("not_hashable", reason)
    assert signals.pdq is None
    assert len(signals.sha256) == 32 and len(signals.md5) == 16


def test_what_can_be_seen_of_a_cut_picture_is_still_asked() -> None:
    whole = signals_of(JPEG)
    assert whole.pdq in signals_of(JPEG[:-2]).query_forms


@pytest.mark.parametrize("other", [b"PK\x03\x04" + b"\0" * 500, PNG, b"<script>alert(1)</script>"])
def test_a_polyglot_is_the_picture_that_people_see(other: bytes) -> None:
    signals = signals_of(JPEG + other)
    assert signals.mime == "image/jpeg"
    assert signals.pdq == signals_of(JPEG).pdq


def test_broken_metadata_does_not_hide_a_picture() -> None:
    exif = b"Exif\0\0" + b"II*\0" + b"\xff" * 40
    signals = signals_of(encoded(drawn(), "JPEG", exif=exif))
    assert signals.state == "hashed"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "TGA"]),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), max_size=6),
    st.floats(0.05, 1),
)
def test_a_file_damaged_anywhere_ends_as_a_state(
    form: str, damage: list[tuple[float, bytes]], keep: float
) -> None:
    data = bytearray(_small(form))
    for place, noise in damage:
        at = int(place * (len(data) - 1))
        data[at : at + len(noise)] = noise
    signals = signals_of(bytes(data[: int(keep * len(data))]))
    assert signals.state in STATES
    assert (signals.state == "hashed") == (signals.reason is None)


def _small(form: str) -> bytes:
    return encoded(drawn().resize((96, 64)), form)
