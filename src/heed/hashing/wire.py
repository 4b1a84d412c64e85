"""How the server and its decoder talk over a pipe: a JSON header and bytes, each with its length.

Nothing that comes from the decoder is executed or trusted: no pickle, lengths are bounded.
"""

import json
import struct
from collections.abc import Callable
from typing import Any

MAX_HEADER_BYTES = 12 << 20  # a video's values, of as many samples as there may be
MAX_BODY_BYTES = 1 << 30
_LENGTHS = struct.Struct(">IQ")

Header = dict[str, Any]


class BrokenTalk(Exception):
    """The other end sent something that is no message. It is not to be talked to any more."""


def packed(header: Header) -> bytes:
    """A header as JSON."""
    return json.dumps(header, separators=(",", ":")).encode()


def message(header: Header, body: bytes = b"") -> tuple[bytes, bytes]:
    """What to write: the framed header, and the body as it is (it may be large: no copy)."""
    text = packed(header)
    return _LENGTHS.pack(len(text), len(body)) + text, body


def received(read_exactly: Callable[[int], bytes]) -> tuple[Header, bytes]:
    """Read one message. Raises `BrokenTalk`, and whatever `read_exactly` raises at an end."""
    header_bytes, body_bytes = _LENGTHS.unpack(read_exactly(_LENGTHS.size))
    if header_bytes > MAX_HEADER_BYTES or body_bytes > MAX_BODY_BYTES:
        raise BrokenTalk(f"a message of {header_bytes} + {body_bytes} bytes")
    try:
        header = json.loads(read_exactly(header_bytes))
    except ValueError as error:
        raise BrokenTalk("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise BrokenTalk("a header that is not an object")
    return header, read_exactly(body_bytes)
