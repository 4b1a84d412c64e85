"""Parts of a video, as they go from the decoder's child to whoever shows them."""

from collections.abc import Mapping
from dataclasses import dataclass

from heed.hashing import wire
from heed.hashing.refusals import NotViewable, Reason

LONGEST_MS = 48 * 3600 * 1000
_WEBM = b"\x1aE\xdf\xa3"  # EBML, RFC 8794 section 11.2.1
# How a part is shown: small and grey, with the blur or without; or in full.
LOOKS: Mapping[str, wire.Header] = {
    "moving-blurred": {"max_px": 320, "grey": True, "blurred": True},
    "moving-clear": {"max_px": 320, "grey": True, "blurred": False},
    "moving-full": {"max_px": 854, "grey": False, "blurred": False},
}


@dataclass(frozen=True, slots=True)
class Clip:
    """One part as WebM. `until_ms` is where the next begins; `last`: there are no more frames.

    `about_ms` is what the file says of its own length. It is shown, and never relied on.
    """

    body: bytes
    until_ms: int
    last: bool
    about_ms: int | None


def believed(told: wire.Header, body: bytes, from_ms: int) -> Clip:
    """The child's word, held to its form: a part always leads on. Raises `NotViewable`."""
    try:
        until_ms, about = int(told["until_ms"]), told["about_ms"]
        about_ms = None if about is None else min(LONGEST_MS, max(0, int(about)))
        last = bool(told["last"])
    except (KeyError, TypeError, ValueError):
        raise NotViewable(Reason.DECODER_CRASHED) from None
    if not from_ms < until_ms <= LONGEST_MS or not body.startswith(_WEBM):
        raise NotViewable(Reason.DECODER_CRASHED)
    return Clip(body=body, until_ms=until_ms, last=last, about_ms=about_ms)
