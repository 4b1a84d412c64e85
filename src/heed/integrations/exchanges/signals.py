"""Signals as exchanges write them."""

from heed.ports import SharedSignal

_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "pdq": 32}


def signal(kind: str, text: str, note: str = "") -> SharedSignal | None:
    """A signal that Heed can compare; None when it is none of that type."""
    try:
        value = bytes.fromhex(text.strip())
    except ValueError:
        return None
    if len(value) != _BYTES[kind]:
        return None
    return SharedSignal(type=kind, value=value, note=note[:255])
